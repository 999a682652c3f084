package catalogue

import "slices"

// Formula says how an area's figure for one period follows from its figures for
// others: the sum of Plus less the sum of Minus, all of one year.
type Formula struct{ Plus, Minus []Period }

// Formulas returns the ways in which a figure of an indicator's kind follows
// for the period from others that were reported, the closest first. Flows add
// up over time, and a month is what its year to date adds to the one before; a
// year is never taken from December's year to date, which is not the annual
// figure. Stocks take the last reading. Ratios follow from their parts, never
// from ratios of other periods.
//
// January and February are often reported as one, 2021-YTD02: then neither
// month has a figure, and March is YTD03 less YTD02.
func (p Period) Formulas(kind Kind) []Formula {
	switch kind {
	case Flow:
		return p.flowFormulas()
	case Stock:
		return p.stockFormulas()
	}
	return nil
}

func (p Period) flowFormulas() []Formula {
	switch p.Kind {
	case Month:
		return []Formula{p.difference(p.Index, p.Index-1)}
	case Quarter:
		return []Formula{p.sum(Month, 3*p.Index-2, 3*p.Index), p.difference(3*p.Index, 3*p.Index-3)}
	case Half:
		return []Formula{p.sum(Quarter, 2*p.Index-1, 2*p.Index), p.sum(Month, 6*p.Index-5, 6*p.Index), p.difference(6*p.Index, 6*p.Index-6)}
	case Year:
		return []Formula{p.sum(Half, 1, 2), p.sum(Quarter, 1, 4), p.sum(Month, 1, 12)}
	case YearToDate:
		formulas := []Formula{p.sum(Month, 1, p.Index)}
		if p.Index%3 == 0 {
			formulas = append(formulas, p.sum(Quarter, 1, p.Index/3))
		}
		if p.Index%6 == 0 {
			formulas = append(formulas, p.sum(Half, 1, p.Index/6))
		}
		return formulas
	}
	return nil
}

func (p Period) stockFormulas() []Formula {
	var formulas []Formula
	for _, kind := range []PeriodKind{Half, Quarter, Month, YearToDate, Year} {
		months := map[PeriodKind]int{Year: 12, Half: 6, Quarter: 3, Month: 1, YearToDate: 1}[kind]
		if last := p.lastMonth(); kind != p.Kind && last%months == 0 {
			at := Period{Year: p.Year, Kind: kind, Index: uint8(last / months)}
			if kind == Year {
				at.Index = 0
			}
			formulas = append(formulas, Formula{Plus: []Period{at}})
		}
	}
	return formulas
}

// sum is the formula that adds the periods of a kind from one index to another.
func (p Period) sum(kind PeriodKind, from, to uint8) Formula {
	var f Formula
	for i := from; i <= to; i++ {
		f.Plus = append(f.Plus, Period{Year: p.Year, Kind: kind, Index: i})
	}
	return f
}

// difference is the formula that takes one year to date from another; that of
// no month is zero.
func (p Period) difference(to, from uint8) Formula {
	f := p.sum(YearToDate, to, to)
	if from > 0 {
		f.Minus = p.sum(YearToDate, from, from).Plus
	}
	return f
}

// Feeds returns the periods whose formulas use the period, in order.
func (p Period) Feeds(kind Kind) []Period {
	feeds := slices.Clone(feeding[feedKey{kind, p.Kind, p.Index}])
	for i := range feeds {
		feeds[i].Year = p.Year
	}
	return feeds
}

type feedKey struct {
	kind  Kind
	of    PeriodKind
	index uint8
}

// feeding is the formulas of a year turned round.
var feeding = func() map[feedKey][]Period {
	fed := map[feedKey][]Period{}
	for _, kind := range []Kind{Flow, Stock} {
		for _, p := range periodsOfYear() {
			for _, f := range p.Formulas(kind) {
				for _, part := range append(slices.Clone(f.Plus), f.Minus...) {
					key := feedKey{kind, part.Kind, part.Index}
					if !slices.Contains(fed[key], p) {
						fed[key] = append(fed[key], p)
					}
				}
			}
		}
	}
	return fed
}()

func periodsOfYear() []Period {
	periods := []Period{{Kind: Year}}
	for kind, n := range map[PeriodKind]uint8{Half: 2, Quarter: 4, Month: 12, YearToDate: 12} {
		for i := uint8(1); i <= n; i++ {
			periods = append(periods, Period{Kind: kind, Index: i})
		}
	}
	slices.SortFunc(periods, Period.Compare)
	return periods
}
