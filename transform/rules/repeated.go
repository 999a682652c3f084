package rules

import (
	"github.com/citytally/citytally/configs/catalogue"
)

// Telling reports whether a figure is hardly the same by chance: it has places, or is no small number.
func Telling(v catalogue.Value) bool {
	return v.Scale > 0 || max(v.Coefficient, -v.Coefficient) >= leastTelling
}

const (
	// leastTelling is from which size on a whole number is telling.
	leastTelling = 20
	// leastCompared is how many telling figures a submission has at least for a column to be compared.
	leastCompared = 3
)

// sameAs returns how many per cent of the submission's telling figures for the row's period are what they are in
// another one; false where too few can be compared.
func (r *Row) sameAs(in catalogue.Period) (v catalogue.Value, ok bool) {
	same, compared := r.Figures.Repeated(r.Period, in)
	if compared < leastCompared {
		return v, false
	}
	return catalogue.Value{Coefficient: int64(100 * same / compared)}, true
}

// statedUnit returns the unit that the row gives its value in: its own, or else the indicator's.
func statedUnit(r *Row) string {
	if reading, err := catalogue.ParseValue(r.Raw); err == nil && reading.Unit != "" {
		return catalogue.ParseUnit(reading.Unit).Written()
	}
	return r.of.unit.Written()
}
