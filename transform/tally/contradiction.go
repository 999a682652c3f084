package tally

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// Contradiction is a flow of one area that follows in two ways from what was reported,
// as two figures that differ by more than rounding.
type Contradiction struct {
	Area     string
	One, Two FollowedFigure
}

// FollowedFigure is a figure and what it follows from, in the indicator's unit. A figure
// that was reported for the period itself has one input.
type FollowedFigure struct {
	Value  decimal.Decimal
	Inputs []event.Input
}

// Contradictions returns, for each area of a flow's total, the ways in which its figure
// does not agree with the one that the total has, or with the first way where the area
// said that there is no figure. Reported figures count as rounded to the indicator's
// decimals, or to their own where those are more; counted things are not rounded.
// Qualified figures contradict nothing. There are none for stocks and ratios.
func Contradictions(c *catalogue.Catalogue, source Source, cell ledger.Cell) []Contradiction {
	indicator, ok := c.Indicator(cell.Indicator)
	if !ok || indicator.Kind != catalogue.Flow {
		return nil
	}
	of := calculator{catalogue: c, source: source}
	var all []Contradiction
	for _, area := range of.expected(indicator, cell.Period) {
		ways := of.waysToFollow(indicator, cell.Period, area)
		for i := 1; i < len(ways); i++ {
			if contradict(indicator, ways[0], ways[i]) {
				all = append(all, Contradiction{Area: area, One: followed(ways[0]), Two: followed(ways[i])})
			}
		}
	}
	return all
}

// waysToFollow returns the ways in which an area's flow follows, each as terms: first
// that of its total, then sums by the longest spans, by quarters and by months, with each
// year to date before them, and differences.
func (c *calculator) waysToFollow(indicator *catalogue.Indicator, period catalogue.Period, area string) [][]term {
	var ways [][]term
	add := func(terms []term) {
		if len(terms) > 0 && !slices.ContainsFunc(ways, func(other []term) bool { return slices.EqualFunc(terms, other, sameSpan) }) {
			ways = append(ways, terms)
		}
	}
	used, _ := c.terms(indicator, period, []string{area})
	add(used)
	flows := c.flowsOf(indicator, period.Year)
	d := derivation{calculator: c, flows: flows, target: period.Number(), lowest: catalogue.Forecast}
	d.from, d.to = period.Months()
	of := d.memberUntil(area, d.to)
	for _, w := range append(d.ownSums(d.reported(of)), d.sum(of, d.from, d.to)) {
		if w != nil {
			add(w.appendTerms(nil, indicator, area, &flows.periods))
		}
	}
	for _, w := range d.differences(of) {
		add(w.appendTerms(nil, indicator, area, &flows.periods))
	}
	return ways
}

func sameSpan(a, b term) bool {
	return a.Area == b.Area && a.reportedFor == b.reportedFor && a.subtracted == b.subtracted
}

// ownSums returns the sums of an area's own spans: by halves, quarters and months, by
// quarters and months, and by months alone, and with each year to date before them.
func (d *derivation) ownSums(area *areaFlows) (sums []*way) {
	if area == nil {
		return nil
	}
	defer func() { d.coarsest = 0 }()
	for d.coarsest = range spanKinds {
		if spans, _, ok := d.count(area, d.from, d.to); ok {
			sums = append(sums, d.build(area, -1, d.from, d.to, spans))
		}
		for month := 1; month < 12 && month <= d.to && d.from == 0; month++ {
			number := catalogue.Period{Kind: catalogue.YearToDate, Index: uint8(month)}.Number()
			spans, _, ok := d.count(area, month, d.to)
			if _, present := d.span(area, number); present && ok {
				sums = append(sums, d.build(area, number, month, d.to, 1+spans))
			}
		}
	}
	return sums
}

// contradict reports whether two ways to the same figure differ by more than rounding.
func contradict(indicator *catalogue.Indicator, a, b []term) bool {
	places := uint8(indicator.Decimals)
	for _, t := range slices.Concat(a, b) {
		if t.Qualifier != 0 {
			return false
		}
		places = max(places, t.Value.Scale)
	}
	difference := sumTerms(a).Sub(sumTerms(b)).Abs()
	if indicator.Unit().Whole() {
		return !difference.IsZero()
	}
	// Each figure is off by half of its last place at most.
	rounding := decimal.New(int64(len(a)+len(b))*5, -int32(places)-1)
	return !difference.IsZero() && difference.GreaterThanOrEqual(rounding)
}

func followed(terms []term) FollowedFigure {
	f := FollowedFigure{Value: sumTerms(terms)}
	for i := range terms {
		f.Inputs = append(f.Inputs, terms[i].input())
	}
	return f
}
