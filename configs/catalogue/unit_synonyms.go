package catalogue

import (
	"fmt"
	"slices"
)

// synonymsOf returns the other units of the group that a unit's dimension is in.
func (c *Catalogue) synonymsOf(u Unit) []string {
	for _, group := range c.UnitSynonyms {
		if slices.Contains(group, u.Dimension) {
			return group
		}
	}
	return nil
}

// checkUnitSynonyms reports groups that say nothing, and units that are none by themselves or
// stand twice.
func (c *Catalogue) checkUnitSynonyms() (errs []error) {
	taken := map[string]bool{}
	for i, group := range c.UnitSynonyms {
		path := fmt.Sprintf("unit_synonyms[%d]", i)
		if len(group) < 2 {
			errs = append(errs, fmt.Errorf("%s: want two or more units that count the same, got %d", path, len(group)))
		}
		for j, name := range group {
			switch u := ParseUnit(name); {
			case NormalizeName(name) != name || name == "" || u.Exponent != 0 || u.Share():
				errs = append(errs, fmt.Errorf("%s[%d]: want a unit as it counts one by one, such as 家, got %q", path, j, name))
			case taken[name]:
				errs = append(errs, fmt.Errorf("%s[%d]: %q occurs twice", path, j, name))
			}
			taken[name] = true
		}
	}
	return errs
}
