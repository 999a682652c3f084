package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
)

func newLock(g *globals) *cobra.Command {
	return newDecide(g, event.Lock, &cobra.Command{
		Use: "lock --period PERIOD --reason WHY", Short: "Lock a period: from now on a changed figure needs a reason",
		Long: `Lock a period, as one does when its figures are published. A submission that
would change its totals is refused from then on unless it gives a reason
(citytally submit --reason); with one it is held until you release it
(citytally hold release).`,
		Example: `  citytally lock --period 2021 --reason "2021年公报已发布"`,
	})
}

func newUnlock(g *globals) *cobra.Command {
	return newDecide(g, event.Unlock, &cobra.Command{
		Use: "unlock --period PERIOD --reason WHY", Short: "Unlock a period",
		Example: `  citytally unlock --period 2021 --reason "经济普查修订"`,
	})
}

func newReopen(g *globals) *cobra.Command {
	cmd := newDecide(g, event.Reopen, &cobra.Command{
		Use: "reopen --period PERIOD --reason WHY", Short: "Reopen figures, so that they may begin again at an earlier stage",
		Long: `Reopen figures of a period. A figure's stage never goes back by itself: after a
final figure an estimate is refused. Reopened, the figure begins again: the next
one counts whatever its stage. What was there stays on record, and counts until
then.`,
		Example: `  citytally reopen --period 2021 --area 320812 --indicator gdp --reason "年报数据有误，重新核算"`,
	})
	cmd.Flags().String("indicator", "", "only this `indicator`")
	cmd.Flags().String("area", "", "only this area's figures, by `code`")
	return cmd
}

// newDecide completes a command that records a decision of the bureau.
func newDecide(g *globals, kind event.DecisionKind, cmd *cobra.Command) *cobra.Command {
	var a client.Addresses
	var lang *languageFlag
	d := event.Decision{Kind: kind}
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if kind == event.Reopen {
			d.Indicator, _ = cmd.Flags().GetString("indicator")
			d.Area, _ = cmd.Flags().GetString("area")
		}
		c, printer, err := g.asking(cmd, a, lang)
		if err != nil {
			return err
		}
		if err := c.Decide(cmd.Context(), d); err != nil {
			return err
		}
		return printer.Decided(cmd.OutOrStdout(), &d, app.CurrentPerson())
	}
	natsFlag(cmd, &a)
	flags := cmd.Flags()
	flags.StringVar(&d.Period, "period", "", "the `period`")
	flags.StringVar(&d.Reason, "reason", "", "why, for those who ask later")
	lang = langFlag(cmd)
	return cmd
}

func newJournal(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "journal", Short: "List what people did: locks, releases, recomputations, skips, tokens; who, and why",
		Long: `List every act of a person that is on record in the log, the oldest first: locks,
unlocks and reopenings of figures, releases, recomputations, skipped messages, and
tokens that were issued and revoked. Each names who did it as it was proven, the
role, and the way: local is a command by that user of the operating system.

What was submitted, and with whose token, is in the views submissions and observations.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			acts, err := c.Journal(cmd.Context())
			if err != nil {
				return err
			}
			return printer.Journal(cmd.OutOrStdout(), acts, format.value)
		},
	}
	natsFlag(cmd, &a)
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
