package tally

import "github.com/citytally/citytally/configs/catalogue"

// relatedIndicators tells which indicators form a group: a ratio and its parts, and
// whatever shares a part with them. Readers must see the totals of a group at the same
// basis, since they follow from each other. It maps an indicator towards the one that
// represents its group; an indicator that is not in it represents itself.
type relatedIndicators map[string]string

func findRelated(c *catalogue.Catalogue) relatedIndicators {
	related := relatedIndicators{}
	for i := range c.Indicators {
		indicator := &c.Indicators[i]
		for _, part := range []string{indicator.Numerator, indicator.Denominator} {
			if part != "" {
				related[related.representative(part)] = related.representative(indicator.ID)
			}
		}
	}
	return related
}

// representative returns the indicator that represents the group of another.
func (r relatedIndicators) representative(indicator string) string {
	for {
		next, ok := r[indicator]
		if !ok || next == indicator {
			return indicator
		}
		indicator = next
	}
}

// groupRelated splits items by the groups of their indicators. Groups come in the
// order in which their first items do.
func groupRelated[T any](related relatedIndicators, items []T, indicator func(*T) string) [][]T {
	var groups [][]T
	numbers := map[string]int{}
	for i := range items {
		group := related.representative(indicator(&items[i]))
		n, ok := numbers[group]
		if !ok {
			n = len(groups)
			numbers[group], groups = n, append(groups, nil)
		}
		groups[n] = append(groups[n], items[i])
	}
	return groups
}
