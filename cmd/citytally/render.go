package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/cmd/citytally/bulletin"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/sink"
)

// words of the report, by language.
type reportWords struct {
	title                                       string
	indicator, value, change, areas, stage      string
	stages, qualifiers, reasons                 map[string]string
	percent, points, missing, partial, noTotals string
}

var reportLanguages = map[string]reportWords{
	"zh": {
		title: "%s全市指标", indicator: "指标", value: "全市", change: "同比", areas: "已报", stage: "阶段",
		stages:     map[string]string{"forecast": "预测", "estimate": "预计", "flash": "快报", "final": "年报"},
		qualifiers: map[string]string{"below": "近%s", "above": "超%s", "about": "约%s"},
		reasons: map[string]string{
			"BASE_MISSING": "无上年数", "BASE_ZERO": "上年为零", "BASE_NEGATIVE": "上年为负", "BREAK": "口径不可比", "VALUE_MISSING": "无本年数",
		},
		percent: "%s%%", points: "%s 个百分点", missing: "缺 %s", partial: "不完整", noTotals: "%s 尚无全市数",
	},
	"en": {
		title: "City totals, %s", indicator: "indicator", value: "city", change: "on the year", areas: "areas", stage: "stage",
		stages:     map[string]string{"forecast": "forecast", "estimate": "estimate", "flash": "flash", "final": "final"},
		qualifiers: map[string]string{"below": "nearly %s", "above": "over %s", "about": "about %s"},
		reasons: map[string]string{
			"BASE_MISSING": "no base", "BASE_ZERO": "base is zero", "BASE_NEGATIVE": "base is negative", "BREAK": "not comparable", "VALUE_MISSING": "no figure",
		},
		percent: "%s %%", points: "%s points", missing: "without %s", partial: "incomplete", noTotals: "no city totals for %s yet",
	},
}

// render prints the report as a table, Markdown or CSV. CSV is for programs: it
// has the exact figures and no headings between.
func (r *report) render(w io.Writer, format string) {
	words := reportLanguages[r.lang]
	if format == "csv" {
		r.renderCSV(w)
		return
	}
	if len(r.Totals) == 0 {
		fmt.Fprintf(w, words.noTotals+"\n", r.Period)
		return
	}
	title := fmt.Sprintf(words.title, r.periodName())
	if format == "md" {
		fmt.Fprintf(w, "# %s\n\n", title)
	} else {
		fmt.Fprintf(w, "%s\n\n", title)
	}
	t := newTable(w, table.Row{words.indicator, words.value, words.change, words.areas, words.stage})
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight}, {Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight},
		{Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight},
	})
	rows := map[string]*sink.ReportRow{}
	for i := range r.Totals {
		rows[r.Totals[i].Indicator] = &r.Totals[i]
	}
	if format == "md" {
		r.sentences(w, rows)
	}
	for i := range r.catalogue.Programmes {
		programme := &r.catalogue.Programmes[i]
		heading := r.pick(programme.NameZH, programme.NameEN)
		for j := range r.catalogue.Indicators {
			indicator := &r.catalogue.Indicators[j]
			row := rows[indicator.ID]
			if row == nil || indicator.Programme != programme.ID {
				continue
			}
			if heading != "" {
				t.AppendRow(table.Row{heading})
				heading = ""
			}
			t.AppendRow(r.row(words, indicator, row))
		}
	}
	if format == "md" {
		t.RenderMarkdown()
		return
	}
	t.Render()
}

// sentences tells every total in words, by programme.
func (r *report) sentences(w io.Writer, rows map[string]*sink.ReportRow) {
	writer := bulletin.Writer{Catalogue: r.catalogue, Lang: r.lang}
	for i := range r.catalogue.Programmes {
		programme := &r.catalogue.Programmes[i]
		heading := r.pick(programme.NameZH, programme.NameEN)
		for j := range r.catalogue.Indicators {
			indicator := &r.catalogue.Indicators[j]
			row := rows[indicator.ID]
			if row == nil || indicator.Programme != programme.ID {
				continue
			}
			if heading != "" {
				fmt.Fprintf(w, "## %s\n\n", heading)
				heading = ""
			}
			fmt.Fprintf(w, "- %s\n", writer.Sentence(row))
		}
		if heading == "" {
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintf(w, "## %s\n\n", r.pick("全部指标", "All figures"))
}

// periodName is the period as a title says it.
func (r *report) periodName() string {
	if p, err := catalogue.ParsePeriod(r.Period); err == nil && p.Kind == catalogue.Year {
		return r.Period + r.pick(" 年", "")
	}
	return r.Period + r.pick(" ", "")
}

func (r *report) pick(zh, en string) string {
	if r.lang == "zh" {
		return zh
	}
	return en
}

func (r *report) row(words reportWords, indicator *catalogue.Indicator, row *sink.ReportRow) table.Row {
	areas := fmt.Sprintf("%d/%d", row.Coverage.Have, row.Coverage.Expected)
	if n := len(row.Coverage.Missing); n > 0 {
		names := make([]string, n)
		for i, code := range row.Coverage.Missing {
			names[i] = code
			if a, ok := r.catalogue.Area(code); ok {
				names[i] = r.pick(a.NameZH, a.NameEN)
			}
		}
		areas += " " + fmt.Sprintf(words.missing, strings.Join(names, r.pick("、", ", ")))
	}
	return table.Row{
		"  " + r.pick(indicator.NameZH, indicator.NameEN), figureText(words, indicator, row), changeText(words, indicator, row),
		areas, words.stages[row.Stage],
	}
}

func figureText(words reportWords, indicator *catalogue.Indicator, row *sink.ReportRow) string {
	if row.Value == "" {
		return "—"
	}
	figure := indicator.Display(decimal.RequireFromString(row.Value), indicator.Decimals)
	if row.Unit == "%" {
		figure += " %"
	} else {
		figure += " " + row.Unit
	}
	if pattern, ok := words.qualifiers[row.Qualifier]; ok {
		return fmt.Sprintf(pattern, figure)
	}
	return figure
}

func changeText(words reportWords, indicator *catalogue.Indicator, row *sink.ReportRow) string {
	if row.Change == "" {
		return words.reasons[row.ChangeReason]
	}
	change := decimal.RequireFromString(row.Change)
	figure := indicator.Display(change, indicator.ChangeDecimals)
	if change.IsPositive() {
		figure = "+" + figure
	}
	if row.ChangeKind == string(catalogue.Point) {
		return fmt.Sprintf(words.points, figure)
	}
	return fmt.Sprintf(words.percent, figure)
}

func (r *report) renderCSV(w io.Writer) {
	t := newTable(w, table.Row{"indicator", "name_zh", "name_en", "value", "unit", "stage", "qualifier", "change", "change_kind", "change_reason", "have", "expected", "missing", "basis", "computed_at"})
	for i := range r.Totals {
		row := &r.Totals[i]
		name := &catalogue.Indicator{}
		if found, ok := r.catalogue.Indicator(row.Indicator); ok {
			name = found
		}
		t.AppendRow(table.Row{
			row.Indicator, name.NameZH, name.NameEN, row.Value, row.Unit, row.Stage, row.Qualifier, row.Change, row.ChangeKind,
			row.ChangeReason, row.Coverage.Have, row.Coverage.Expected, strings.Join(row.Coverage.Missing, " "), row.Basis,
			row.ComputedAt.UTC().Format("2006-01-02T15:04:05.000Z"),
		})
	}
	t.RenderCSV()
}
