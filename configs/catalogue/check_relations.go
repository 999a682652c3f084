package catalogue

import (
	"slices"
	"strings"
)

// checkUnits reports a ratio whose unit is not the quotient of its parts' units, multiplied
// by the factor.
func checkUnits(ratio, numerator, denominator *Indicator, report indicatorReport) {
	top, bottom := scaledUnit(numerator.UnitName), scaledUnit(denominator.UnitName)
	alike := top.Dimension == bottom.Dimension
	if ratio.UnitName == "" || numerator.UnitName == "" || denominator.UnitName == "" {
		return // told already
	}
	exponent, ok := quotientExponent(top, bottom, ratio.UnitName)
	switch {
	case !ok && alike:
		report("unit", "%s divided by %s is a share; want %%, ‰ or 1, got %s", top.Name, bottom.Name, ratio.UnitName)
	case !ok && ratio.unit.Share():
		report("unit", "%s divided by %s is no share; want a unit such as %s/%s, got %s", top.Name, bottom.Name, top.Name, bottom.Name, ratio.UnitName)
	case !ok:
		report("unit", "%s divided by %s does not give %s; want a unit such as %s/%s", top.Name, bottom.Name, ratio.UnitName, top.Name, bottom.Name)
	case exponent < 0 || exponent > MaxDigits:
		report("unit", "%s divided by %s gives %s only with the factor 10^%d; want a unit whose factor is a whole number", top.Name, bottom.Name, ratio.UnitName, exponent)
	case ratio.Factor > 0 && ratio.Factor != pow10[exponent]:
		report("factor", "want %d where %s divided by %s is in %s, got %d", pow10[exponent], top.Name, bottom.Name, ratio.UnitName, ratio.Factor)
	}
}

// quotientExponent returns the power of ten by which a quotient of two units has to be
// multiplied to be in a third; false where it cannot be. That is a share where the two
// are alike or both count things, else top/bottom, or top alone where the other counts
// heads: 元 of 万元 by 人.
func quotientExponent(top, bottom Unit, name string) (exponent int, ok bool) {
	exponent = int(top.Exponent) - int(bottom.Exponent)
	own := scaledUnit(name)
	if own.Share() {
		return exponent - int(own.Exponent), top.Dimension == bottom.Dimension || top.counts() && bottom.counts()
	}
	if above, below, isQuotient := strings.Cut(name, "/"); isQuotient {
		a, b := scaledUnit(above), scaledUnit(below)
		return exponent - int(a.Exponent) + int(b.Exponent), a.Dimension == top.Dimension && b.Dimension == bottom.Dimension
	}
	return exponent - int(own.Exponent), own.Dimension == top.Dimension && bottom.counts()
}

// scaledUnit looks a unit up by name. Of a name that the table does not have, a counting
// word in front is its power of ten: 万吨标准煤 is 10^4 吨标准煤.
func scaledUnit(name string) Unit {
	if u := ParseUnit(name); u.Dimension != name || u.counts() {
		return u
	}
	for _, s := range countingWords {
		if base, ok := strings.CutPrefix(name, s.word); ok && base != "" {
			return Unit{Name: name, Dimension: base, Exponent: s.exponent}
		}
	}
	return Unit{Name: name, Dimension: name}
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

// checkFlows reports flows that do not add to or take from a stock.
func (c *Catalogue) checkFlows(ind *Indicator, field string, ids []string, report func(field, format string, args ...any)) {
	if len(ids) > 0 && ind.Kind != Stock {
		report(field, "only a stock grows and shrinks by flows; %s is a %s", ind.ID, ind.Kind)
	}
	for j, id := range ids {
		flow := c.indicators[id]
		switch {
		case flow == nil || flow.Kind != Flow || flow.Total == RatioRule:
			report(indexed(field, j), "%q is no flow", id)
		case slices.Index(ids, id) < j || field == "shrinks_by" && slices.Contains(ind.GrowsBy, id):
			report(indexed(field, j), "%q occurs twice", id)
		case ind.unit.Dimension != flow.unit.Dimension:
			report(indexed(field, j), "%s in %s does not change by %s in %s", ind.ID, ind.UnitName, id, flow.UnitName)
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
			return d != nil && slices.ContainsFunc(d.Periods, func(k PeriodKind) bool { return d.Frequency(k) == f })
		}) {
			own = append(own, f)
		}
	}
	return own
}
