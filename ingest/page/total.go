package page

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// move is a total of the city that a submission would change.
type move struct {
	Indicator, Period, From, To string
	Have, Expected              int
	Missing                     []string // names of areas
	WithHeld                    string   // what it would be with what is held; "" where that is the same
}

// inCatalogueOrder sorts changes as the catalogue and the forms have their indicators.
func (v *visit) inCatalogueOrder(changes []inquiry.TotalChange) {
	indicators := v.page.catalogue().Indicators
	places := make(map[string]int, len(indicators))
	for i := range indicators {
		places[indicators[i].ID] = i
	}
	slices.SortStableFunc(changes, func(a, b inquiry.TotalChange) int { return cmp.Compare(places[a.Indicator], places[b.Indicator]) })
}

func (v *visit) moveOf(c *inquiry.TotalChange) move {
	m := move{Indicator: v.Indicator(c.Indicator), Period: v.Period(c.Period), From: v.total(c.Indicator, c.From), To: v.total(c.Indicator, c.To)}
	if c.To != nil {
		m.Have, m.Expected, m.WithHeld = c.To.Have, c.To.Expected, v.withHeld(c.Indicator, c.To)
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
	if i, ok := v.page.catalogue().Indicator(indicator); ok {
		if exact, err := decimal.NewFromString(value); err == nil {
			decimals := i.Decimals
			if qualifier == "" {
				decimals = i.DisplayDecimals(exact)
			}
			value = i.Unit().After(i.Display(exact, decimals))
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

// totalsPage shows the city's totals of a period, with an area's part in them.
type totalsPage struct {
	Selection selection
	On        string // what the change is on: the year before, or the same part of it
	Rows      []totalRow
}

// totalRow is one total of the city.
type totalRow struct {
	Indicator, Total, Change, Own string
	ID                            string
	Have, Expected                int
	Missing                       []string
	Publishable                   bool
	WithHeld                      string // what it would be with what is held; "" where that is the same
}

// totals answers GET /totals.
func (p *Page) totals(w http.ResponseWriter, r *http.Request, v *visit) error {
	shown := totalsPage{Selection: v.selected(r.URL.Query())}
	shown.On = v.W.Changes.Base(shown.Selection.Period).On
	told, err := p.gateway.Totals(w, r, inquiry.WantedTotals{Period: shown.Selection.Period.String(), Area: v.Area.Code})
	if err != nil {
		return err
	}
	for i := range told.Totals {
		t := &told.Totals[i]
		row := totalRow{
			ID: t.Indicator, Indicator: v.Indicator(t.Indicator), Total: v.total(t.Indicator, &t.Total), Change: v.change(t),
			Have: t.Have, Expected: t.Expected, Publishable: t.Publishable, WithHeld: v.withHeld(t.Indicator, &t.Total),
		}
		var own []string
		for _, part := range t.Parts {
			if part.Indicator == t.Indicator {
				own = append(own, v.part(&part))
			}
		}
		row.Own = strings.Join(own, " ")
		for _, area := range t.Missing {
			row.Missing = append(row.Missing, v.NameOf(area))
		}
		shown.Rows = append(shown.Rows, row)
	}
	return p.render(w, v, http.StatusOK, "totals", v.W.Totals, &shown)
}

// change writes a total's change on the year before or, in the words of reports, why there is
// none.
func (v *visit) change(t *inquiry.CityTotal) string {
	i, ok := v.page.catalogue().Indicator(t.Indicator)
	exact, err := decimal.NewFromString(t.Change)
	if !ok || err != nil {
		return v.noChange(t)
	}
	text := i.Display(exact, i.ChangeDecimals)
	if exact.IsPositive() {
		text = "+" + text
	}
	format := v.W.Percent
	if t.ChangeKind == string(catalogue.Point) {
		format = v.W.Points
	}
	text = fmt.Sprintf(format, text)
	if format, ok := v.W.Qualifiers[t.ChangeQualifier]; ok {
		text = fmt.Sprintf(format, text)
	}
	return text
}

// noChange says why a total has no change, and because of which areas.
func (v *visit) noChange(t *inquiry.CityTotal) string {
	period, err := catalogue.ParsePeriod(t.Period)
	if err != nil {
		return ""
	}
	text := v.W.Changes.WhyNone(v.W.Changes.Base(period), t.ChangeReason, t.Value)
	for i, area := range t.ChangeAreas {
		if i == 0 {
			text += v.W.Colon
		} else {
			text += v.W.List
		}
		text += v.NameOf(area)
	}
	return text
}

// part writes a figure that went into a total, exactly.
func (v *visit) part(p *inquiry.Part) string {
	value := p.Value
	if i, ok := v.page.catalogue().Indicator(p.Indicator); ok {
		value = i.Unit().After(value)
	}
	if p.Subtracted {
		value = "−" + value
	}
	if p.Period != "" {
		value = fmt.Sprintf(v.W.WithStage, value, v.Period(p.Period))
	}
	return v.Said(&event.Said{Value: value, Stage: p.Stage, Qualifier: p.Qualifier})
}

// explainedPage shows how a total of the city adds up.
type explainedPage struct {
	Row        totalRow
	Period, On string
	Sums       []explainedSum
	// Ratio says that the total is the first sum divided by the second, times Factor.
	Ratio  bool
	Factor int64
}

// explainedSum is the sum of one indicator.
type explainedSum struct {
	Indicator string
	Own       []string
	// Each has the figures of every other area, for those who may see them; for the rest, Others
	// has them together.
	Each []areaFigures
	// Others is the sum of the other areas, whose names are in From.
	Others, Sum string
	From        []string
}

// areaFigures are an area's figures in a sum.
type areaFigures struct {
	Area    string
	Figures []string
}

// explain answers GET /totals/{indicator}/{period}.
func (p *Page) explain(w http.ResponseWriter, r *http.Request, v *visit) error {
	indicator, period, err := p.cell(r)
	if err != nil {
		return err
	}
	told, err := p.gateway.Totals(w, r, inquiry.WantedTotals{Period: period.String(), Indicator: indicator.ID})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(told.Totals, func(t inquiry.CityTotal) bool { return t.Indicator == indicator.ID })
	if at < 0 {
		return &Refusal{Status: http.StatusNotFound, ZH: chinese.NoSuchTotal, EN: english.NoSuchTotal}
	}
	t := &told.Totals[at]
	shown := explainedPage{Period: period.String(), On: v.W.Changes.Base(period).On, Ratio: indicator.Total == catalogue.RatioRule, Factor: indicator.Factor}
	shown.Row = totalRow{Total: v.total(t.Indicator, &t.Total), Change: v.change(t), Have: t.Have, Expected: t.Expected, Publishable: t.Publishable, WithHeld: v.withHeld(t.Indicator, &t.Total)}
	for _, area := range t.Missing {
		shown.Row.Missing = append(shown.Row.Missing, v.NameOf(area))
	}
	of := []string{indicator.ID}
	if shown.Ratio {
		of = []string{indicator.Numerator, indicator.Denominator}
	}
	for _, id := range of {
		shown.Sums = append(shown.Sums, v.sumOf(id, t.Parts))
	}
	return p.render(w, v, http.StatusOK, "explained", v.Indicator(indicator.ID), &shown)
}

// sumOf adds the parts of one indicator up: those of the visit's area each, the others together
// or, for those who see every area, area by area. Sums are exact.
func (v *visit) sumOf(indicator string, parts []inquiry.Part) explainedSum {
	s := explainedSum{Indicator: v.Indicator(indicator)}
	var others, all decimal.Decimal
	for i := range parts {
		part := &parts[i]
		value, err := decimal.NewFromString(part.Value)
		if part.Indicator != indicator || err != nil {
			continue
		}
		if part.Subtracted {
			value = value.Neg()
		}
		all = all.Add(value)
		if part.Area == v.Area.Code {
			s.Own = append(s.Own, v.part(part))
			continue
		}
		if v.EveryArea() {
			name := v.NameOf(part.Area)
			at := slices.IndexFunc(s.Each, func(a areaFigures) bool { return a.Area == name })
			if at < 0 {
				at, s.Each = len(s.Each), append(s.Each, areaFigures{Area: name})
			}
			s.Each[at].Figures = append(s.Each[at].Figures, v.part(part))
			continue
		}
		others = others.Add(value)
		if name := v.NameOf(part.Area); !slices.Contains(s.From, name) {
			s.From = append(s.From, name)
		}
	}
	s.Others, s.Sum = others.String(), all.String()
	if i, ok := v.page.catalogue().Indicator(indicator); ok {
		s.Others, s.Sum = i.Unit().After(s.Others), i.Unit().After(s.Sum)
	}
	return s
}
