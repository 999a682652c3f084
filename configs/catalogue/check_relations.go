package catalogue

import (
	"slices"
	"strings"
)

// checkUnits reports a ratio whose unit is not the quotient of its parts' units.
func checkUnits(ratio, numerator, denominator *Indicator, report indicatorReport) {
	top, bottom := numerator.unit, denominator.unit
	alike := top.Dimension == bottom.Dimension
	if alike && top != bottom {
		report("numerator", "want numerator and denominator in one unit, got %s and %s", top.Name, bottom.Name)
		return
	}
	switch own := ratio.unit; {
	case own.Name == "": // checkVocabulary has reported it
	case own.Dimension == "1" && !alike && !(top.counts() && bottom.counts()):
		report("unit", "%s divided by %s is no share; want a unit such as %s/%s, got %s", top.Name, bottom.Name, top.Name, bottom.Name, own.Name)
	case own.Dimension == "1" && ratio.Factor > 0 && ratio.Factor != pow10[-own.Exponent]:
		report("factor", "want %d where the unit is %s, got %d", pow10[-own.Exponent], own.Name, ratio.Factor)
	case own.Dimension != "1" && alike:
		report("unit", "%s divided by %s is a share; want %%, ‰ or 1, got %s", top.Name, bottom.Name, own.Name)
	}
}

// checkAtMost reports indicators in at_most with which the indicator cannot be compared.
func (c *Catalogue) checkAtMost(ind *Indicator, report func(field, format string, args ...any)) {
	for j, id := range ind.AtMost {
		whole := c.indicators[id]
		switch {
		case whole == nil || whole == ind:
			report(indexed("at_most", j), "%q is no other indicator", id)
		case slices.Index(ind.AtMost, id) < j:
			report(indexed("at_most", j), "%q occurs twice", id)
		case ind.unit.Dimension != whole.unit.Dimension && !(ind.unit.counts() && whole.unit.counts()):
			report(indexed("at_most", j), "%s in %s cannot be held against %s in %s", ind.ID, ind.UnitName, id, whole.UnitName)
		}
	}
}

// checkCycles reports indicators that lead back to themselves when next is followed. It
// reports each cycle once, at the first of its indicators.
func (c *Catalogue) checkCycles(field string, next func(*Indicator) []string, report func(i int, field, format string, args ...any)) {
	done := map[string]bool{}
	for i := range c.Indicators {
		var path []string
		var walk func(id string)
		walk = func(id string) {
			if at := slices.Index(path, id); at >= 0 {
				report(i, field, "goes round in a circle: %s", strings.Join(append(slices.Clone(path[at:]), id), " → "))
				return
			}
			ind := c.indicators[id]
			if done[id] || ind == nil {
				return
			}
			path = append(path, id)
			for _, other := range next(ind) {
				if other != id { // checkAtMost or checkRatio has reported it
					walk(other)
				}
			}
			path = path[:len(path)-1]
			done[id] = true
		}
		walk(c.Indicators[i].ID)
	}
}

// checkFrequency reports an indicator whose frequency no dataset takes.
func (c *Catalogue) checkFrequency(ind *Indicator, report indicatorReport) {
	if !slices.Contains(frequencies, ind.Frequency) {
		if ind.Frequency != "" { // without datasets there is none, which has been reported
			report("frequency", "want one of %v, got %q", frequencies, ind.Frequency)
		}
		return
	}
	for _, part := range c.reportedParts(ind) {
		if possible := c.frequenciesOf(part); len(possible) > 0 && !slices.Contains(possible, ind.Frequency) {
			report("frequency", "no dataset of %s takes %s; its datasets take %v", part.ID, ind.Frequency, possible)
		}
	}
}

// deriveFrequency sets a frequency that was left out: the highest that the datasets take.
func (c *Catalogue) deriveFrequency(ind *Indicator) {
	if ind.Frequency != "" {
		return
	}
	possible := slices.Clone(frequencies)
	parts := c.reportedParts(ind)
	for _, part := range parts {
		own := c.frequenciesOf(part)
		possible = slices.DeleteFunc(possible, func(f Frequency) bool { return !slices.Contains(own, f) })
	}
	if len(parts) > 0 && len(possible) > 0 {
		ind.Frequency = possible[len(possible)-1]
	}
}

// reportedParts returns the indicators that have to be reported for this one to be known:
// itself, or the two parts of a ratio.
func (c *Catalogue) reportedParts(ind *Indicator) []*Indicator {
	if ind.Total != RatioRule {
		return []*Indicator{ind}
	}
	var parts []*Indicator
	for _, id := range []string{ind.Numerator, ind.Denominator} {
		if part := c.indicators[id]; part != nil && part.Total != RatioRule {
			parts = append(parts, part)
		}
	}
	return parts
}

// frequenciesOf returns the frequencies at which datasets take the indicator.
func (c *Catalogue) frequenciesOf(ind *Indicator) []Frequency {
	var own []Frequency
	for _, f := range frequencies {
		if slices.ContainsFunc(ind.Datasets, func(id string) bool {
			d := c.datasets[id]
			return d != nil && slices.ContainsFunc(d.Periods, func(k PeriodKind) bool { return k.Frequency() == f })
		}) {
			own = append(own, f)
		}
	}
	return own
}
