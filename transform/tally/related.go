package tally

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

// split puts together what is of one family, in the order in which the families
// come.
func split[T any](f families, items []T, indicator func(*T) string) [][]T {
	var all [][]T
	number := map[string]int{}
	for i := range items {
		family := f.of(indicator(&items[i]))
		n, ok := number[family]
		if !ok {
			n = len(all)
			number[family], all = n, append(all, nil)
		}
		all[n] = append(all[n], items[i])
	}
	return all
}
