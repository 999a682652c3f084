package answer

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// KeepFor returns what a history has to keep for [Explain] to explain the indicator's
// total.
func KeepFor(c *catalogue.Catalogue, indicator string) ledger.Keep {
	wanted := IndicatorsFor(c, indicator)
	return func(_ *event.AcceptedSubmission, cell ledger.Cell) bool {
		return slices.Contains(wanted, cell.Indicator)
	}
}

// IndicatorsFor returns the indicators whose figures the indicator's total is made of, itself among
// them.
func IndicatorsFor(c *catalogue.Catalogue, indicator string) []string {
	if i, ok := c.Indicator(indicator); ok && i.Total == catalogue.RatioRule {
		return []string{indicator, i.Numerator, i.Denominator}
	}
	return []string{indicator}
}

// Explain returns the cell's total, as [tally.Tally] folds it, with every figure that
// it and the base of its change follow from. The history must have kept what KeepFor
// asks for. Where area is not "", only its parts are listed, and those of the areas that it was
// formed from. Explain reports false for
// an indicator that the catalogue does not have.
func Explain(c *catalogue.Catalogue, h *ledger.History, cell ledger.Cell, area string) (*Explanation, bool) {
	indicator, ok := c.Indicator(cell.Indicator)
	if !ok {
		return nil, false
	}
	x := explainer{catalogue: c, history: h, indicator: indicator, area: area, before: map[string]bool{}}
	x.addPredecessors(area)
	total, _ := tally.Tally(c, h.Ledger, cell)
	e := &Explanation{
		Indicator: cell.Indicator, Area: area, Rule: indicator.Total, Policy: indicator.Coverage,
		Received: h.Moment.Received, Basis: h.Ledger.Basis(), Catalogue: c.Version(), Publishable: total.Publishable,
		Level:  x.level(cell),
		Change: total.Change, ChangeKind: total.ChangeKind, ChangeAbsolute: total.ChangeAbsolute, ChangeReason: total.ChangeReason,
		ChangeQualifier: total.ChangeQualifier, ChangeAreas: total.ChangeAreas, Carried: total.Carried, Held: total.Held,
	}
	if indicator.Total == catalogue.RatioRule {
		e.Factor = indicator.Factor
	}
	if base := x.level(ledger.Cell{Indicator: cell.Indicator, Period: cell.Period.YearBefore()}); base.Reported {
		e.Base = &base
	}
	e.Recast = x.recast(cell.Period)
	e.Contradictions = x.contradictions(cell)
	return e, true
}

type explainer struct {
	catalogue *catalogue.Catalogue
	history   *ledger.History
	indicator *catalogue.Indicator
	area      string          // the only one whose parts are listed; "" is all
	before    map[string]bool // the areas that it was formed from, whose parts are listed, too

	listedIn ledger.Cell // whose lists were asked for last
	counts   map[string]ledger.ListCount
	several  []ledger.Listed
}

// addPredecessors adds the areas that one was formed from, and those that they were.
func (x *explainer) addPredecessors(code string) {
	area, ok := x.catalogue.Area(code)
	if !ok {
		return
	}
	for _, before := range area.Predecessors {
		if !x.before[before] {
			x.before[before] = true
			x.addPredecessors(before)
		}
	}
}

// shows reports whether the parts of an area are listed.
func (x *explainer) shows(area string) bool { return x.area == "" || x.area == area || x.before[area] }

func (x *explainer) level(cell ledger.Cell) Level {
	total, reported := tally.Tally(x.catalogue, x.history.Ledger, cell)
	l := Level{
		Period: cell.Period.String(), Reported: reported, Value: total.Value, Unit: x.indicator.UnitName,
		Stage: total.Stage, Status: total.Status, Qualifier: total.Qualifier,
		Have: total.Have(), Expected: total.Expected, Missing: total.NotReported(), Flags: total.Flags,
	}
	if !reported {
		l.Missing = tally.Expected(x.catalogue, x.indicator, cell.Period)
		l.Expected = len(l.Missing)
	}
	inputs, _ := total.Inputs.All() // encoded a moment ago, so there is no error
	switch {
	case x.indicator.Total != catalogue.RatioRule:
		l.Sums = []Sum{x.sum(WholeRole, cell.Indicator, cell.Period, inputs, total.Held)}
	case x.indicator.Numerator == x.indicator.Denominator:
		// The numerator's inputs come first.
		half := len(inputs) / 2
		l.Sums = []Sum{x.sum(NumeratorRole, x.indicator.Numerator, cell.Period, inputs[:half], total.Held), x.sum(DenominatorRole, x.indicator.Denominator, cell.Period, inputs[half:], total.Held)}
	default:
		l.Sums = []Sum{x.sum(NumeratorRole, x.indicator.Numerator, cell.Period, inputs, total.Held), x.sum(DenominatorRole, x.indicator.Denominator, cell.Period, inputs, total.Held)}
	}
	return l
}

// sum returns the figures of one indicator: as parts those among the total's inputs,
// and as excluded whatever else was reported for the period. Held is what the total says of held
// figures, of which some are of other periods that the figure would follow from.
func (x *explainer) sum(role Role, id string, period catalogue.Period, inputs []event.Input, held *event.TotalWithHeld) Sum {
	indicator, _ := x.catalogue.Indicator(id)
	s := Sum{Role: role, Indicator: id, Unit: indicator.UnitName, Parts: []ExplainedPart{}, Excluded: []ExplainedPart{}}
	var ofIndicator []event.Input
	used, elsewhere := map[string]bool{}, map[string]bool{} // areas with a figure for the period, or for another
	var listedIn []ledger.Cell
	for i := range inputs {
		in := &inputs[i]
		if in.Indicator != id {
			continue
		}
		v, ok := x.standingOf(ledger.Cell{Indicator: id, Period: period}, in)
		if !ok {
			continue
		}
		ofIndicator = append(ofIndicator, *in)
		if v.Listed > 0 && !slices.Contains(listedIn, v.Cell) {
			listedIn = append(listedIn, v.Cell)
		}
		if in.Period == (catalogue.Period{}) {
			used[in.Area] = true
		} else {
			elsewhere[in.Area] = true
		}
		if x.shows(in.Area) {
			p := explainedPart(&v)
			x.listed(&p, &v.Vintage, in)
			p.Subtracted = in.Subtracted
			s.Parts = append(s.Parts, p)
		}
	}
	if len(ofIndicator) > 0 {
		s.Value = tally.Sum(ofIndicator).String()
	}
	for _, of := range listedIn {
		x.claims(&s, of)
	}
	for _, v := range x.history.Standings(ledger.Cell{Indicator: id, Period: period}) {
		if used[v.Area] || !x.shows(v.Area) {
			continue
		}
		p := explainedPart(&v)
		x.listed(&p, &v.Vintage, nil)
		if p.Because, p.Host = x.reasonExcluded(indicator, period, &v.Vintage); p.Because == NoCounterpart && elsewhere[v.Area] {
			p.Because = OtherReading
		}
		s.Excluded = append(s.Excluded, p)
	}
	cell := ledger.Cell{Indicator: id, Period: period}
	s.Holds = x.history.Ledger.ToldHolds(x.history.Ledger.Holds(func(h *ledger.Hold) bool {
		would := held != nil && h.Cell.Indicator == id && h.Cell.Period.Year == period.Year && slices.Contains(held.Holds, h.ID.String())
		return (h.Cell == cell || would) && x.shows(h.Area)
	}))
	return s
}

// standingOf returns what stands as an input of the cell's total: of another period where the
// input belongs to a derived figure. A count stands by the list that came last.
func (x *explainer) standingOf(cell ledger.Cell, in *event.Input) (ledger.Standing, bool) {
	if in.Period != (catalogue.Period{}) {
		cell.Period = in.Period
	}
	for _, s := range x.history.Standings(cell) {
		if s.Area != in.Area {
			continue
		}
		if s.Sequence == in.Sequence {
			return s, true
		}
		all := slices.Concat([]ledger.Vintage{s.Vintage}, s.Confirmed, s.Others)
		if i := slices.IndexFunc(all, func(v ledger.Vintage) bool { return v.Sequence == in.Sequence }); i >= 0 {
			list := all[i]
			return ledger.Standing{Vintage: list, Others: slices.Delete(all, i, i+1)}, true
		}
	}
	return ledger.Standing{}, false
}

func explainedPart(s *ledger.Standing) ExplainedPart {
	p := ExplainedPart{ExplainedFigure: explained(&s.Vintage)}
	for i := range s.Confirmed {
		p.ConfirmedBy = append(p.ConfirmedBy, explained(&s.Confirmed[i]))
	}
	for i := range s.Others {
		if s.Others[i].Listed == 0 {
			p.Superseded = append(p.Superseded, explained(&s.Others[i]))
		}
	}
	return p
}

func explained(v *ledger.Vintage) ExplainedFigure {
	f := ExplainedFigure{
		Area: v.Area, Period: v.Cell.Period.String(), Stage: v.Stage.String(), Status: v.Status.String(),
		Unit: v.Unit, Qualifier: v.Qualifier.String(), Submission: v.Submission.String(), Sequence: v.Sequence, AcceptedSequence: v.AcceptedSequence, ReceivedAt: v.ReceivedAt, ReleasedAt: v.ReleasedAt,
		Dataset: v.Dataset, Via: v.Via, By: v.By, File: v.File, Row: v.Row, Raw: v.Raw, Note: v.Note, Reason: v.Reason, OnBehalf: v.OnBehalf,
	}
	if v.Status != catalogue.Missing && v.Status != catalogue.Withdrawn {
		f.Value = v.Value.String()
	}
	return f
}

// reasonExcluded returns the code of the reason why a reported figure is not a part,
// and the host of a zone inside another area.
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
	case v.Status == catalogue.Withdrawn:
		return Withdrawn, ""
	case v.Unit != "":
		return OtherUnit, ""
	}
	return NoCounterpart, ""
}

// recast returns, for each expected area whose territory was not all its own a year
// earlier, the areas that it belonged to then; an empty list where that is not known.
func (x *explainer) recast(period catalogue.Period) map[string][]string {
	recast := map[string][]string{}
	for _, code := range tally.Expected(x.catalogue, x.indicator, period) {
		if before, _ := x.catalogue.Origins(code, period.YearBefore(), period); len(before) != 1 || before[0] != code {
			recast[code] = before
		}
	}
	return recast
}

// contradictions returns the figures of the total's areas that follow in two ways, of a
// ratio those of its parts.
func (x *explainer) contradictions(cell ledger.Cell) (all []Contradiction) {
	ids := []string{cell.Indicator}
	if x.indicator.Total == catalogue.RatioRule {
		ids = []string{x.indicator.Numerator, x.indicator.Denominator}
	}
	for _, id := range ids {
		for _, found := range tally.Contradictions(x.catalogue, x.history.Ledger, ledger.Cell{Indicator: id, Period: cell.Period}) {
			if x.shows(found.Area) {
				all = append(all, Contradiction{Indicator: id, Area: found.Area, Ways: [2]FollowedValue{followed(found.One, cell.Period), followed(found.Two, cell.Period)}})
			}
		}
	}
	return all
}

func followed(f tally.FollowedFigure, period catalogue.Period) FollowedValue {
	v := FollowedValue{Value: f.Value.String()}
	for i := range f.Inputs {
		in := &f.Inputs[i]
		of := in.Period
		if of == (catalogue.Period{}) {
			of = period
		}
		v.Figures = append(v.Figures, FollowedInput{
			Area: in.Area, Period: of.String(), Value: in.Value.String(), Stage: in.Stage.String(), Sequence: in.Sequence, Subtracted: in.Subtracted,
		})
	}
	return v
}
