package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
)

func newRelease(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Freeze city totals under a name for publication, and compare them with today",
		Long: `A release is a period's city totals as they are at one moment, kept in the log for
ever under a name. A later revision never alters it, and a name is given once.
"release diff" tells what is different today, and which submissions made it so.`,
		Example: `  citytally release create 2021-bulletin --period 2021 --note "statistical bulletin"
  citytally release list
  citytally release diff 2021-bulletin
  citytally report --release 2021-bulletin --format html > bulletin.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReleaseCreate(g), newReleaseList(g), newReleaseShow(g), newReleaseDiff(g))
	return cmd
}

func newReleaseCreate(g *globals) *cobra.Command {
	t := &target{globals: g}
	var period, asOf, lang string
	var n answer.ReleaseRequest
	cmd := &cobra.Command{
		Use:   "create NAME --period PERIOD",
		Short: "Freeze a period's city totals under a name",
		Long: `Freeze the period's city totals, with the figures that went into each, under a
name of letters, digits, - and _. The same totals once more under the same name
change nothing; other totals are refused.

Totals that their coverage policy withholds, for instance because an area is
missing, stop the release, unless --force lets them out marked as they are.`,
		Example: `  citytally release create 2021-bulletin --period 2021
  citytally release create 2021-flash --period 2021 --as-of 2022-01-20 --note "press conference"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lang, err := language(lang)
			if err != nil {
				return err
			}
			n.Name = args[0]
			if err := event.CheckReleaseName(n.Name); err != nil {
				return usage(err)
			}
			if n.Period, err = parsePeriod(period, "citytally release create "+n.Name+" --period 2021"); err != nil {
				return err
			}
			past, err := t.past()
			if err != nil {
				return err
			}
			defer past.disconnect()
			moment := ledger.Moment{}
			if moment.Received, err = parseAsOf(asOf, past.location); err != nil {
				return err
			}
			// Looked at first: what is judged meanwhile is in the history.
			waiting, err := past.log.Position(cmd.Context(), stream.Submissions, judge.Consumer)
			if err != nil {
				return err
			}
			unjudged := waiting.Pending + waiting.Delivered
			history, err := past.replay(cmd.Context(), moment, nil)
			if err != nil {
				return err
			}
			release, repeated, err := answer.CreateRelease(cmd.Context(), past.log, past.catalogue, history, n, time.Now())
			if err != nil {
				return past.releaseRefused(err, lang)
			}
			words := releaseLanguages[lang]
			if unjudged > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), words.unjudged+"\n", unjudged)
			}
			if repeated {
				fmt.Fprintf(cmd.OutOrStdout(), words.repeated+"\n", release.Name, past.time(release.Created()))
				return nil
			}
			fmt.Fprintf(cmd.OutOrStdout(), words.created+"\n", release.Name, len(release.Totals), release.Period, release.Basis)
			return nil
		},
	}
	t.natsFlag(cmd)
	periodFlag(cmd, &period)
	asOfFlag(cmd, &asOf)
	flags := cmd.Flags()
	flags.StringVar(&n.Note, "note", "", "what the release is for")
	flags.BoolVar(&n.Force, "force", false, "release totals that are not publishable too")
	flags.StringVar(&lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// releaseRefused says in the reader's language which totals stand in the way.
func (p *past) releaseRefused(err error, lang string) error {
	words := releaseLanguages[lang]
	var withheld *answer.UnpublishableError
	switch {
	case errors.As(err, &withheld):
		lines := []string{fmt.Sprintf(words.withheld, len(withheld.Totals))}
		for i := range withheld.Totals {
			total := &withheld.Totals[i]
			names := make([]string, len(total.Missing))
			for j, code := range total.Missing {
				names[j] = code
				if a, ok := p.catalogue.Area(code); ok {
					names[j] = pick(lang, a.NameZH, a.NameEN)
				}
			}
			lines = append(lines, fmt.Sprintf(words.withheldTotal, total.Indicator, total.Have(), total.Expected, strings.Join(names, pick(lang, "、", ", "))))
		}
		return &exitError{code: exitRefused, err: errors.New(strings.Join(lines, "\n"))}
	case errors.Is(err, answer.ErrReleased):
		return &exitError{code: exitRefused, err: err}
	}
	return err
}

func (p *past) time(t time.Time) string { return t.In(p.location).Format("2006-01-02 15:04:05 -07:00") }

func newReleaseList(g *globals) *cobra.Command {
	t := &target{globals: g}
	var format, lang string
	cmd := &cobra.Command{
		Use: "list", Short: "List the releases", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("format", format, "table", "json"); err != nil {
				return err
			}
			lang, err := language(lang)
			if err != nil {
				return err
			}
			past, err := t.past()
			if err != nil {
				return err
			}
			defer past.disconnect()
			releases, err := past.log.Releases(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				list := make([]releaseHead, len(releases))
				for i, r := range releases {
					list[i] = head(r)
				}
				return printJSON(cmd.OutOrStdout(), list)
			}
			words := releaseLanguages[lang]
			list := newTable(cmd.OutOrStdout(), table.Row{words.name, words.period, words.totals, words.at, words.note})
			for _, r := range releases {
				list.AppendRow(table.Row{r.Name, r.Period, len(r.Totals), past.time(r.Created()), r.Note})
			}
			list.Render()
			return nil
		},
	}
	t.natsFlag(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().StringVar(&lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// releaseHead is a release without its totals, as JSON tells it.
type releaseHead struct {
	Name      string    `json:"name"`
	Period    string    `json:"period"`
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	AsOf      time.Time `json:"as_of,omitzero"`
	Basis     uint64    `json:"basis"`
	Catalogue string    `json:"catalogue"`
	Totals    int       `json:"totals"`
}

func head(r *event.Release) releaseHead {
	return releaseHead{
		Name: r.Name, Period: r.Period, Note: r.Note, CreatedAt: r.Created(), AsOf: r.AsOf(), Basis: r.Basis,
		Catalogue: r.Catalogue, Totals: len(r.Totals),
	}
}

func newReleaseShow(g *globals) *cobra.Command {
	var r reportRequest
	r.target = &target{globals: g}
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Print a release, as report --release does", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.release = args[0]
			return r.run(cmd)
		},
	}
	r.target.natsFlag(cmd)
	r.outputFlags(cmd)
	return cmd
}

// absentRelease makes an unknown name a usage error that says what to do.
func absentRelease(err error) error {
	if errors.Is(err, stream.ErrNoRelease) {
		return usage(fmt.Errorf("%w; citytally release list names those there are", err))
	}
	return err
}
