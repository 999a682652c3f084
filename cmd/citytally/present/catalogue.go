package present

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/catalogue/diff"
)

// WholeCatalogue prints the printer's catalogue with its defaults filled in: as
// tables, as YAML, which can be loaded again, or as JSON.
func (p *Printer) WholeCatalogue(w io.Writer, format string) error {
	c := p.Catalogue
	switch format {
	case FormatJSON:
		return JSON(w, struct {
			Version string `json:"version"`
			*catalogue.Catalogue
		}{c.Version(), c})
	case FormatYAML:
		text, err := c.YAML()
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	words := &p.words().Catalogue
	areas := NewTable(w, words.Areas)
	for i := range c.Areas {
		a := &c.Areas[i]
		kind := words.Kinds[a.Kind]
		if a.Host != "" {
			kind += fmt.Sprintf(words.InsideOf, a.Host)
		}
		areas.AppendRow(table.Row{a.Code, p.Area(a.Code), kind, words.span(a.ValidFrom, a.ValidTo), strings.Join(a.Predecessors, " ")})
	}
	areas.Render()
	fmt.Fprintln(w)
	datasets := NewTable(w, words.Datasets)
	for i := range c.Datasets {
		d := &c.Datasets[i]
		var periods []string
		for _, kind := range d.Periods {
			periods = append(periods, kind.String())
		}
		datasets.AppendRow(table.Row{d.ID, p.Language.Choose(d.NameZH, d.NameEN), strings.Join(periods, " "), p.words().Stages[d.Stage.String()], fmt.Sprintf(words.DueDays, d.DueDays)})
	}
	datasets.Render()
	fmt.Fprintln(w)
	indicators := NewTable(w, words.Indicators)
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		total := string(ind.Total)
		if ind.Total == catalogue.RatioRule {
			total = ind.Numerator + " / " + ind.Denominator
		}
		indicators.AppendRow(table.Row{ind.ID, p.Language.Choose(ind.NameZH, ind.NameEN), ind.UnitName, ind.Kind, total, ind.Change, ind.Frequency, strings.Join(ind.Datasets, " ")})
	}
	indicators.Render()
	return nil
}

// span tells the time between two days; a zero day does not bound it.
func (words *CatalogueWords) span(from, until catalogue.Date) string {
	var parts []string
	for _, end := range []struct {
		pattern string
		day     catalogue.Date
	}{{words.From, from}, {words.Until, until}} {
		if !end.day.IsZero() {
			text, _ := end.day.MarshalText()
			parts = append(parts, fmt.Sprintf(end.pattern, text))
		}
	}
	return strings.Join(parts, " ")
}

// CatalogueDiff prints what differs between two catalogues, as a table or as JSON.
func (p *Printer) CatalogueDiff(w io.Writer, before, after *catalogue.Catalogue, format string) error {
	differences := diff.Between(before, after)
	if format == FormatJSON {
		return JSON(w, struct {
			From        string            `json:"from"`
			To          string            `json:"to"`
			Differences []diff.Difference `json:"differences"`
		}{before.Version(), after.Version(), append([]diff.Difference{}, differences...)})
	}
	p.differences(w, differences)
	return nil
}

func (p *Printer) differences(w io.Writer, differences []diff.Difference) {
	words := &p.words().Catalogue
	if len(differences) == 0 {
		fmt.Fprintln(w, words.Same)
		return
	}
	t := NewTable(w, words.Differences)
	for i := range differences {
		d := &differences[i]
		what := words.Actions[d.Action]
		if d.Field != "" {
			what += " " + d.Field
		}
		effect := words.Effects[d.Effect]
		switch totals := strings.Join(d.Totals, " "); {
		case totals != "":
			effect += ": " + totals
		case d.Effect == diff.TotalsChange || d.Effect == diff.ChangesOnly:
			effect += ": " + words.AllTotals
		}
		if when := words.span(d.Since, d.Until); when != "" {
			effect += " (" + when + ")"
		}
		t.AppendRow(table.Row{words.Sections[d.Section], d.ID, what, d.From, d.To, effect})
	}
	t.Render()
}
