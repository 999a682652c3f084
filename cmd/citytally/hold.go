package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/ledger"
)

func newHold(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "hold", Short: "List held figures, explain them, release or refuse them", Args: cobra.NoArgs,
		Long: `A figure is held where a rule finds it odd, or where it would change a total that is
locked: it is on record and takes part in no total. The district explains it, which
releases what the rule leaves to the district; all else the bureau releases or
refuses. A newer figure of the same cell takes its place. Totals, citytally report
and citytally explain say what is held, and what the total would be with it.

A held figure is named by the place of its submission and its row: 812.4; a second
one of that row, in a table with several figures in a row, is 812.4-2. The id of a
submission stands for all that are held of it.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newHoldList(g), newHoldShow(g),
		newHoldAct(g, event.ExplainHeld, "text", &cobra.Command{
			Use: "explain ID... --text WHY", Short: "Explain held figures, on the area's behalf",
			Example: `  citytally hold explain 812.4 --text "新并入三家企业，统计口径未变"`,
		}),
		newHoldAct(g, event.ReleaseHeld, "reason", &cobra.Command{
			Use: "release ID... --reason WHY", Short: "Release held figures: they count from now on",
			Example: `  citytally hold release 812.4 812.7 --reason "已电话核实"`,
		}),
		newHoldAct(g, event.RefuseHeld, "reason", &cobra.Command{
			Use: "refuse ID... --reason WHY", Short: "Refuse held figures: they never count",
			Example: `  citytally hold refuse 812.4 --reason "单位应为万元，请重报"`,
		}))
	return cmd
}

func newHoldList(g *globals) *cobra.Command {
	var a client.Addresses
	var wanted inquiry.WantedHolds
	states := []string{"all"}
	for _, s := range ledger.HoldStates() {
		states = append(states, string(s))
	}
	state := &choice{value: string(ledger.HoldPending), words: states}
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "list", Short: "List held figures, the latest first", Args: cobra.NoArgs,
		Example: "  citytally hold list --area 320812 --lang zh",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if state.value != "all" {
				wanted.State = state.value
			}
			return g.printHolds(cmd, a, wanted, false, format, lang)
		},
	}
	natsFlag(cmd, &a)
	cmd.Flags().StringVar(&wanted.Area, "area", "", "only this area's figures, by `code`")
	cmd.Flags().Var(state, "state", "what has become of them: "+state.list())
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newHoldShow(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "show ID...", Short: "Tell why figures are held, and what was said and decided about them", Args: cobra.MinimumNArgs(1),
		Example: "  citytally hold show 812.4",
		RunE: func(cmd *cobra.Command, ids []string) error {
			wanted := inquiry.WantedHolds{IDs: ids}
			if _, err := event.ParseSubmissionID(ids[0]); err == nil && len(ids) == 1 {
				wanted = inquiry.WantedHolds{Submission: ids[0]}
			} else {
				for _, id := range ids {
					if _, err := event.ParseHoldID(id); err != nil {
						return app.Usage(err)
					}
				}
			}
			return g.printHolds(cmd, a, wanted, true, format, lang)
		},
	}
	natsFlag(cmd, &a)
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

// printHolds asks for held figures and prints them, as a list or each with all about it.
func (g *globals) printHolds(cmd *cobra.Command, a client.Addresses, wanted inquiry.WantedHolds, whole bool, format *choice, lang *languageFlag) error {
	c, printer, err := g.asking(cmd, a, lang)
	if err != nil {
		return err
	}
	holds, err := c.Holds(cmd.Context(), wanted)
	if err != nil {
		return err
	}
	if whole && len(holds.Holds) == 0 {
		return app.Usage(fmt.Errorf("nothing is or was held as %v; \"citytally hold list --state all\" lists what was", cmd.Flags().Args()))
	}
	if whole && format.value != present.FormatJSON {
		printer.WholeHolds(cmd.OutOrStdout(), holds.Holds)
		return nil
	}
	return printer.Holds(cmd.OutOrStdout(), &holds, format.value)
}

// newHoldAct completes a command that puts something on record about held figures; flag is
// that for the words.
func newHoldAct(g *globals, kind event.DecisionKind, flag string, cmd *cobra.Command) *cobra.Command {
	var a client.Addresses
	var text string
	var format *choice
	var lang *languageFlag
	cmd.Args = cobra.MinimumNArgs(1)
	cmd.RunE = func(cmd *cobra.Command, ids []string) error {
		c, printer, err := g.asking(cmd, a, lang)
		if err != nil {
			return err
		}
		decided, err := c.DecideHeld(cmd.Context(), kind, ids, text, lang.language())
		if err != nil {
			return err
		}
		return printer.Holds(cmd.OutOrStdout(), &decided, format.value)
	}
	natsFlag(cmd, &a)
	cmd.Flags().StringVar(&text, flag, "", "why, for those who ask later")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
