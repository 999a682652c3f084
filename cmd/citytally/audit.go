package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/sample"
	"github.com/citytally/citytally/transform/answer/published"
)

func newAudit(g *globals) *cobra.Command {
	r := auditRequest{target: &target{globals: g}}
	cmd := &cobra.Command{
		Use:   "audit --period PERIOD",
		Short: "Hold the city's totals against the figures that were published",
		Long: `Compare the latest city totals of a period, those of --as-of or of a --release,
with published figures, and the published figures with one another.

A published number is rounded: 4.6 stands for 4.55 up to 4.65, 近200 for what
comes near 200 from below. A total agrees when it lies where the published figure
stands. Then every ratio, every change on the year before, whole numbers of
enterprises and what the catalogue calls at_most are used to find published
figures that cannot be had from the others, and where figures have to lie that
were not published.

The control file is CSV with the columns id and value, and where there are any
qualifier, stage, change, change_kind and unit; other columns are passed over.
Without --control it is what was published of 淮安 for 2021.

The exit code is 4 when a total differs and nothing in the published figures tells
why. Published figures that contradict each other are listed, and do not fail.`,
		Example: `  citytally audit --period 2021
  citytally audit --period 2021 --all --lang zh
  citytally audit --period 2022 --control published-2022.csv --format json
  citytally audit --release 2021-bulletin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	r.target.dsnFlag(cmd)
	r.target.natsFlag(cmd)
	periodFlag(cmd, &r.period)
	asOfFlag(cmd, &r.asOf)
	flags := cmd.Flags()
	flags.StringVar(&r.release, "release", "", "audit this `release` instead of the latest totals")
	flags.StringVar(&r.control, "control", "", "CSV `file` of published figures")
	flags.BoolVar(&r.all, "all", false, "list the figures that agree too")
	flags.StringVar(&r.format, "format", "table", "table or json")
	flags.StringVar(&r.lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// auditRequest is what an audit is asked for.
type auditRequest struct {
	target                                       *target
	period, asOf, release, control, format, lang string
	all                                          bool
}

func (r *auditRequest) run(cmd *cobra.Command) error {
	if err := oneOf("format", r.format, "table", "json"); err != nil {
		return err
	}
	lang, err := language(r.lang)
	if err != nil {
		return err
	}
	if r.release != "" && (r.period != "" || r.asOf != "") {
		return usage(errors.New("--release names the period and the moment itself; leave out --period and --as-of"))
	}
	totals, err := r.totals(cmd.Context())
	if err != nil {
		return err
	}
	name, controls, err := readControl(r.control, totals.Period, totals.catalogue)
	if err != nil {
		return usage(err)
	}
	a, err := newAuditReport(totals, name, controls)
	if err != nil {
		return err
	}
	a.lang = lang
	if err := a.write(cmd.OutOrStdout(), r.format, r.all); err != nil {
		return err
	}
	if a.Unexplained > 0 {
		return &exitError{code: exitDiffers}
	}
	return nil
}

// totals reads the totals to audit: from ClickHouse, or from the log where they
// are not the latest.
func (r *auditRequest) totals(ctx context.Context) (*report, error) {
	var period catalogue.Period
	var err error
	if r.release == "" {
		if period, err = parsePeriod(r.period, "citytally audit --period 2021"); err != nil {
			return nil, err
		}
	}
	if r.release != "" || r.asOf != "" {
		past, err := r.target.past()
		if err != nil {
			return nil, err
		}
		defer past.disconnect()
		totals := &report{catalogue: past.catalogue}
		if r.release != "" {
			return totals, totals.ofRelease(ctx, past, r.release, false)
		}
		asOf, err := parseAsOf(r.asOf, past.location)
		if err != nil {
			return nil, err
		}
		return totals, totals.ofMoment(ctx, past, period, asOf)
	}
	if err := r.target.resolve(); err != nil {
		return nil, err
	}
	totals := &report{Period: period.String()}
	if totals.catalogue, err = r.target.settings.LoadCatalogue(); err != nil {
		return nil, usage(err)
	}
	store, err := r.target.store(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	totals.Totals, err = store.Report(ctx, totals.Period)
	return totals, err
}

// readControl reads the control file, or what was published with the samples.
func readControl(path, period string, c *catalogue.Catalogue) (name string, controls []published.Control, err error) {
	name = filepath.Base(path)
	var text []byte
	switch {
	case path != "":
		if text, err = os.ReadFile(path); err != nil {
			return "", nil, fmt.Errorf("read control file: %w", err)
		}
	case period == sample.PublishedPeriod:
		name, text = "published-"+sample.PublishedPeriod+".csv", sample.Published()
	default:
		return "", nil, fmt.Errorf("no published figures of %s are built in; name a control file with --control", period)
	}
	controls, err = published.ReadControl(name, bytes.NewReader(text), c)
	if err != nil {
		return "", nil, fmt.Errorf("control file:\n%w", err)
	}
	return name, controls, nil
}

// auditReport is what an audit found. Basis is the highest sequence of
// ACCEPTED folded into the totals, and Catalogue the version under which that was.
type auditReport struct {
	Period string `json:"period"`
	// Release and AsOf say what the totals are, where they are not the latest.
	Release     string                 `json:"release,omitempty"`
	AsOf        time.Time              `json:"as_of,omitzero"`
	Control     string                 `json:"control"`
	Basis       uint64                 `json:"basis"`
	Catalogue   string                 `json:"catalogue"`
	Compared    int                    `json:"compared"`
	Explained   int                    `json:"explained"`
	Unexplained int                    `json:"unexplained"`
	Comparisons []published.Comparison `json:"comparisons"`
	Findings    []published.Finding    `json:"findings"`

	catalogue *catalogue.Catalogue
	lang      string
}

func newAuditReport(r *report, control string, controls []published.Control) (*auditReport, error) {
	a := &auditReport{
		Period: r.Period, Release: r.Release, AsOf: r.AsOf, Control: control,
		Findings: published.Examine(r.catalogue, controls), catalogue: r.catalogue,
	}
	totals := make([]published.Total, len(r.Totals))
	for i := range r.Totals {
		row := &r.Totals[i]
		totals[i] = published.Total{Indicator: row.Indicator, Value: row.Value, Change: row.Change, Stage: row.Stage, Qualifier: row.Qualifier}
		if row.Basis >= a.Basis {
			a.Basis, a.Catalogue = row.Basis, row.Catalogue
		}
	}
	var err error
	if a.Comparisons, err = published.Compare(controls, totals, a.Findings); err != nil {
		return nil, err
	}
	a.Compared = len(a.Comparisons)
	for i := range a.Comparisons {
		switch comparison := &a.Comparisons[i]; {
		case comparison.Unexplained():
			a.Unexplained++
		case comparison.Agreement != published.Agrees:
			a.Explained++
		}
	}
	return a, nil
}

func (a *auditReport) write(w io.Writer, format string, all bool) error {
	if format == "json" {
		return printJSON(w, a)
	}
	a.render(w, all)
	return nil
}
