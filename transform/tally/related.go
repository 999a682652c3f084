package tally

import "github.com/citytally/citytally/configs/catalogue"

// relatedIndicators tells which indicators' totals say something about each other: a
// ratio and its parts, and whatever shares one with them. Totals of one family
// are shown together; those of different families need not be.
type relatedIndicators map[string]string // indicator to the family's first

func findRelated(c *catalogue.Catalogue) relatedIndicators {
	f := relatedIndicators{}
	for i := range c.Indicators {
		indicator := &c.Indicators[i]
		for _, part := range []string{indicator.Numerator, indicator.Denominator} {
			if part != "" {
				f[f.representative(part)] = f.representative(indicator.ID)
			}
		}
	}
	return f
}

func (f relatedIndicators) representative(indicator string) string {
	for {
		next, ok := f[indicator]
		if !ok || next == indicator {
			return indicator
		}
		indicator = next
	}
}

// groupRelated puts together what is of one family, in the order in which the families
// come.
func groupRelated[T any](f relatedIndicators, items []T, indicator func(*T) string) [][]T {
	var all [][]T
	number := map[string]int{}
	for i := range items {
		family := f.representative(indicator(&items[i]))
		n, ok := number[family]
		if !ok {
			n = len(all)
			number[family], all = n, append(all, nil)
		}
		all[n] = append(all[n], items[i])
	}
	return all
}
