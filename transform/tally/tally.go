package tally

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/shopspring/decimal"
)

// Source answers a cell's figures: at most one, the best, of each area, in the
// order of the areas' codes.
type Source interface {
	AppendParts([]ledger.Part, ledger.Cell) []ledger.Part
}

var (
	_ Source = (*ledger.Ledger)(nil)
	_ Source = (*ledger.View)(nil)
)

// Tally folds a cell's figures into the city total, with its change on the year
// before. The result is in the indicator's unit; areas without a value are
// listed in Missing, never counted as zero. An area that has not reported the
// period itself takes part with what follows from other periods of the year it
// has reported, and the total is flagged as derived. It reports false when nobody
// has reported anything for the cell, or for either part of a ratio. Method: the
// indicator's city_total in the catalogue, and [catalogue.Period.Formulas].
func Tally(c *catalogue.Catalogue, source Source, cell ledger.Cell) (event.Total, bool) {
	t := calculator{catalogue: c, source: source}
	return t.total(cell)
}

func (t *calculator) total(cell ledger.Cell) (event.Total, bool) {
	indicator, ok := t.catalogue.Indicator(cell.Indicator)
	if !ok {
		return event.Total{}, false
	}
	now := t.level(indicator, cell.Period)
	if !now.reported {
		return event.Total{}, false
	}
	total := event.Total{
		Indicator: indicator.ID, Unit: indicator.UnitName,
		Status: catalogue.Missing.String(), Stage: now.stage.String(), Qualifier: now.qualifier.String(),
		Expected: len(now.expected), Missing: now.missing(), Inputs: inputs(now.terms), Flags: now.flags,
	}
	if now.known() {
		total.Value = now.value().String()
		total.Status = now.status.String()
		total.Publishable = len(total.Missing) == 0 || indicator.Coverage == catalogue.Partial
	}
	t.change(&total, indicator, cell.Period, now)
	return total, true
}

// Affected returns the totals that a change of the cells touches, by period and
// indicator: the cells' own and those of the periods derived from them, the
// ratios these are part of, and next year's, whose change they are the base of.
func Affected(c *catalogue.Catalogue, cells []ledger.Cell) []ledger.Cell {
	touched := map[catalogue.Period]map[string]bool{}
	touch := func(indicator string, period catalogue.Period) {
		for _, period := range [...]catalogue.Period{period, period.YearAfter()} {
			if touched[period] == nil {
				touched[period] = map[string]bool{}
			}
			touched[period][indicator] = true
		}
	}
	for _, cell := range cells {
		indicator, ok := c.Indicator(cell.Indicator)
		if !ok {
			continue
		}
		ratios := c.Dependents(cell.Indicator)
		for _, period := range append(cell.Period.Feeds(indicator.Kind), cell.Period) {
			touch(cell.Indicator, period)
			for _, ratio := range ratios {
				touch(ratio.ID, period)
			}
		}
	}
	affected := make([]ledger.Cell, 0, 2*len(cells))
	for _, period := range slices.SortedFunc(maps.Keys(touched), catalogue.Period.Compare) {
		for _, indicator := range slices.Sorted(maps.Keys(touched[period])) {
			affected = append(affected, ledger.Cell{Indicator: indicator, Period: period})
		}
	}
	return affected
}

// calculator computes totals of one state of the source. It remembers levels, since
// each is wanted again as the base of the next year's change.
type calculator struct {
	catalogue *catalogue.Catalogue
	source    Source
	levels    map[levelKey]*level
	members   map[catalogue.Period][]string
	formulas  map[formulaKey][]catalogue.Formula
	// For use again.
	figureBuffer []ledger.Part
	areaBuffer   []string
}

type levelKey struct {
	indicator *catalogue.Indicator
	period    catalogue.Period
}

// level is a total without its change: the exact quotient of two sums, the
// second of which is 1 but for ratios.
type level struct {
	numerator, denominator decimal.Decimal
	// expected and have are areas, in order; reported is false when no area sent
	// anything, not even a missing value.
	expected, have []string
	reported       bool
	stage          catalogue.Stage
	status         catalogue.Status
	qualifier      catalogue.Qualifier
	// terms are the terms, by area; of a ratio those above the line first.
	terms []term
	flags []string
}

func (l *level) known() bool { return len(l.have) > 0 && !l.denominator.IsZero() }

func (l *level) value() decimal.Decimal {
	if l.denominator.Equal(one) {
		return l.numerator
	}
	return catalogue.Quotient(l.numerator, l.denominator)
}

func (l *level) missing() []string {
	missing := []string{}
	if len(l.have) == len(l.expected) {
		return missing
	}
	for _, area := range l.expected {
		if _, ok := slices.BinarySearch(l.have, area); !ok {
			missing = append(missing, area)
		}
	}
	return missing
}

var one = decimal.New(1, 0)

// How many levels are remembered: those of a few years of every indicator.
const rememberedLevels = 20_000

func (t *calculator) level(indicator *catalogue.Indicator, period catalogue.Period) *level {
	key := levelKey{indicator, period}
	l, ok := t.levels[key]
	if !ok {
		l = t.compute(indicator, period)
		if t.levels == nil || len(t.levels) == rememberedLevels {
			t.levels = map[levelKey]*level{}
		}
		t.levels[key] = l
	}
	return l
}

func (t *calculator) compute(indicator *catalogue.Indicator, period catalogue.Period) *level {
	if indicator.Total == catalogue.RatioRule {
		return t.ratio(indicator, period)
	}
	expected := t.expected(indicator, period)
	parts, reported := t.terms(indicator, period, expected)
	l := fold(parts, expected, indicator.Coverage)
	l.reported = reported
	return l
}

func (t *calculator) expected(indicator *catalogue.Indicator, period catalogue.Period) []string {
	if indicator.Total == catalogue.CityRule {
		return []string{t.catalogue.City}
	}
	members, ok := t.members[period]
	if !ok {
		members = t.catalogue.Expected(period)
		if t.members == nil {
			t.members = map[catalogue.Period][]string{}
		}
		t.members[period] = members
	}
	return members
}

// terms returns the figures with a value of the expected areas, by area: those
// reported, and for areas that reported nothing those that follow from other
// periods. An area that reported its figure missing has none.
func (t *calculator) terms(indicator *catalogue.Indicator, period catalogue.Period, expected []string) (parts []term, reported bool) {
	found := t.figures(ledger.Cell{Indicator: indicator.ID, Period: period})
	spoken, rest := t.areaBuffer[:0], expected
	parts = make([]term, 0, len(found))
	for i := range found {
		p := &found[i]
		for len(rest) > 0 && rest[0] < p.Area {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0] != p.Area {
			continue
		}
		spoken = append(spoken, p.Area)
		if p.Status != catalogue.Missing {
			parts = append(parts, term{Part: *p, indicator: indicator.ID})
		}
	}
	t.areaBuffer, reported = spoken, len(spoken) > 0
	if len(spoken) < len(expected) {
		derived, spokenOf := t.derive(indicator, period, expected, spoken)
		if len(derived) > 0 {
			parts = append(parts, derived...)
			slices.SortStableFunc(parts, func(a, b term) int { return cmp.Compare(a.Area, b.Area) })
		}
		reported = reported || spokenOf
	}
	return parts, reported
}

// figures returns the cell's figures until it is called again.
func (t *calculator) figures(cell ledger.Cell) []ledger.Part {
	t.figureBuffer = t.source.AppendParts(t.figureBuffer[:0], cell)
	return t.figureBuffer
}

// term is a term of a sum. A derived figure is several of one area.
type term struct {
	ledger.Part
	indicator string
	// reportedFor is the period the term was reported for, where that is another; a
	// subtracted term is taken away.
	reportedFor catalogue.Period
	subtracted  bool
	// negative marks the terms of a flow that comes out below zero.
	negative bool
}

func (p term) missing() bool { return p.Status == catalogue.Missing }

// coefficient is the value's, with the term's sign.
func (p *term) coefficient() int64 {
	if p.subtracted {
		return -p.Value.Coefficient
	}
	return p.Value.Coefficient
}

// ratio divides two sums over the areas that have both.
func (t *calculator) ratio(indicator *catalogue.Indicator, period catalogue.Period) *level {
	top, _ := t.catalogue.Indicator(indicator.Numerator)
	bottom, _ := t.catalogue.Indicator(indicator.Denominator)
	above, below := t.level(top, period), t.level(bottom, period)
	n, d := above, below
	if top.Total == bottom.Total {
		if !slices.Equal(above.have, below.have) {
			n = fold(termsInBoth(above, below), above.expected, indicator.Coverage)
			d = fold(termsInBoth(below, above), below.expected, indicator.Coverage)
		}
	} else if len(above.have) < len(above.expected) || len(below.have) < len(below.expected) {
		// The city's own figure covers all areas: it divides nothing less.
		n, d = fold(nil, nil, indicator.Coverage), fold(nil, nil, indicator.Coverage)
	}
	l := fold(slices.Concat(n.terms, d.terms), nil, indicator.Coverage)
	l.numerator = n.numerator.Mul(decimal.NewFromInt(indicator.Factor))
	l.denominator = d.numerator
	l.expected, l.have, l.reported = above.expected, n.have, above.reported && below.reported
	if len(below.expected) > len(above.expected) {
		l.expected, l.have = below.expected, d.have
	}
	return l
}

// termsInBoth returns the parts of areas that other has too.
func termsInBoth(l, other *level) []term {
	var both []term
	for _, p := range l.terms {
		if _, ok := slices.BinarySearch(other.have, p.Area); ok {
			both = append(both, p)
		}
	}
	return both
}

// fold adds parts of expected areas up: the lowest stage, the joined qualifier,
// imputed where any part is. Under the carry policy the stage is the highest, and
// the parts that have not got there count as imputed.
func fold(parts []term, expected []string, policy catalogue.CoveragePolicy) *level {
	l := &level{
		numerator: sumTerms(parts), denominator: one, status: catalogue.Normal, expected: expected, have: areasOf(parts, expected), terms: parts,
	}
	lowest, highest := catalogue.Final, catalogue.Stage(0)
	for i := range parts {
		p := &parts[i]
		lowest, highest = min(lowest, p.Stage), max(highest, p.Stage)
		l.qualifier = l.qualifier.Join(p.Qualifier)
		if p.Status == catalogue.Imputed {
			l.status = catalogue.Imputed
		}
		if p.reportedFor != (catalogue.Period{}) {
			l.flag(event.Derived)
		}
		if p.negative {
			l.flag(event.DerivedNegative)
		}
	}
	if len(parts) > 0 {
		l.stage = lowest
		if policy == catalogue.Carry && lowest < highest {
			l.stage, l.status = highest, catalogue.Imputed
		}
	}
	return l
}

// inputs tells where a total's parts came from.
func inputs(parts []term) event.Inputs {
	return event.CollectInputs(func(yield func(event.Input) bool) {
		for i := range parts {
			p := &parts[i]
			if !yield(event.Input{
				Area: p.Area, Indicator: p.indicator, Value: p.Value, Stage: p.Stage, Qualifier: p.Qualifier,
				Submission: p.Submission, Sequence: p.Sequence, Period: p.reportedFor, Subtracted: p.subtracted,
			}) {
				return
			}
		}
	})
}

func (l *level) flag(flag string) {
	if !slices.Contains(l.flags, flag) {
		l.flags = append(l.flags, flag)
	}
}

// areasOf returns the areas of parts that are sorted by area: expected itself
// where it is all of them.
func areasOf(parts []term, expected []string) []string {
	n := 0
	for i := range parts {
		if i == 0 || parts[i].Area != parts[i-1].Area {
			n++
		}
	}
	if n == len(expected) {
		return expected
	}
	areas := make([]string, 0, n)
	for i := range parts {
		if i == 0 || parts[i].Area != parts[i-1].Area {
			areas = append(areas, parts[i].Area)
		}
	}
	return areas
}

// sumTerms adds exactly: in machine words where they suffice, else in big integers.
func sumTerms(parts []term) decimal.Decimal {
	var scale uint8
	for i := range parts {
		scale = max(scale, parts[i].Value.Scale)
	}
	var total int64
	for i := range parts {
		term := parts[i].coefficient()
		for range scale - parts[i].Value.Scale {
			if term > math.MaxInt64/10 || term < math.MinInt64/10 {
				return sumTermsBig(parts)
			}
			term *= 10
		}
		if next := total + term; (next > total) == (term > 0) {
			total = next
		} else {
			return sumTermsBig(parts)
		}
	}
	return decimal.New(total, -int32(scale))
}

func sumTermsBig(parts []term) decimal.Decimal {
	total := decimal.Zero
	for i := range parts {
		total = total.Add(decimal.New(parts[i].coefficient(), -int32(parts[i].Value.Scale)))
	}
	return total
}
