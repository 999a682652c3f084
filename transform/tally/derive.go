package tally

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

// derive returns, for each expected area that has not reported a flow for the period,
// the terms from which its figure follows, by area. Terms that areas reported as missing
// give no figure, but reported is true then: a total that followed from them before has
// to be published without a value.
func (c *calculator) derive(indicator *catalogue.Indicator, period catalogue.Period, expected, reporting []string) (derived []term, reported bool) {
	if indicator.Kind != catalogue.Flow || !c.follow(catalogue.Flow, c.source.Reported(indicator.ID, period.Year)).Has(period.Number()) {
		return nil, false
	}
	flows := c.flowsOf(indicator, period.Year)
	d := derivation{calculator: c, flows: flows, target: period.Number()}
	d.from, d.to = period.Months()
	for _, area := range expected {
		if slices.Contains(reporting, area) {
			continue
		}
		if found := d.find(area); found != nil {
			if derived == nil {
				// Areas mostly report alike.
				derived = make([]term, 0, len(found.spans)*(len(expected)-len(reporting)))
			}
			derived = found.appendTerms(derived, indicator, area, &flows.periods)
		} else if !reported && len(reporting) == 0 {
			reported = d.mentioned(area)
		}
	}
	return derived, reported || len(derived) > 0
}

// derivation searches for the ways in which an area's flow for the target follows from
// what was reported for other periods of the year, its spans: the sum of spans that
// follow one another, or the difference of two that begin alike. Up to the month of a
// merger, the spans of all areas that it was formed from count together. Spans of a
// stage below the lowest are passed over; where statements is true, a span that was
// reported as missing counts as one.
type derivation struct {
	*calculator
	flows      *yearFlows
	target     int // number of the period
	from, to   int // its months
	lowest     catalogue.Stage
	statements bool
	coarsest   int // the longest of spanKinds that sums are made of
}

// find returns the best way for an area: that with the highest lowest stage, then the
// fewest spans, then the latest. Where ways are alike in all this, sums come before
// differences, those of the area's own spans before others, and those with longer first
// spans before others. It returns nil where there is none.
func (d *derivation) find(area string) *way {
	of := d.memberUntil(area, d.to)
	for d.lowest = d.flows.highest; d.lowest > 0; d.lowest-- {
		if found := best(d.sum(of, d.from, d.to), d.difference(of)); found != nil {
			return found
		}
	}
	return nil
}

// mentioned reports whether the figure would follow had every missing one a value.
func (d *derivation) mentioned(area string) bool {
	d.lowest, d.statements = 0, true
	defer func() { d.statements = false }()
	of := d.memberUntil(area, d.to)
	return d.sum(of, d.from, d.to) != nil || d.difference(of) != nil
}

// way is one of the ways in which a flow follows from spans.
type way struct {
	spans  []span
	latest uint64 // highest sequence in SUBMISSIONS among its spans
}

// span is what an area reported for a period of the year.
type span struct {
	*ledger.Part
	number     int // of the period
	subtracted bool
}

// best returns the better of two ways, the first where they are alike; nil is none.
func best(a, b *way) *way {
	switch {
	case a == nil:
		return b
	case b == nil || len(a.spans) < len(b.spans) || len(a.spans) == len(b.spans) && a.latest >= b.latest:
		return a
	}
	return b
}

func (w *way) add(spans ...span) {
	for _, s := range spans {
		w.spans, w.latest = append(w.spans, s), max(w.latest, s.Latest())
	}
}

// appendTerms appends the spans as terms of an area's figure. Those of a flow that comes
// out below zero, because the year to date fell, are marked; the figure is never raised
// to zero.
func (w *way) appendTerms(terms []term, indicator *catalogue.Indicator, member string, periods *[catalogue.PeriodsInYear]catalogue.Period) []term {
	start, difference := len(terms), false
	for _, s := range w.spans {
		terms = append(terms, term{Part: *s.Part, member: member, indicator: indicator.ID, reportedFor: periods[s.number], subtracted: s.subtracted})
		difference = difference || s.subtracted
	}
	if own := terms[start:]; difference && sumTerms(own).IsNegative() {
		for i := range own {
			own[i].negative = true
		}
	}
	return terms
}

// span returns what an area reported for the period of a number; false where that is
// not to be used.
func (d *derivation) span(area *areaFlows, number int) (span, bool) {
	p := area[number]
	if p == nil || number == d.target || p.Stage < d.lowest || p.Status == catalogue.Missing && !d.statements {
		return span{}, false
	}
	return span{Part: p, number: number}, true
}

// sum returns the best sum of spans that fill the months: the area's own, or up to some
// month those of the areas that it was formed from.
func (d *derivation) sum(of member, from, to int) *way {
	flows := d.reported(of)
	found := d.ownSum(flows, from, to)
	formedFrom := d.formedFrom(of)
	for handover := to - 1; handover > from && len(formedFrom) > 0; handover-- {
		rest := d.ownSum(flows, handover, to)
		if rest == nil {
			continue
		}
		var whole *way
		for _, predecessor := range formedFrom {
			before := d.sum(predecessor, from, handover)
			if before == nil {
				whole = nil
				break
			}
			if whole == nil {
				whole = &way{}
			}
			whole.add(before.spans...)
		}
		if whole != nil {
			whole.add(rest.spans...)
			found = best(found, whole)
		}
	}
	return found
}

// ownSum returns the best sum of an area's own spans. Years to date can only come first;
// months, quarters and halves lie within one another, so that taking the longest from
// each month on gives the fewest.
func (d *derivation) ownSum(area *areaFlows, from, to int) *way {
	if area == nil {
		return nil
	}
	spans, latest, ok := d.count(area, from, to)
	first, opening := -1, 0 // number and last month of the year to date that comes first
	if ok {
		opening = d.longest(area, from, to).to - from
	}
	for month := to; month > 0 && from == 0; month-- {
		number := catalogue.Period{Kind: catalogue.YearToDate, Index: uint8(month)}.Number()
		s, present := d.span(area, number)
		// December's year to date is not the annual figure.
		if !present || month == 12 {
			continue
		}
		n, last, fits := d.count(area, month, to)
		n, last = n+1, max(last, s.Latest())
		if fits && (!ok || n < spans || n == spans && (last > latest || last == latest && month > opening)) {
			spans, latest, ok, first, opening = n, last, true, number, month
		}
	}
	if !ok {
		return nil
	}
	if first >= 0 {
		from = opening
	}
	return d.build(area, first, from, to, spans)
}

// build returns the sum of the year to date with the number first, unless that is below
// 0, and of the longest spans between the other months.
func (d *derivation) build(area *areaFlows, first, from, to, spans int) *way {
	w := &way{spans: make([]span, 0, spans)}
	if first >= 0 {
		s, _ := d.span(area, first)
		w.add(s)
	}
	for from < to {
		s := d.longest(area, from, to)
		w.add(s.span)
		from = s.to
	}
	return w
}

// count returns how many spans the shortest sum of months, quarters and halves has, and
// the highest sequence among them; false where there is none.
func (d *derivation) count(area *areaFlows, from, to int) (spans int, latest uint64, ok bool) {
	for from < to {
		s := d.longest(area, from, to)
		if s.Part == nil {
			return 0, 0, false
		}
		spans, latest, from = spans+1, max(latest, s.Latest()), s.to
	}
	return spans, latest, true
}

// spanKinds are the kinds of span that lie within one another: halves, quarters and
// months.
var spanKinds = [...]struct {
	first  int // number of the first of its kind
	months int
}{{1, 6}, {3, 3}, {7, 1}}

// endingSpan is a span and the month that it ends with.
type endingSpan struct {
	span
	to int
}

// longest returns the longest of an area's halves, quarters and months that begins after
// a month, and ends with the month to or before; its Part is nil where there is none.
func (d *derivation) longest(area *areaFlows, from, to int) endingSpan {
	for _, kind := range spanKinds[d.coarsest:] {
		if from%kind.months != 0 || from+kind.months > to {
			continue
		}
		if s, ok := d.span(area, kind.first+from/kind.months); ok {
			return endingSpan{s, from + kind.months}
		}
	}
	return endingSpan{}
}

// difference returns the best difference of two spans that begin alike: one that ends
// with the target, and one that ends where the target begins.
func (d *derivation) difference(of member) *way {
	var found *way
	for _, w := range d.differences(of) {
		found = best(found, w)
	}
	return found
}

func (d *derivation) differences(of member) (all []*way) {
	flows := d.reported(of)
	if flows == nil || d.from == 0 {
		return nil
	}
	for number := range flows {
		whole, ok := d.span(flows, number)
		if !ok {
			continue
		}
		start, end := d.flows.periods[number].Months()
		if end != d.to || start >= d.from {
			continue
		}
		if w := d.exactly(of, start, d.from); w != nil {
			for i := range w.spans {
				w.spans[i].subtracted = true
			}
			w.add(whole)
			all = append(all, w)
		}
	}
	return all
}

// exactly returns one span that covers the months, the area's own or one of each area
// that it was formed from; nil where there is none.
func (d *derivation) exactly(of member, from, to int) *way {
	var found *way
	if flows := d.reported(of); flows != nil {
		for number := range flows {
			if s, ok := d.span(flows, number); ok {
				if start, end := d.flows.periods[number].Months(); start == from && end == to {
					w := &way{}
					w.add(s)
					found = best(found, w)
				}
			}
		}
	}
	var whole *way
	for _, predecessor := range d.formedFrom(of) {
		w := d.exactly(predecessor, from, to)
		if w == nil {
			return found
		}
		if whole == nil {
			whole = &way{}
		}
		whole.add(w.spans...)
	}
	return best(found, whole)
}
