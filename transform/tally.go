package transform

import (
	"cmp"
	"math"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/shopspring/decimal"
)

// Decimals of a quotient. Sums are exact; only a quotient has to end somewhere.
const quotientDecimals = 12

// Source answers a cell's figures: at most one, the best, of each area, in any
// order.
type Source interface {
	Parts(Cell) []Part
}

var _ Source = (*Ledger)(nil)

// Tally folds a cell's figures into the city total, with its change on the year
// before. The result is in the indicator's unit; areas without a value are
// listed in Missing, never counted as zero. It reports false when nobody has
// reported anything for the cell. Method: the indicator's city_total in the
// catalogue.
func Tally(c *catalogue.Catalogue, source Source, cell Cell) (stream.Total, bool) {
	indicator, ok := c.Indicator(cell.Indicator)
	if !ok {
		return stream.Total{}, false
	}
	t := tally{catalogue: c, source: source}
	now := t.level(indicator, cell.Period)
	if !now.reported {
		return stream.Total{}, false
	}
	total := stream.Total{
		Indicator: indicator.ID, Unit: indicator.UnitName,
		Status: catalogue.Missing.String(), Stage: now.stage.String(), Qualifier: now.qualifier.String(),
		Expected: len(now.expected), Missing: now.missing(), Inputs: now.inputs,
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
// indicator: the cells' own, the ratios they are part of, and next year's, whose
// change they are the base of.
func Affected(c *catalogue.Catalogue, cells []Cell) []Cell {
	touched := map[Cell]bool{}
	for _, cell := range cells {
		touched[cell] = true
		touched[Cell{cell.Indicator, cell.Period.YearAfter()}] = true
		for _, ratio := range c.Dependents(cell.Indicator) {
			touched[Cell{ratio.ID, cell.Period}] = true
			touched[Cell{ratio.ID, cell.Period.YearAfter()}] = true
		}
	}
	affected := make([]Cell, 0, len(touched))
	for cell := range touched {
		affected = append(affected, cell)
	}
	slices.SortFunc(affected, Cell.compare)
	return affected
}

type tally struct {
	catalogue *catalogue.Catalogue
	source    Source
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
	inputs         []stream.Input
}

func (l *level) known() bool { return len(l.have) > 0 && !l.denominator.IsZero() }

func (l *level) value() decimal.Decimal {
	if l.denominator.Equal(one) {
		return l.numerator
	}
	return l.numerator.DivRound(l.denominator, quotientDecimals)
}

func (l *level) missing() []string {
	missing := []string{}
	for _, area := range l.expected {
		if _, ok := slices.BinarySearch(l.have, area); !ok {
			missing = append(missing, area)
		}
	}
	return missing
}

var one = decimal.New(1, 0)

func (t *tally) level(indicator *catalogue.Indicator, period catalogue.Period) level {
	if indicator.Total == catalogue.RatioRule {
		return t.ratio(indicator, period)
	}
	expected := t.expected(indicator, period)
	parts, reported := t.parts(indicator, period, expected)
	l := fold(parts)
	l.expected, l.reported = expected, reported
	return l
}

func (t *tally) expected(indicator *catalogue.Indicator, period catalogue.Period) []string {
	if indicator.Total == catalogue.CityRule {
		return []string{t.catalogue.City}
	}
	return t.catalogue.Expected(period)
}

// parts returns the figures with a value of the expected areas, by area.
func (t *tally) parts(indicator *catalogue.Indicator, period catalogue.Period, expected []string) (parts []inputPart, reported bool) {
	for _, p := range t.source.Parts(Cell{indicator.ID, period}) {
		if _, ok := slices.BinarySearch(expected, p.Area); !ok {
			continue
		}
		reported = true
		if p.Status != catalogue.Missing {
			parts = append(parts, inputPart{p, indicator.ID})
		}
	}
	slices.SortFunc(parts, func(a, b inputPart) int { return cmp.Compare(a.Area, b.Area) })
	return parts, reported
}

type inputPart struct {
	Part
	indicator string
}

// ratio divides two sums over the areas that have both.
func (t *tally) ratio(indicator *catalogue.Indicator, period catalogue.Period) level {
	top, _ := t.catalogue.Indicator(indicator.Numerator)
	bottom, _ := t.catalogue.Indicator(indicator.Denominator)
	topExpected, bottomExpected := t.expected(top, period), t.expected(bottom, period)
	topParts, topReported := t.parts(top, period, topExpected)
	bottomParts, bottomReported := t.parts(bottom, period, bottomExpected)

	if top.Total == bottom.Total {
		topParts, bottomParts = common(topParts, bottomParts), common(bottomParts, topParts)
	} else if len(topParts) < len(topExpected) || len(bottomParts) < len(bottomExpected) {
		// The city's own figure covers all areas: it divides nothing less.
		topParts, bottomParts = nil, nil
	}
	n, d := fold(topParts), fold(bottomParts)
	l := fold(append(slices.Clone(topParts), bottomParts...))
	l.numerator = n.numerator.Mul(decimal.NewFromInt(indicator.Factor))
	l.denominator = d.numerator
	l.expected, l.have, l.reported = topExpected, n.have, topReported || bottomReported
	if len(bottomExpected) > len(topExpected) {
		l.expected, l.have = bottomExpected, d.have
	}
	return l
}

// common returns the parts of areas that others has too.
func common(parts, others []inputPart) []inputPart {
	var both []inputPart
	for _, p := range parts {
		if _, ok := slices.BinarySearchFunc(others, p.Area, func(o inputPart, area string) int { return cmp.Compare(o.Area, area) }); ok {
			both = append(both, p)
		}
	}
	return both
}

// fold adds parts up: the lowest stage, the joined qualifier, imputed where any
// part is.
func fold(parts []inputPart) level {
	l := level{numerator: sum(parts), denominator: one, status: catalogue.Normal}
	for i := range parts {
		p := &parts[i]
		l.have = append(l.have, p.Area)
		if i == 0 || p.Stage < l.stage {
			l.stage = p.Stage
		}
		l.qualifier = l.qualifier.Join(p.Qualifier)
		if p.Status == catalogue.Imputed {
			l.status = catalogue.Imputed
		}
		l.inputs = append(l.inputs, stream.Input{
			Area: p.Area, Indicator: p.indicator, Value: p.Value.String(), Stage: p.Stage.String(),
			Qualifier: p.Qualifier.String(), Submission: p.Submission, Sequence: p.Sequence,
		})
	}
	return l
}

// sum adds exactly: in machine words where they suffice, else in big integers.
func sum(parts []inputPart) decimal.Decimal {
	var scale uint8
	for i := range parts {
		scale = max(scale, parts[i].Value.Scale)
	}
	var total int64
	for i := range parts {
		term := parts[i].Value.Coefficient
		for range scale - parts[i].Value.Scale {
			if term > math.MaxInt64/10 || term < math.MinInt64/10 {
				return sumBig(parts)
			}
			term *= 10
		}
		if next := total + term; (next > total) == (term > 0) {
			total = next
		} else {
			return sumBig(parts)
		}
	}
	return decimal.New(total, -int32(scale))
}

func sumBig(parts []inputPart) decimal.Decimal {
	total := decimal.Zero
	for i := range parts {
		total = total.Add(parts[i].Value.Decimal())
	}
	return total
}
