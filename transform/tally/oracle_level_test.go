package tally

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

type oracleLevel struct {
	value    *oracleNumber
	have     []string
	expected []string
	reported bool
	// figures are those of each sum that are in the level, by area.
	figures []map[string]oracleFigure
}

// stage returns the lowest stage of the level's figures, and the areas of which one has a
// lower stage than the highest of its sum.
func (l *oracleLevel) stage() (lowest catalogue.Stage, behind []string) {
	for _, sum := range l.figures {
		var highest catalogue.Stage
		for _, f := range sum {
			highest = max(highest, f.stage)
			if lowest == 0 || f.stage < lowest {
				lowest = f.stage
			}
		}
		for area, f := range sum {
			if f.stage < highest && !slices.Contains(behind, area) {
				behind = append(behind, area)
			}
		}
	}
	slices.Sort(behind)
	return lowest, behind
}

func (l *oracleLevel) imputed() bool {
	for _, sum := range l.figures {
		for _, f := range sum {
			if f.imputed {
				return true
			}
		}
	}
	return false
}

// flags says what is special about how the level's figures came about.
func (l *oracleLevel) flags() (flags []string) {
	derived, negative := false, false
	for _, sum := range l.figures {
		for _, f := range sum {
			derived, negative = derived || f.derived, negative || f.negative
		}
	}
	if derived {
		flags = append(flags, "DERIVED")
	}
	if negative {
		flags = append(flags, "DERIVED_NEGATIVE")
	}
	return flags
}

func (o *oracle) level(id string, period catalogue.Period) oracleLevel {
	ind, _ := o.catalogue.Indicator(id)
	if !o.measured(id, period) {
		return oracleLevel{}
	}
	if ind.Total == catalogue.RatioRule {
		return o.ratio(ind, period)
	}
	l := oracleLevel{value: oracleExactly(0), figures: []map[string]oracleFigure{{}}}
	for _, a := range o.catalogue.Areas {
		member := (a.Kind == catalogue.District || a.Kind == catalogue.CarvedOut) && a.ValidIn(period)
		if ind.Total == catalogue.CityRule {
			member = a.Kind == catalogue.City
		}
		if !member {
			continue
		}
		l.expected = append(l.expected, a.Code)
		f := o.figure(ind, period, a.Code)
		l.reported = l.reported || f.reported
		if f.value != nil {
			l.have = append(l.have, a.Code)
			l.value = l.value.plus(f.value)
			l.figures[0][a.Code] = f
		}
	}
	slices.Sort(l.expected)
	slices.Sort(l.have)
	if len(l.have) == 0 {
		l.value = nil
	}
	return l
}

// figure returns an area's own figure, or the one that follows from other periods; nil
// where there is none.
func (o *oracle) figure(ind *catalogue.Indicator, period catalogue.Period, area string) oracleFigure {
	key := ind.ID + " " + period.String() + " " + area
	f, ok := o.figures[key]
	if !ok {
		f = o.find(ind, period, area)
		o.figures[key] = f
	}
	return f
}

type oracleFigure struct {
	value    *oracleNumber
	reported bool
	stage    catalogue.Stage
	imputed  bool
	listed   bool
	derived  bool // from other periods
	negative bool // and came out below zero as a difference
	from     []string
}

func (o *oracle) find(ind *catalogue.Indicator, period catalogue.Period, area string) oracleFigure {
	own, stated := o.best(ind.ID, period)[area]
	switch {
	case stated && own.value == nil:
		return oracleFigure{reported: true}
	case ind.Kind == catalogue.Stock:
		return o.reading(ind, period, area)
	case stated:
		return own.figure()
	case ind.Kind != catalogue.Flow:
		return oracleFigure{}
	}
	d := oracleDerivation{oracle: o, indicator: ind.ID, year: period.Year, period: period.String()[4:], found: map[string][]oraclePart{}}
	from, to := oracleMonths(d.period)
	area = d.until(area, to)
	for d.lowest = catalogue.Final; d.lowest > 0; d.lowest-- {
		if way := d.bestOf(d.ways(area, from, to), d.differences(area, from, to)); way != nil {
			return way.figure()
		}
	}
	d.statements = true
	return oracleFigure{reported: d.bestOf(d.ways(area, from, to), d.differences(area, from, to)) != nil}
}

func (r *oracleRow) figure() oracleFigure {
	return oracleFigure{value: r.value, reported: true, stage: r.stage, imputed: r.imputed, listed: r.listed, from: []string{r.text()}}
}

func (o *oracle) ratio(ind *catalogue.Indicator, period catalogue.Period) oracleLevel {
	n, d := o.level(ind.Numerator, period), o.level(ind.Denominator, period)
	num, _ := o.catalogue.Indicator(ind.Numerator)
	den, _ := o.catalogue.Indicator(ind.Denominator)
	l := oracleLevel{expected: n.expected, reported: n.reported && d.reported}
	if num.Total != den.Total {
		l = oracleLevel{expected: append(slices.Clone(n.expected), d.expected...), have: append(slices.Clone(n.have), d.have...), reported: n.reported || d.reported}
		slices.Sort(l.expected)
		slices.Sort(l.have)
		if len(l.have) == len(l.expected) && n.value != nil && d.value != nil {
			l.figures = append(n.figures, d.figures...)
			if d.value.value.Sign() != 0 {
				l.value = n.value.times(oracleExactly(ind.Factor)).over(d.value)
			}
		}
		return l
	}
	top, bottom := oracleExactly(0), oracleExactly(0)
	l.figures = []map[string]oracleFigure{{}, {}}
	for _, area := range n.have {
		if slices.Contains(d.have, area) {
			l.have = append(l.have, area)
			a, b := o.figure(num, period, area), o.figure(den, period, area)
			top, bottom = top.plus(a.value), bottom.plus(b.value)
			l.figures[0][area], l.figures[1][area] = a, b
		}
	}
	if bottom.value.Sign() != 0 {
		l.value = top.times(oracleExactly(ind.Factor)).over(bottom)
	}
	return l
}
