package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
)

func newReleaseDiff(g *globals) *cobra.Command {
	t := &target{globals: g}
	var format, lang string
	cmd := &cobra.Command{
		Use:   "diff NAME",
		Short: "List the totals that are different today, and which submissions made them so",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
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
			release, err := past.log.Release(cmd.Context(), args[0])
			if err != nil {
				return absentRelease(err)
			}
			then, err := past.replay(cmd.Context(), answer.MomentOf(release), nil)
			if err != nil {
				return err
			}
			today, err := past.replay(cmd.Context(), ledger.Moment{}, answer.KeepSince(then))
			if err != nil {
				return err
			}
			differences, err := answer.CompareRelease(past.catalogue, release, then, today)
			if err != nil {
				return err
			}
			d := releaseDiff{releaseHead: head(release), CatalogueToday: past.catalogue.Version(), Differences: []difference{}}
			for i := range differences {
				d.Differences = append(d.Differences, newDifference(&differences[i]))
			}
			if format == "json" {
				return printJSON(cmd.OutOrStdout(), d)
			}
			d.print(cmd.OutOrStdout(), past, lang)
			return nil
		},
	}
	t.natsFlag(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// releaseDiff is what differs between a release and today, as JSON tells it.
type releaseDiff struct {
	releaseHead
	CatalogueToday string       `json:"catalogue_today"`
	Differences    []difference `json:"differences"`
}

type difference struct {
	Indicator string       `json:"indicator"`
	Released  *frozenTotal `json:"released"`
	Today     *frozenTotal `json:"today"`
	Causes    []cause      `json:"causes"`
}

// frozenTotal is a total without its inputs.
type frozenTotal struct {
	Value        string   `json:"value"`
	Unit         string   `json:"unit"`
	Stage        string   `json:"stage"`
	Status       string   `json:"status"`
	Qualifier    string   `json:"qualifier"`
	Change       string   `json:"change"`
	ChangeKind   string   `json:"change_kind"`
	ChangeReason string   `json:"change_reason"`
	Missing      []string `json:"missing"`
	Publishable  bool     `json:"publishable"`
}

// cause is a figure that changed and the submission that changed it.
type cause struct {
	Area       string    `json:"area"`
	Indicator  string    `json:"indicator"`
	Period     string    `json:"period"`
	Before     string    `json:"before"`
	After      string    `json:"after"`
	Stage      string    `json:"stage"`
	Submission string    `json:"submission"`
	Sequence   uint64    `json:"sequence"`
	ReceivedAt time.Time `json:"received_at"`
	Via        string    `json:"via"`
	By         string    `json:"by"`
	File       string    `json:"file"`
	Row        int       `json:"row"`
	Reason     string    `json:"reason,omitempty"`
}

func newDifference(d *answer.Difference) difference {
	of := difference{Indicator: d.Indicator, Released: frozen(d.Released), Today: frozen(d.Today), Causes: []cause{}}
	for i := range d.Causes {
		c := &d.Causes[i]
		told := cause{
			Area: c.After.Area, Indicator: c.Cell.Indicator, Period: c.Cell.Period.String(), Stage: c.After.Stage.String(),
			Submission: c.After.Submission.String(), Sequence: c.After.Sequence, ReceivedAt: c.After.ReceivedAt,
			Via: c.After.Via, By: c.After.By, File: c.After.File, Row: c.After.Row, Reason: c.After.Reason,
		}
		told.Before, told.After = partText(c.Before), partText(c.After.Part)
		of.Causes = append(of.Causes, told)
	}
	return of
}

// partText is a part's figure; "" when it has none.
func partText(p ledger.Part) string {
	if p.Area == "" || p.Status == catalogue.Missing {
		return ""
	}
	return p.Value.String()
}

func frozen(t *event.Total) *frozenTotal {
	if t == nil {
		return nil
	}
	return &frozenTotal{
		Value: t.Value, Unit: t.Unit, Stage: t.Stage, Status: t.Status, Qualifier: t.Qualifier, Change: t.Change,
		ChangeKind: t.ChangeKind, ChangeReason: t.ChangeReason, Missing: t.Missing, Publishable: t.Publishable,
	}
}

func (d *releaseDiff) print(w io.Writer, p *past, lang string) {
	words := releaseLanguages[lang]
	x := &explanation{catalogue: p.catalogue, location: p.location, lang: lang, words: explainLanguages[lang]}
	if len(d.Differences) == 0 {
		fmt.Fprintf(w, words.same+"\n", d.Name, p.time(d.CreatedAt))
		return
	}
	fmt.Fprintf(w, words.different+"\n", d.Name, p.time(d.CreatedAt), len(d.Differences), d.Totals)
	if d.CatalogueToday != d.Catalogue {
		fmt.Fprintf(w, words.otherCatalogue+"\n", d.Catalogue, d.CatalogueToday)
	}
	for i := range d.Differences {
		of := &d.Differences[i]
		fmt.Fprintf(w, "\n%s  %s → %s\n", x.indicatorName(of.Indicator), of.Released.text(x), of.Today.text(x))
		for j := range of.Causes {
			c := &of.Causes[j]
			f := answer.ExplainedFigure{Dataset: c.Indicator + " " + c.Period, Sequence: c.Sequence, Submission: c.Submission, Via: c.Via, By: c.By, File: c.File, Row: c.Row, ReceivedAt: c.ReceivedAt}
			fmt.Fprintf(w, "  %s %s  %s → %s · %s\n", c.Area, x.areaName(c.Area), orNone(c.Before, x), orNone(c.After, x), x.provenance(&f))
			if c.Reason != "" {
				fmt.Fprintf(w, "    "+x.words.reason+"\n", c.Reason)
			}
		}
		if len(of.Causes) == 0 {
			fmt.Fprintf(w, "  %s\n", words.byCatalogue)
		}
	}
}

func orNone(figure string, x *explanation) string {
	if figure == "" {
		return x.words.none
	}
	return figure
}

// text is a total on one line: what a difference may be in.
func (t *frozenTotal) text(x *explanation) string {
	if t == nil || t.Value == "" {
		return x.words.none
	}
	text := x.figure(t.Value, t.Unit, t.Qualifier) + ", " + x.stage(t.Stage, t.Status)
	report := reportLanguages[x.lang]
	switch {
	case t.Change == "":
		text += ", " + report.reasons[t.ChangeReason]
	case t.ChangeKind == string(catalogue.Point):
		text += ", " + fmt.Sprintf(report.points, t.Change)
	default:
		text += ", " + fmt.Sprintf(report.percent, t.Change)
	}
	if len(t.Missing) > 0 {
		text += ", " + fmt.Sprintf(x.words.missing, x.areaNames(t.Missing))
	}
	return text
}
