package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/answer/assess"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

func newAssess(g *globals) *cobra.Command {
	r := assessRequest{target: &target{globals: g}}
	cmd := &cobra.Command{
		Use:   "assess CARD --period PERIOD",
		Short: "Score and rank the areas by a scorecard",
		Long: `Score the areas for a period by a scorecard: a YAML file of indicators with their
weights, targets, directions and caps; configs/sample/card.yaml explains every key.

At the target an indicator gives its weight, pro rata below, and a bonus above up
to the cap. Ratios are of the area's own figures. Areas whose sums read the same
share a rank; an area of which a figure is missing is listed with what is missing,
and has no rank.

The figures are the best there are in the log now, at --as-of, or when --release
was made, which then names the period; the result says which.`,
		Example: `  citytally assess configs/sample/card.yaml --period 2021
  citytally assess card.yaml --period 2021 --as-of 2022-02-15 --lang zh
  citytally assess card.yaml --release 2021-bulletin --format csv > scores.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd, args[0]) },
	}
	r.target.natsFlag(cmd)
	periodFlag(cmd, &r.period)
	asOfFlag(cmd, &r.asOf)
	flags := cmd.Flags()
	flags.StringVar(&r.release, "release", "", "assess by what this `release` was made of")
	flags.StringVar(&r.format, "format", "table", "table, json or csv")
	flags.StringVar(&r.lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// assessRequest is what an assessment is asked for.
type assessRequest struct {
	target                              *target
	period, asOf, release, format, lang string
}

func (r *assessRequest) run(cmd *cobra.Command, path string) error {
	if err := oneOf("format", r.format, "table", "json", "csv"); err != nil {
		return err
	}
	lang, err := language(r.lang)
	if err != nil {
		return err
	}
	if r.release != "" && (r.period != "" || r.asOf != "") {
		return usage(errors.New("--release names the period and the moment itself; leave out --period and --as-of"))
	}
	a := &assessment{lang: lang, Release: r.release}
	if r.release == "" {
		if a.period, err = parsePeriod(r.period, "citytally assess "+path+" --period 2021"); err != nil {
			return err
		}
	}
	past, err := r.target.past()
	if err != nil {
		return err
	}
	defer past.disconnect()
	a.catalogue, a.location = past.catalogue, past.location
	if a.Card, err = assess.Load(path, past.catalogue); err != nil {
		return usage(err)
	}
	moment := ledger.Moment{}
	if r.release != "" {
		release, err := past.log.Release(cmd.Context(), r.release)
		if err != nil {
			return absentRelease(err)
		}
		if a.period, err = catalogue.ParsePeriod(release.Period); err != nil {
			return fmt.Errorf("release %s: %w", release.Name, err)
		}
		moment = answer.MomentOf(release)
	} else if moment.Received, err = parseAsOf(r.asOf, past.location); err != nil {
		return err
	}
	history, err := past.replay(cmd.Context(), moment, nil)
	if err != nil {
		return err
	}
	a.of(history)
	return a.write(cmd.OutOrStdout(), r.format)
}

// assessment is a card's result with the vintage that it was computed from.
type assessment struct {
	Card   *assess.Card `json:"card"`
	Period string       `json:"period"`
	// Release and AsOf say of which moment the figures are, where they are not the
	// latest; Basis is the highest sequence of ACCEPTED that they hold.
	Release   string    `json:"release,omitempty"`
	AsOf      time.Time `json:"as_of,omitzero"`
	Basis     uint64    `json:"basis"`
	Catalogue string    `json:"catalogue"`
	*assess.Result

	period    catalogue.Period
	catalogue *catalogue.Catalogue
	location  *time.Location
	lang      string
}

// of assesses by what was known at the history's moment.
func (a *assessment) of(h *ledger.History) {
	a.Period, a.AsOf, a.Basis, a.Catalogue = a.period.String(), h.Moment.Received, h.Ledger.Basis(), a.catalogue.Version()
	a.Result = a.Card.Assess(a.catalogue, a.period, func(area, indicator string) (assess.Figure, bool) {
		own, ok := tally.OfArea(a.catalogue, h.Ledger, ledger.Cell{Indicator: indicator, Period: a.period}, area)
		return assess.Figure(own), ok
	})
}

func (a *assessment) write(w io.Writer, format string) error {
	switch format {
	case "json":
		return printJSON(w, a)
	case "csv":
		a.renderCSV(w)
	default:
		a.render(w)
	}
	return nil
}
