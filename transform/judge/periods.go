package judge

import "github.com/citytally/citytally/configs/catalogue"

// periods is a set of periods, by year in no order. A submission mostly has one year.
type periods []periodsOfYear

type periodsOfYear struct {
	year int16
	in   catalogue.PeriodSet
}

func (all *periods) add(p catalogue.Period) {
	for i := range *all {
		if of := &(*all)[i]; of.year == p.Year {
			of.in |= catalogue.SetOf(p)
			return
		}
	}
	*all = append(*all, periodsOfYear{p.Year, catalogue.SetOf(p)})
}

// of returns the periods of a year.
func (all periods) of(year int16) catalogue.PeriodSet {
	for i := range all {
		if all[i].year == year {
			return all[i].in
		}
	}
	return 0
}

func (all periods) has(p catalogue.Period) bool { return all.of(p.Year).Has(p.Number()) }

// years returns the shortest span of years that has them all.
func (all periods) years() (years catalogue.Years) {
	for i := range all {
		years = years.With(all[i].year)
	}
	return years
}
