package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/transform/answer/published"
)

// words of an audit, by language.
type auditWords struct {
	summary, vintage                              string
	indicator, published, stands, ours, verdict   string
	change, implied, irreproducible, consequences string
	verdicts                                      map[published.Agreement]string
	explained, stage                              string
}

var auditLanguages = map[string]auditWords{
	"zh": {
		summary: "%s：与 %s 核对 %d 个数，相符 %d 个，已说明原因 %d 个，未能说明 %d 个", vintage: "数据截至第 %d 条采用记录，目录版本 %s",
		indicator: "指标", published: "公布数", stands: "所代表的区间", ours: "全市数", verdict: "核对结果",
		change: "%s（同比）", implied: "%s（由公布数推出）", irreproducible: "公布数之间不能互相推出的：", consequences: "由公布数可以推出的：",
		verdicts:  map[published.Agreement]string{published.Agrees: "相符", published.Truncated: "截尾后相符", published.Differs: "不符", published.Absent: "无全市数"},
		explained: "%s，见下文说明", stage: "（公布时为%s，现为%s）",
	},
	"en": {
		summary: "%s: %[3]d figures held against %[2]s: %[4]d agree, %[5]d explained, %[6]d unexplained", vintage: "as of accepted message %d, catalogue %s",
		indicator: "indicator", published: "published", stands: "stands for", ours: "city", verdict: "verdict",
		change: "%s, change", implied: "%s, implied", irreproducible: "Published figures that cannot be had from the others:", consequences: "What the published figures imply:",
		verdicts:  map[published.Agreement]string{published.Agrees: "agrees", published.Truncated: "agrees if cut off, not rounded", published.Differs: "differs", published.Absent: "no total"},
		explained: "%s; explained below", stage: " (%s when published, %s now)",
	},
}

func (a *auditReport) name(id string) string {
	ind, ok := a.catalogue.Indicator(id)
	if !ok || pick(a.lang, ind.NameZH, ind.NameEN) == "" {
		return id
	}
	return pick(a.lang, ind.NameZH, ind.NameEN)
}

// render prints what disagrees, or all, and then what the published figures say
// of one another.
func (a *auditReport) render(w io.Writer, all bool) {
	words := auditLanguages[a.lang]
	fmt.Fprintf(w, words.summary+"\n", a.Period, a.Control, a.Compared, a.Compared-a.Explained-a.Unexplained, a.Explained, a.Unexplained)
	fmt.Fprintf(w, words.vintage+"\n", a.Basis, a.Catalogue)
	if all || a.Explained+a.Unexplained > 0 {
		fmt.Fprintln(w)
		t := newTable(w, table.Row{words.indicator, words.published, words.stands, words.ours, words.verdict})
		t.SetColumnConfigs([]table.ColumnConfig{
			{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight}, {Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight},
		})
		for i := range a.Comparisons {
			if c := &a.Comparisons[i]; all || c.Agreement != published.Agrees {
				t.AppendRow(a.row(words, c))
			}
		}
		t.Render()
	}
	a.list(w, words.irreproducible, true)
	a.list(w, words.consequences, false)
}

func (a *auditReport) row(words auditWords, c *published.Comparison) table.Row {
	name, figure := a.name(c.Indicator), c.Published
	switch c.Item {
	case published.Change:
		name = fmt.Sprintf(words.change, name)
	case published.Within:
		name = fmt.Sprintf(words.implied, name)
	}
	if pattern, ok := reportLanguages[a.lang].qualifiers[c.Qualifier]; ok {
		figure = fmt.Sprintf(pattern, figure)
	}
	verdict := words.verdicts[c.Agreement]
	if c.Explained != "" {
		verdict = fmt.Sprintf(words.explained, verdict)
	}
	if stages := reportLanguages[a.lang].stages; c.Stage != "" {
		verdict += fmt.Sprintf(words.stage, stages[c.Stage], stages[c.TotalStage])
	}
	return table.Row{name, figure, c.Interval.String(), a.ours(c), verdict}
}

// ours shows a total with three places more than were published, enough to see
// which way it was rounded.
func (a *auditReport) ours(c *published.Comparison) string {
	if c.Total == "" {
		return "—"
	}
	total := decimal.RequireFromString(c.Total)
	if published, err := decimal.NewFromString(c.Published); err == nil && -total.Exponent() > -published.Exponent()+3 {
		return total.Round(-published.Exponent() + 3).String()
	}
	return total.String()
}

func (a *auditReport) list(w io.Writer, heading string, irreproducible bool) {
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Irreproducible != irreproducible {
			continue
		}
		if heading != "" {
			fmt.Fprintf(w, "\n%s\n", heading)
			heading = ""
		}
		fmt.Fprintf(w, "  %s%s%s\n", a.name(f.Indicator), pick(a.lang, "：", ": "), pick(a.lang, f.ZH, f.EN))
	}
}
