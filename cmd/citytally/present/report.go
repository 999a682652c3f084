package present

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/tally"
)

// Report is the city's totals of one period. As JSON, figures are exact decimals
// as strings.
type Report struct {
	Period string `json:"period"`
	// Release and AsOf say what the totals are, where they are not the latest.
	Release string           `json:"release,omitempty"`
	AsOf    time.Time        `json:"as_of,omitzero"`
	Totals  []sink.ReportRow `json:"totals"`
	// Unreported are the indicators that should have a total, and for which nobody has
	// reported anything.
	Unreported []tally.Unreported `json:"unreported"`

	// What only the HTML page shows: the release's note; by indicator, the totals with
	// their inputs; and the totals of earlier years, the oldest first.
	Note    string                  `json:"-"`
	Inputs  map[string]*event.Total `json:"-"`
	Earlier map[string][]Point      `json:"-"`
	// Revised has the indicators whose total is another than was last released.
	Revised map[string]bool `json:"-"`
}

// Catalogue returns the version of the catalogue that the totals were computed under; "" where
// there are none.
func (r *Report) Catalogue() string {
	if len(r.Totals) == 0 {
		return ""
	}
	return r.Totals[0].Catalogue
}

// Report prints a report as a table, JSON, CSV, Markdown or HTML. JSON and CSV have
// the exact figures, the others rounded ones.
func (p *Printer) Report(w io.Writer, r *Report, format string) error {
	switch format {
	case FormatJSON:
		return JSON(w, r)
	case FormatHTML:
		return p.page(w, r)
	case FormatCSV:
		p.reportCSV(w, r)
	case FormatMarkdown:
		p.reportText(w, r, true)
	default:
		p.reportText(w, r, false)
	}
	return nil
}

func (p *Printer) reportText(w io.Writer, r *Report, markdown bool) {
	words := p.words()
	if len(r.Totals) == 0 {
		fmt.Fprintf(w, words.Report.NoTotals+"\n", p.periodName(r.Period))
		return
	}
	heading := "%s\n\n"
	if markdown {
		heading = "# " + heading
	}
	fmt.Fprintf(w, heading, fmt.Sprintf(words.Report.Title, p.periodName(r.Period)))
	t := NewTable(w, table.Row{words.Indicator, words.City, p.base(r.Period).On, words.Report.Areas, words.Stage}, 2, 3, 4)
	programmes := p.byProgramme(r.Totals)
	if markdown {
		for _, programme := range programmes {
			fmt.Fprintf(w, "## %s\n\n", programme.name)
			for _, row := range programme.rows {
				fmt.Fprintf(w, "- %s\n", p.Sentence(r.Period, row.ReportRow))
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "## %s\n\n", words.AllFigures)
	}
	for _, programme := range programmes {
		t.AppendRow(table.Row{programme.name})
		for _, row := range programme.rows {
			t.AppendRow(p.reportRow(r.Period, row))
		}
	}
	if markdown {
		t.RenderMarkdown()
	} else {
		t.Render()
	}
	if len(r.Unreported) > 0 {
		heading := "\n%s\n\n"
		if markdown {
			heading = "\n## %s\n\n"
		}
		fmt.Fprintf(w, heading, fmt.Sprintf(words.Report.Unreported, len(r.Unreported)))
		for i := range r.Unreported {
			fmt.Fprintf(w, "- %s\n", p.unreported(&r.Unreported[i]))
		}
	}
}

// unreported names an indicator that nobody has reported, and who was to.
func (p *Printer) unreported(u *tally.Unreported) string {
	return p.Indicator(u.Indicator) + p.words().Colon + fmt.Sprintf(p.words().Report.NobodyOf, p.Areas(u.Missing))
}

// programmeRows are the totals of one programme, in the catalogue's order.
type programmeRows struct {
	name string
	rows []indicatorRow
}

type indicatorRow struct {
	*sink.ReportRow
	indicator *catalogue.Indicator
}

// byProgramme returns the programmes that have totals, and first the totals of indicators that have
// no programme.
func (p *Printer) byProgramme(totals []sink.ReportRow) []programmeRows {
	rows := rowsByIndicator(totals)
	var all []programmeRows
	add := func(id, name string) {
		group := programmeRows{name: name}
		for i := range p.Catalogue.Indicators {
			indicator := &p.Catalogue.Indicators[i]
			if row := rows[indicator.ID]; row != nil && indicator.Programme == id {
				group.rows = append(group.rows, indicatorRow{row, indicator})
			}
		}
		if len(group.rows) > 0 {
			all = append(all, group)
		}
	}
	add("", p.words().Page.Indicators)
	for i := range p.Catalogue.Programmes {
		of := &p.Catalogue.Programmes[i]
		add(of.ID, p.Language.Choose(of.NameZH, of.NameEN))
	}
	return all
}

func rowsByIndicator(totals []sink.ReportRow) map[string]*sink.ReportRow {
	rows := map[string]*sink.ReportRow{}
	for i := range totals {
		rows[totals[i].Indicator] = &totals[i]
	}
	return rows
}

func (p *Printer) reportRow(period string, row indicatorRow) table.Row {
	words := p.words()
	areas := fmt.Sprintf("%d/%d", row.Coverage.Have, row.Coverage.Expected)
	if len(row.Coverage.Missing) > 0 {
		areas += " " + fmt.Sprintf(words.Missing, p.Areas(row.Coverage.Missing))
	}
	figure := "—"
	if row.Value != "" {
		figure = p.amount(row.Indicator, decimal.RequireFromString(row.Value), row.Unit, row.Qualifier)
	}
	change := p.noChange(period, row.ChangeReason, row.Value, row.ChangeAreas, row.Coverage.Missing)
	if row.Change != "" {
		change = p.change(row.indicator, row.Change, row.ChangeKind, row.ChangeQualifier)
	}
	for _, note := range p.notes(row.Flags, row.Carried, false) {
		areas += words.Clause + note
	}
	if held := p.withHeld(heldOfRow(row.ReportRow)); held != "" {
		areas += words.Clause + held
	}
	name := p.Language.Choose(row.indicator.NameZH, row.indicator.NameEN)
	return table.Row{"  " + name, figure, change, areas, words.Stages[row.Stage]}
}

func (p *Printer) reportCSV(w io.Writer, r *Report) {
	t := NewTable(w, table.Row{"indicator", "name_zh", "name_en", "value", "unit", "stage", "qualifier", "change", "change_kind", "change_reason", "have", "expected", "missing", "basis", "computed_at", "change_qualifier", "change_areas", "flags", "carried", "held", "held_areas", "value_with_held", "change_with_held", "qualifier_with_held", "change_qualifier_with_held"})
	for i := range r.Totals {
		row := &r.Totals[i]
		var nameZH, nameEN string
		var held event.TotalWithHeld
		if row.Held != nil {
			held = *row.Held
		}
		if indicator, ok := p.Catalogue.Indicator(row.Indicator); ok {
			nameZH, nameEN = indicator.NameZH, indicator.NameEN
		}
		t.AppendRow(table.Row{
			row.Indicator, nameZH, nameEN, row.Value, row.Unit, row.Stage, row.Qualifier, row.Change, row.ChangeKind,
			row.ChangeReason, row.Coverage.Have, row.Coverage.Expected, strings.Join(row.Coverage.Missing, " "), row.Basis,
			row.ComputedAt.UTC().Format(utcMilliseconds), row.ChangeQualifier, strings.Join(row.ChangeAreas, " "), strings.Join(row.Flags, " "), strings.Join(row.Carried, " "),
			strings.Join(held.Holds, " "), strings.Join(held.Areas, " "), held.Value, held.Change, held.Qualifier, held.ChangeQualifier,
		})
	}
	for i := range r.Unreported {
		u := &r.Unreported[i]
		if indicator, ok := p.Catalogue.Indicator(u.Indicator); ok {
			t.AppendRow(table.Row{
				u.Indicator, indicator.NameZH, indicator.NameEN, "", indicator.UnitName, "", "", "", indicator.Change, tally.ValueMissing,
				0, len(u.Missing), strings.Join(u.Missing, " "), "", "", "", "", unreportedFlag, "",
			})
		}
	}
	t.RenderCSV()
}

// unreportedFlag marks in CSV the indicators that nobody has reported.
const unreportedFlag = "UNREPORTED"
