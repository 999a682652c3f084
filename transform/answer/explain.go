package answer

import (
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// Why a figure that was reported is not a part of a total.
const (
	// InsideZone: it is contained in the figure of the zone's host.
	InsideZone = "INSIDE_ZONE"
	// CityFigure: the city's own figure is no part of a sum of areas.
	CityFigure = "CITY_FIGURE"
	// DistrictFigure: the total is the city's own figure and no sum of areas.
	DistrictFigure = "DISTRICT_FIGURE"
	// AreaNotValid: the area does not exist at the end of the period.
	AreaNotValid = "AREA_NOT_VALID"
	// AreaUnknown: the catalogue in use no longer has the area.
	AreaUnknown = "AREA_UNKNOWN"
	// SaidMissing: the area said that it has no value.
	SaidMissing = "SAID_MISSING"
	// NoCounterpart: a ratio divides over areas that have both of its sums, and
	// this one has the other one missing.
	NoCounterpart = "NO_COUNTERPART"
)

// Explanation is a total with everything it follows from. Figures are exact
// decimals as text, in the unit beside them; "" is no figure.
type Explanation struct {
	Indicator string `json:"indicator"`
	// Area, when set, is the only one whose parts are told.
	Area string `json:"area,omitempty"`
	// Rule is how the total follows from its parts, Factor what the quotient of a
	// ratio is multiplied by.
	Rule   catalogue.TotalRule `json:"rule"`
	Factor int64               `json:"factor,omitempty"`
	// Policy says what a total with missing areas is worth.
	Policy catalogue.CoveragePolicy `json:"coverage_policy"`
	// Received is the instant up to which receipts counted; zero is all.
	Received time.Time `json:"as_of,omitzero"`
	// Basis is the highest sequence of ACCEPTED folded in, Catalogue the version
	// of the catalogue that was used.
	Basis       uint64 `json:"basis"`
	Catalogue   string `json:"catalogue"`
	Publishable bool   `json:"publishable"`
	Level
	Change         string              `json:"change"`
	ChangeKind     string              `json:"change_kind"`
	ChangeAbsolute string              `json:"change_absolute"`
	ChangeReason   string              `json:"change_reason"`
	Base           *Level              `json:"base,omitempty"`
	Recast         map[string][]string `json:"recast,omitempty"`
}

// Level is the total of one period.
type Level struct {
	Period string `json:"period"`
	// Reported is false when nobody has reported anything.
	Reported  bool   `json:"reported"`
	Value     string `json:"value"`
	Unit      string `json:"unit"`
	Stage     string `json:"stage"`
	Status    string `json:"status"`
	Qualifier string `json:"qualifier"`
	// Have of the Expected areas are in the total; Missing are the others.
	Have     int      `json:"have"`
	Expected int      `json:"expected"`
	Missing  []string `json:"missing"`
	// Flags say what is special about the total: that it was derived from other
	// periods, and that a flow came out below zero.
	Flags []string `json:"flags,omitempty"`
	// Sums are the total's one sum, or a ratio's numerator and denominator.
	Sums []Sum `json:"sums"`
}

// Role is what a sum is to its total.
type Role string

// The roles.
const (
	WholeRole       Role = "total"
	NumeratorRole   Role = "numerator"
	DenominatorRole Role = "denominator"
)

// Sum is figures of one indicator that were added up, and those that were not.
type Sum struct {
	Role      Role   `json:"role"`
	Indicator string `json:"indicator"`
	Unit      string `json:"unit"`
	// Value is the sum over all areas, also where only one area is told.
	Value    string          `json:"value"`
	Parts    []ExplainedPart `json:"parts"`
	Excluded []ExplainedPart `json:"excluded"`
}

// ExplainedPart is an area's best figure, and those that it took the place of.
type ExplainedPart struct {
	ExplainedFigure
	// Subtracted is true for a term of a derived figure that is taken away.
	Subtracted bool `json:"subtracted,omitempty"`
	// Because is the code of why the figure is not a part; "" where it is.
	Because string `json:"because,omitempty"`
	// Host is the area whose figure contains it already.
	Host       string            `json:"host,omitempty"`
	Superseded []ExplainedFigure `json:"superseded,omitempty"`
}

// ExplainedFigure is a figure and where it came from.
type ExplainedFigure struct {
	Area string `json:"area"`
	// Period is what it was reported for: a part of a derived figure has another
	// than the total.
	Period    string `json:"period"`
	Value     string `json:"value"`
	Stage     string `json:"stage"`
	Status    string `json:"status"`
	Qualifier string `json:"qualifier"`
	// Submission is its id; Sequence its place in SUBMISSIONS and Stored in
	// ACCEPTED.
	Submission       string    `json:"submission"`
	Sequence         uint64    `json:"sequence"`
	AcceptedSequence uint64    `json:"accepted_sequence"`
	ReceivedAt       time.Time `json:"received_at"`
	Dataset          string    `json:"dataset"`
	Via              string    `json:"via"`
	By               string    `json:"by"`
	File             string    `json:"file"`
	Row              int       `json:"row"`
	Raw              string    `json:"raw,omitempty"`
	Note             string    `json:"note,omitempty"`
	Reason           string    `json:"reason,omitempty"`
}

// KeepFor keeps what [Explain] needs to tell the indicator's total.
func KeepFor(c *catalogue.Catalogue, indicator string) ledger.Keep {
	wanted := map[string]bool{indicator: true}
	if ind, ok := c.Indicator(indicator); ok && ind.Total == catalogue.RatioRule {
		wanted[ind.Numerator], wanted[ind.Denominator] = true, true
	}
	return func(_ *event.AcceptedSubmission, cell ledger.Cell) bool { return wanted[cell.Indicator] }
}

// Explain tells what the cell's total follows from: that which Tally folds, with
// its change and base. The history has to have kept what KeepFor wants. An area
// bounds the parts that are told to its own. It reports false for an indicator
// that the catalogue does not have.
func Explain(c *catalogue.Catalogue, h *ledger.History, cell ledger.Cell, area string) (*Explanation, bool) {
	indicator, ok := c.Indicator(cell.Indicator)
	if !ok {
		return nil, false
	}
	x := explainer{catalogue: c, history: h, indicator: indicator, area: area}
	total, _ := tally.Tally(c, h.Ledger, cell)
	e := &Explanation{
		Indicator: cell.Indicator, Area: area, Rule: indicator.Total, Policy: indicator.Coverage,
		Received: h.Moment.Received, Basis: h.Ledger.Basis(), Catalogue: c.Version(), Publishable: total.Publishable,
		Level:  x.level(cell),
		Change: total.Change, ChangeKind: total.ChangeKind, ChangeAbsolute: total.ChangeAbsolute, ChangeReason: total.ChangeReason,
	}
	if indicator.Total == catalogue.RatioRule {
		e.Factor = indicator.Factor
	}
	if base := x.level(ledger.Cell{Indicator: cell.Indicator, Period: cell.Period.YearBefore()}); base.Reported {
		e.Base = &base
	}
	e.Recast = x.recast(cell.Period)
	return e, true
}

type explainer struct {
	catalogue *catalogue.Catalogue
	history   *ledger.History
	indicator *catalogue.Indicator
	area      string
}

func (x *explainer) level(cell ledger.Cell) Level {
	total, reported := tally.Tally(x.catalogue, x.history.Ledger, cell)
	l := Level{
		Period: cell.Period.String(), Reported: reported, Value: total.Value, Unit: x.indicator.UnitName,
		Stage: total.Stage, Status: total.Status, Qualifier: total.Qualifier,
		Have: total.Have(), Expected: total.Expected, Missing: total.Missing, Flags: total.Flags,
	}
	if !reported {
		l.Missing = tally.Expected(x.catalogue, x.indicator, cell.Period)
		l.Expected = len(l.Missing)
	}
	if x.indicator.Total == catalogue.RatioRule {
		l.Sums = []Sum{x.sum(NumeratorRole, x.indicator.Numerator, cell.Period, &total), x.sum(DenominatorRole, x.indicator.Denominator, cell.Period, &total)}
	} else {
		l.Sums = []Sum{x.sum(WholeRole, cell.Indicator, cell.Period, &total)}
	}
	return l
}

// sum tells the figures of one indicator: the parts are the total's inputs, and
// whatever else was reported for the period is excluded.
func (x *explainer) sum(role Role, id string, period catalogue.Period, total *event.Total) Sum {
	indicator, _ := x.catalogue.Indicator(id)
	s := Sum{Role: role, Indicator: id, Unit: indicator.UnitName, Parts: []ExplainedPart{}, Excluded: []ExplainedPart{}}
	var parts []event.Input
	used := map[string]bool{}
	inputs, _ := total.Inputs.All() // the tally has just written them
	for i := range inputs {
		in := &inputs[i]
		if in.Indicator != id {
			continue
		}
		v, ok := x.vintageOf(ledger.Cell{Indicator: id, Period: period}, in)
		if !ok {
			continue
		}
		parts = append(parts, *in)
		used[in.Area] = true
		if x.area == "" || x.area == in.Area {
			p := x.part(v)
			p.Subtracted = in.Subtracted
			s.Parts = append(s.Parts, p)
		}
	}
	if len(parts) > 0 {
		s.Value = tally.Sum(parts).String()
	}
	for _, v := range x.bestVintages(ledger.Cell{Indicator: id, Period: period}) {
		if used[v.Area] || x.area != "" && x.area != v.Area {
			continue
		}
		p := x.part(v)
		p.Because, p.Host = x.reasonExcluded(indicator, period, &v)
		s.Excluded = append(s.Excluded, p)
	}
	return s
}

// vintageOf finds the figure that an input is: of the cell's own period, or of
// the one that it was derived from.
func (x *explainer) vintageOf(cell ledger.Cell, in *event.Input) (ledger.Vintage, bool) {
	if in.Period != (catalogue.Period{}) {
		cell.Period = in.Period
	}
	for _, v := range x.history.Vintages(cell) {
		if v.Area == in.Area && v.Submission == in.Submission {
			return v, true
		}
	}
	return ledger.Vintage{}, false
}

// bestVintages returns the best figure of each area that reported the cell, by area.
func (x *explainer) bestVintages(cell ledger.Cell) []ledger.Vintage {
	all := slices.Clone(x.history.Vintages(cell))
	return slices.CompactFunc(all, func(a, b ledger.Vintage) bool { return a.Area == b.Area })
}

func (x *explainer) part(v ledger.Vintage) ExplainedPart {
	p := ExplainedPart{ExplainedFigure: explained(&v)}
	for _, other := range x.history.Vintages(v.Cell) {
		if other.Area == v.Area && other.Submission != v.Submission {
			p.Superseded = append(p.Superseded, explained(&other))
		}
	}
	return p
}

func explained(v *ledger.Vintage) ExplainedFigure {
	f := ExplainedFigure{
		Area: v.Area, Period: v.Cell.Period.String(), Stage: v.Stage.String(), Status: v.Status.String(),
		Qualifier: v.Qualifier.String(), Submission: v.Submission.String(), Sequence: v.Sequence, AcceptedSequence: v.AcceptedSequence, ReceivedAt: v.ReceivedAt,
		Dataset: v.Dataset, Via: v.Via, By: v.By, File: v.File, Row: v.Row, Raw: v.Raw, Note: v.Note, Reason: v.Reason,
	}
	if v.Status != catalogue.Missing {
		f.Value = v.Value.String()
	}
	return f
}

func (x *explainer) reasonExcluded(indicator *catalogue.Indicator, period catalogue.Period, v *ledger.Vintage) (code, host string) {
	area, known := x.catalogue.Area(v.Area)
	switch {
	case !known:
		return AreaUnknown, ""
	case indicator.Total == catalogue.CityRule && area.Kind != catalogue.City:
		return DistrictFigure, ""
	case indicator.Total != catalogue.CityRule && area.Kind == catalogue.City:
		return CityFigure, ""
	case area.Kind == catalogue.InsideZone:
		return InsideZone, area.Host
	case !area.ValidIn(period):
		return AreaNotValid, ""
	case v.Status == catalogue.Missing:
		return SaidMissing, ""
	}
	return NoCounterpart, ""
}

// recast returns, for each expected area that did not exist a year earlier, those
// that its territory belonged to then; none where that is not known.
func (x *explainer) recast(period catalogue.Period) map[string][]string {
	recast := map[string][]string{}
	for _, code := range tally.Expected(x.catalogue, x.indicator, period) {
		if area, ok := x.catalogue.Area(code); ok && !area.ValidIn(period.YearBefore()) {
			before, _ := x.catalogue.Recast(code, period.YearBefore())
			recast[code] = before
		}
	}
	return recast
}
