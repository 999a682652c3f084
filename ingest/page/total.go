package page

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/inquiry"
)

// move is a total of the city that a submission would change.
type move struct {
	Indicator, Period, From, To string
	Have, Expected              int
	Missing                     []string // names of areas
}

func (v *visit) moveOf(c *inquiry.TotalChange) move {
	m := move{Indicator: v.Indicator(c.Indicator), Period: v.Period(c.Period), From: v.total(c.Indicator, c.From), To: v.total(c.Indicator, c.To)}
	if c.To != nil {
		m.Have, m.Expected = c.To.Have, c.To.Expected
		for _, area := range c.To.Missing {
			m.Missing = append(m.Missing, v.NameOf(area))
		}
	}
	return m
}

// total writes a total of an indicator as reports show it, with its unit and stage.
func (v *visit) total(indicator string, t *inquiry.Total) string {
	if t == nil || t.Value == "" {
		return v.W.NoTotal
	}
	return v.figure(indicator, t.Value, t.Qualifier, t.Stage)
}

// figure writes a figure of an indicator as reports show it, rounded, with its unit, qualifier
// and stage.
func (v *visit) figure(indicator, value, qualifier, stage string) string {
	if i, ok := v.page.catalogue.Indicator(indicator); ok {
		if exact, err := decimal.NewFromString(value); err == nil {
			value = i.Unit().After(i.Display(exact, i.Decimals))
		}
	}
	if format, ok := v.W.Qualifiers[qualifier]; ok {
		value = fmt.Sprintf(format, value)
	}
	if name := v.W.Stages[stage]; name != "" {
		value = fmt.Sprintf(v.W.WithStage, value, name)
	}
	return value
}
