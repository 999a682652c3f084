package transform

import "github.com/citytally/citytally/configs/catalogue"

// families tells which indicators' totals say something about each other: a
// ratio and its parts, and whatever shares one with them. Totals of one family
// are shown together; those of different families need not be.
type families map[string]string // indicator to the family's first

func familiesOf(c *catalogue.Catalogue) families {
	f := families{}
	for i := range c.Indicators {
		indicator := &c.Indicators[i]
		for _, part := range []string{indicator.Numerator, indicator.Denominator} {
			if part != "" {
				f[f.of(part)] = f.of(indicator.ID)
			}
		}
	}
	return f
}

func (f families) of(indicator string) string {
	for {
		next, ok := f[indicator]
		if !ok || next == indicator {
			return indicator
		}
		indicator = next
	}
}

// The most totals that are shown together, unless one family has more: a flush
// of totals is one insert, and takes the memory of one.
const totalsPerFlush = 2000

// together cuts cells into those whose totals are shown together: whole
// families.
func together(c *catalogue.Catalogue, cells []Cell) [][]Cell {
	if len(cells) <= totalsPerFlush {
		return [][]Cell{cells}
	}
	family, of := familiesOf(c), map[string][]Cell{}
	var order []string
	for _, cell := range cells {
		first := family.of(cell.Indicator)
		if of[first] == nil {
			order = append(order, first)
		}
		of[first] = append(of[first], cell)
	}
	var all [][]Cell
	var flush []Cell
	for _, first := range order {
		if len(flush) > 0 && len(flush)+len(of[first]) > totalsPerFlush {
			all, flush = append(all, flush), nil
		}
		flush = append(flush, of[first]...)
	}
	return append(all, flush)
}

// flushes cuts totals into those that are shown together.
func flushes(c *catalogue.Catalogue, byPeriod []periodTotals) [][]periodTotals {
	var cells []Cell
	for _, pt := range byPeriod {
		for i := range pt.totals {
			cells = append(cells, Cell{pt.totals[i].Indicator, pt.period})
		}
	}
	cut := together(c, cells)
	if len(cut) == 1 {
		return [][]periodTotals{byPeriod}
	}
	number := map[Cell]int{}
	for n, flush := range cut {
		for _, cell := range flush {
			number[cell] = n
		}
	}
	all := make([][]periodTotals, len(cut))
	for _, pt := range byPeriod {
		for _, total := range pt.totals {
			flush := &all[number[Cell{total.Indicator, pt.period}]]
			if n := len(*flush); n == 0 || (*flush)[n-1].period != pt.period {
				*flush = append(*flush, periodTotals{period: pt.period})
			}
			last := &(*flush)[len(*flush)-1]
			last.totals = append(last.totals, total)
		}
	}
	return all
}
