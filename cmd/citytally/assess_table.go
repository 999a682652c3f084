package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer/assess"
)

// words of an assessment, by language.
type assessWords struct {
	title, latest, asOf, release, basis        string
	rank, area, sum, number, indicator, weight string
	direction, cap, target, unranked, missing  string
	directions                                 map[assess.Direction]string
	reasons                                    map[string]string
}

var assessLanguages = map[string]assessWords{
	"zh": {
		title: "%s，%s", latest: "按最新数据", asOf: "按截至 %s 收到的数据", release: "按发布 %s 所据的数据", basis: "（第 %d 条采用记录，目录版本 %s）",
		rank: "名次", area: "单位", sum: "得分（满分 %s）", number: "序号", indicator: "指标", weight: "满分", direction: "方向", cap: "上限", target: "目标",
		unranked: "以下单位缺数，不排名次：", missing: "%s：缺 %s",
		directions: map[assess.Direction]string{assess.Higher: "越高越好", assess.Lower: "越低越好"},
		reasons:    map[string]string{assess.ValueMissing: "缺数", assess.DenominatorZero: "分母为零", assess.TargetMissing: "无目标"},
	},
	"en": {
		title: "%s, %s", latest: "by the latest figures", asOf: "by what had been received by %s", release: "by what release %s was made of", basis: " (accepted message %d, catalogue %s)",
		rank: "rank", area: "area", sum: "score of %s", number: "no.", indicator: "indicator", weight: "full marks", direction: "direction", cap: "cap", target: "target",
		unranked: "Without a rank, for figures are missing:", missing: "%s: %s",
		directions: map[assess.Direction]string{assess.Higher: "more is better", assess.Lower: "less is better"},
		reasons:    map[string]string{assess.ValueMissing: "no figure", assess.DenominatorZero: "denominator is zero", assess.TargetMissing: "no target"},
	},
}

// vintage says of which moment the figures are.
func (a *assessment) vintage(words *assessWords) string {
	moment := words.latest
	switch {
	case a.Release != "":
		moment = fmt.Sprintf(words.release, a.Release)
	case !a.AsOf.IsZero():
		moment = fmt.Sprintf(words.asOf, a.AsOf.In(a.location).Format("2006-01-02 15:04:05 -07:00"))
	}
	return moment + fmt.Sprintf(words.basis, a.Basis, a.Catalogue)
}

// render prints the ranks, what each numbered column is, and what is missing.
func (a *assessment) render(w io.Writer) {
	words := assessLanguages[a.lang]
	fmt.Fprintf(w, words.title+"\n%s\n", pick(a.lang, a.Card.NameZH, a.Card.NameEN), a.Period, a.vintage(&words))
	if note := pick(a.lang, a.Card.NoteZH, a.Card.NoteEN); note != "" {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintln(w)
	header := table.Row{words.rank, words.area, fmt.Sprintf(words.sum, a.FullMarks)}
	right := []table.ColumnConfig{{Number: 1, Align: text.AlignRight, AlignHeader: text.AlignRight}, {Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight}}
	for i := range a.Card.Items {
		header = append(header, fmt.Sprintf("[%d]", i+1))
		right = append(right, table.ColumnConfig{Number: i + 4, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	scores := newTable(w, header)
	scores.SetColumnConfigs(right)
	var unranked []*assess.AreaResult
	for i := range a.Areas {
		area := &a.Areas[i]
		row := table.Row{"—", a.areaName(area.Area), area.Score}
		if area.Rank > 0 {
			row[0] = area.Rank
		} else {
			unranked = append(unranked, area)
		}
		for _, score := range area.Scores {
			row = append(row, a.marks(&words, &score))
		}
		scores.AppendRow(row)
	}
	scores.Render()
	fmt.Fprintln(w)
	a.renderItems(w, &words)
	if len(unranked) > 0 {
		fmt.Fprintf(w, "\n%s\n", words.unranked)
		for _, area := range unranked {
			names := make([]string, len(area.Missing))
			for i, id := range area.Missing {
				names[i] = a.indicatorName(id)
			}
			fmt.Fprintf(w, "  "+words.missing+"\n", a.areaName(area.Area), strings.Join(names, pick(a.lang, "、", ", ")))
		}
	}
}

func (a *assessment) marks(words *assessWords, score *assess.Score) string {
	if score.Score == "" {
		return words.reasons[score.Reason]
	}
	return decimal.RequireFromString(score.Score).StringFixed(int32(a.Card.Decimals))
}

// renderItems prints the key to the numbered columns.
func (a *assessment) renderItems(w io.Writer, words *assessWords) {
	items := newTable(w, table.Row{words.number, words.indicator, words.weight, words.target, words.direction, words.cap})
	items.SetColumnConfigs([]table.ColumnConfig{
		{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight}, {Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight},
		{Number: 6, Align: text.AlignRight, AlignHeader: text.AlignRight},
	})
	for i := range a.Card.Items {
		item := &a.Card.Items[i]
		unit := ""
		if ind, ok := a.catalogue.Indicator(item.Indicator); ok {
			unit = " " + ind.UnitName
		}
		target := item.Target
		if own := len(item.Targets); own > 0 {
			target = strings.TrimSpace(fmt.Sprintf("%s (+%d)", target, own))
		}
		items.AppendRow(table.Row{fmt.Sprintf("[%d]", i+1), a.indicatorName(item.Indicator), item.Weight, target + unit, words.directions[item.Direction], item.Cap + "%"})
	}
	items.Render()
}

func (a *assessment) areaName(code string) string {
	if area, ok := a.catalogue.Area(code); ok {
		return pick(a.lang, area.NameZH, area.NameEN)
	}
	return code
}

func (a *assessment) indicatorName(id string) string {
	if ind, ok := a.catalogue.Indicator(id); ok {
		return pick(a.lang, ind.NameZH, ind.NameEN)
	}
	return id
}

// renderCSV prints one row for each area and indicator.
func (a *assessment) renderCSV(w io.Writer) {
	t := newTable(w, table.Row{"period", "release", "as_of", "basis", "rank", "area", "name_zh", "name_en", "total", "indicator", "value", "unit", "qualifier", "stage", "target", "attained", "score", "reason"})
	asOf := ""
	if !a.AsOf.IsZero() {
		asOf = a.AsOf.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	for i := range a.Areas {
		area := &a.Areas[i]
		rank, name := "", &catalogue.Area{}
		if area.Rank > 0 {
			rank = fmt.Sprint(area.Rank)
		}
		if found, ok := a.catalogue.Area(area.Area); ok {
			name = found
		}
		for _, s := range area.Scores {
			unit := ""
			if ind, ok := a.catalogue.Indicator(s.Indicator); ok {
				unit = ind.UnitName
			}
			t.AppendRow(table.Row{a.Period, a.Release, asOf, a.Basis, rank, area.Area, name.NameZH, name.NameEN, area.Score, s.Indicator, s.Value, unit, s.Qualifier, s.Stage, s.Target, s.Attained, s.Score, s.Reason})
		}
	}
	t.RenderCSV()
}
