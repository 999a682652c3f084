package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

func newReport(g *globals) *cobra.Command {
	r := reportRequest{target: &target{globals: g}}
	cmd := &cobra.Command{
		Use:   "report --period PERIOD",
		Short: "Print the city's totals for a period, with changes on the year before",
		Long: `Print the latest city totals of a period, by programme, with the change on the
year before, how many of the expected areas have reported, and the stage. Tables
round as the catalogue says; JSON and CSV carry the exact figures. Markdown and
HTML tell each total in a sentence too; the HTML page has charts and is one file
that loads nothing from elsewhere.

The latest totals come from ClickHouse. What was known at a time in the past
(--as-of), a release (--release) and the HTML page, with its past years and
areas, come from the log.`,
		Example: `  citytally report --period 2021
  citytally report --period 2021 --lang zh --format md > 2021.md
  citytally report --period 2021 --lang zh --format html > 2021.html
  citytally report --period 2021 --as-of 2022-02-15
  citytally report --release 2021-bulletin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	r.target.dsnFlag(cmd)
	r.target.natsFlag(cmd)
	periodFlag(cmd, &r.period)
	asOfFlag(cmd, &r.asOf)
	cmd.Flags().StringVar(&r.release, "release", "", "print this `release` instead of the latest totals")
	r.outputFlags(cmd)
	return cmd
}

// reportRequest is what a report is asked for.
type reportRequest struct {
	target                              *target
	period, asOf, release, format, lang string
}

func (r *reportRequest) outputFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.format, "format", "table", "table, json, csv, md or html")
	cmd.Flags().StringVar(&r.lang, "lang", "", "zh or en; default by the locale")
}

func (r *reportRequest) run(cmd *cobra.Command) error {
	if err := oneOf("format", r.format, "table", "json", "csv", "md", "html"); err != nil {
		return err
	}
	lang, err := language(r.lang)
	if err != nil {
		return err
	}
	if r.release != "" && (r.period != "" || r.asOf != "") {
		return usage(errors.New("--release names the period and the moment itself; leave out --period and --as-of"))
	}
	if r.release != "" {
		return r.fromLog(cmd, catalogue.Period{}, lang)
	}
	period, err := parsePeriod(r.period, "citytally report --period 2021")
	if err != nil {
		return err
	}
	if r.asOf != "" || r.format == "html" {
		return r.fromLog(cmd, period, lang)
	}
	return r.fromStore(cmd, period, lang)
}

// fromStore prints the latest totals of ClickHouse.
func (r *reportRequest) fromStore(cmd *cobra.Command, period catalogue.Period, lang string) error {
	t := r.target
	if err := t.resolve(); err != nil {
		return err
	}
	c, err := t.settings.LoadCatalogue()
	if err != nil {
		return usage(err)
	}
	store, err := t.store(cmd.Context(), zerolog.Nop())
	if err != nil {
		return err
	}
	defer store.Close()
	rows, err := store.Report(cmd.Context(), period.String())
	if err != nil {
		return err
	}
	answer := &report{Period: period.String(), Totals: rows, catalogue: c, lang: lang}
	return answer.write(cmd.OutOrStdout(), r.format)
}

// fromLog prints a release, or what follows from the log as it was at a moment.
func (r *reportRequest) fromLog(cmd *cobra.Command, period catalogue.Period, lang string) error {
	past, err := r.target.past()
	if err != nil {
		return err
	}
	defer past.disconnect()
	answer := &report{catalogue: past.catalogue, lang: lang, location: past.location}
	if r.release != "" {
		err = answer.ofRelease(cmd.Context(), past, r.release, r.format == "html")
	} else {
		var asOf time.Time
		if asOf, err = parseAsOf(r.asOf, past.location); err != nil {
			return err
		}
		err = answer.ofMoment(cmd.Context(), past, period, asOf)
	}
	if err != nil {
		return err
	}
	return answer.write(cmd.OutOrStdout(), r.format)
}

// report is the city's totals of one period. As JSON, figures are exact
// decimals as strings.
type report struct {
	Period string `json:"period"`
	// Release and AsOf say what the totals are, where they are not the latest.
	Release string           `json:"release,omitempty"`
	AsOf    time.Time        `json:"as_of,omitzero"`
	Totals  []sink.ReportRow `json:"totals"`

	catalogue *catalogue.Catalogue
	lang      string

	// A page needs more than the rows: the history, and the totals' inputs.
	location *time.Location
	note     string
	history  *ledger.History
	inputs   totalsByIndicator
}

func (r *report) write(w io.Writer, format string) error {
	switch format {
	case "json":
		return printJSON(w, r)
	case "html":
		return r.page(w)
	}
	r.render(w, format)
	return nil
}

// ofMoment answers from what had been received by an instant; zero is now.
func (r *report) ofMoment(ctx context.Context, p *past, period catalogue.Period, asOf time.Time) error {
	var err error
	if r.history, err = p.replay(ctx, ledger.Moment{Received: asOf}, nil); err != nil {
		return err
	}
	r.Period, r.AsOf = period.String(), asOf
	totals := tally.OfPeriod(p.catalogue, r.history.Ledger, period)
	r.Totals = reportRows(p.catalogue, totals, origin{basis: r.history.Ledger.Basis(), catalogue: p.catalogue.Version(), at: time.Now().UTC()})
	r.inputs = byIndicator(totals)
	return nil
}

// ofRelease answers with frozen totals; only a page needs the past behind them.
func (r *report) ofRelease(ctx context.Context, p *past, name string, page bool) error {
	release, err := p.log.Release(ctx, name)
	if err != nil {
		return absentRelease(err)
	}
	if page {
		if r.history, err = p.replay(ctx, answer.MomentOf(release), nil); err != nil {
			return err
		}
	}
	if _, err := catalogue.ParsePeriod(release.Period); err != nil {
		return fmt.Errorf("release %s: %w", name, err)
	}
	r.Period, r.Release, r.AsOf, r.note = release.Period, release.Name, release.AsOf(), release.Note
	r.Totals = reportRows(p.catalogue, release.Totals, origin{basis: release.Basis, catalogue: release.Catalogue, at: release.Created()})
	r.inputs = byIndicator(release.Totals)
	return nil
}
