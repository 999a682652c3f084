package ledger

import (
	"fmt"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Figures keep the unit in which they were accepted and are converted when they are read, so
// that a catalogue with other units changes no figure, and an earlier one brings back what
// it said.

// maxUnits is how many different units the figures of a ledger may have. The number after
// the last stands for a unit that no figure has.
const maxUnits = 255

// unitNumber returns the number of a unit, a new one where it first occurs.
func (l *Ledger) unitNumber(name string) (uint8, error) {
	number, ok := l.unitNumbers[name]
	if !ok {
		if len(l.units) == maxUnits {
			return 0, fmt.Errorf("unit %q: figures have %d other units already", name, maxUnits)
		}
		// The name shares its memory with the whole message, which must not stay.
		name = strings.Clone(name)
		number = uint8(len(l.units))
		l.units, l.unitNumbers[name] = append(l.units, name), number
		for _, indicator := range l.indicators {
			if indicator.definition != nil && indicator.definition.UnitName == name {
				indicator.unit = number
			}
		}
	}
	return number, nil
}

// conversion is how the figures of an indicator are read under a catalogue.
type conversion struct {
	definition *catalogue.Indicator // nil where the catalogue does not have it
	unit       uint8                // number of its unit
}

// conversionUnder returns how the figures of an indicator are read under a catalogue. While views
// read it adds no unit: one that no figure has needs no number.
func (l *Ledger) conversionUnder(c *catalogue.Catalogue, id string) conversion {
	definition, ok := c.Indicator(id)
	if !ok {
		return conversion{}
	}
	if number, ok := l.unitNumbers[definition.UnitName]; ok {
		return conversion{definition, number}
	}
	return conversion{definition, maxUnits}
}

// figure returns a figure in the unit of the indicator. It reports false, and leaves the value
// in the unit that it has, where that does not convert. What the catalogue does not have stays
// as it is.
func (l *Ledger) figure(f *packedFigure, as conversion) (Figure, bool) {
	figure := Figure{Value: f.value(), Stage: f.stage(), Status: f.status(), Qualifier: f.qualifier(), Epoch: f.epoch, List: f.scaleAndQualifier&listBit != 0}
	if as.definition == nil || f.unit == as.unit || figure.Status == catalogue.Missing {
		return figure, true
	}
	value, err := as.definition.InUnit(figure.Value, l.units[f.unit])
	if err != nil {
		figure.Unit = l.units[f.unit]
		return figure, false
	}
	figure.Value = value
	return figure, true
}
