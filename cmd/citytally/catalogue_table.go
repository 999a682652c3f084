package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/configs/catalogue"
)

// words of catalogue show and diff, by language.
type catalogueWords struct {
	areas, datasets, indicators      table.Row
	kinds                            map[catalogue.AreaKind]string
	of, same, all, from, until, days string
	differences                      table.Row
	sections, actions                map[string]string
	effects                          map[catalogue.Effect]string
}

var catalogueLanguages = map[string]catalogueWords{
	"zh": {
		areas: table.Row{"代码", "单位", "类别", "存续", "前身"}, datasets: table.Row{"报表", "名称", "报告期", "默认阶段", "截止"},
		indicators: table.Row{"指标", "名称", "单位", "类别", "全市数", "同比", "频率", "报表"},
		kinds:      map[catalogue.AreaKind]string{catalogue.City: "全市", catalogue.District: "区县", catalogue.CarvedOut: "单列功能区", catalogue.InsideZone: "功能区（其中）"},
		of:         "，属 %s", same: "两个目录没有差别", all: "全部加总指标", from: "%s 起", until: "%s 前", days: "期后 %d 天",
		differences: table.Row{"部分", "编码", "变动", "原为", "现为", "影响"},
		sections:    map[string]string{"city": "本市", "programmes": "栏目", "areas": "单位", "datasets": "报表", "indicators": "指标"},
		actions:     map[string]string{"added": "新增", "removed": "删除", "changed": "修改", "moved": "移动"},
		effects: map[catalogue.Effect]string{
			catalogue.ShownOnly: "只影响显示", catalogue.AcceptedOnly: "只影响今后的接收", catalogue.PublishableOnly: "影响可否发布",
			catalogue.ChangesOnly: "影响同比", catalogue.TotalsChange: "影响全市数及同比",
		},
	},
	"en": {
		areas: table.Row{"code", "area", "kind", "exists", "predecessors"}, datasets: table.Row{"dataset", "name", "periods", "stage", "due"},
		indicators: table.Row{"indicator", "name", "unit", "kind", "city total", "change", "frequency", "datasets"},
		kinds:      map[catalogue.AreaKind]string{catalogue.City: "city", catalogue.District: "district", catalogue.CarvedOut: "zone, carved out", catalogue.InsideZone: "zone, of which"},
		of:         ", in %s", same: "the catalogues do not differ", all: "all sums", from: "from %s", until: "until %s", days: "%d days after",
		differences: table.Row{"section", "id", "difference", "from", "to", "effect"},
		sections:    map[string]string{"city": "city", "programmes": "programme", "areas": "area", "datasets": "dataset", "indicators": "indicator"},
		actions:     map[string]string{"added": "added", "removed": "removed", "changed": "changed", "moved": "moved"},
		effects: map[catalogue.Effect]string{
			catalogue.ShownOnly: "shown otherwise, no figure changes", catalogue.AcceptedOnly: "other figures are accepted, no total changes",
			catalogue.PublishableOnly: "may be published or not", catalogue.ChangesOnly: "changes on the year before", catalogue.TotalsChange: "totals change",
		},
	},
}

func renderCatalogue(w io.Writer, c *catalogue.Catalogue, lang string) {
	words := catalogueLanguages[lang]
	pick := func(zh, en string) string {
		if lang == "zh" {
			return zh
		}
		return en
	}
	areas := newTable(w, words.areas)
	for i := range c.Areas {
		a := &c.Areas[i]
		kind := words.kinds[a.Kind]
		if a.Host != "" {
			kind += fmt.Sprintf(words.of, a.Host)
		}
		areas.AppendRow(table.Row{a.Code, pick(a.NameZH, a.NameEN), kind, words.span(a.ValidFrom, a.ValidTo), strings.Join(a.Predecessors, " ")})
	}
	areas.Render()
	fmt.Fprintln(w)
	datasets := newTable(w, words.datasets)
	for i := range c.Datasets {
		d := &c.Datasets[i]
		var periods []string
		for _, kind := range d.Periods {
			periods = append(periods, kind.String())
		}
		datasets.AppendRow(table.Row{d.ID, pick(d.NameZH, d.NameEN), strings.Join(periods, " "), reportLanguages[lang].stages[d.Stage.String()], fmt.Sprintf(words.days, d.DueDays)})
	}
	datasets.Render()
	fmt.Fprintln(w)
	indicators := newTable(w, words.indicators)
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		total := string(ind.Total)
		if ind.Total == catalogue.RatioRule {
			total = ind.Numerator + " / " + ind.Denominator
		}
		indicators.AppendRow(table.Row{ind.ID, pick(ind.NameZH, ind.NameEN), ind.UnitName, ind.Kind, total, ind.Change, ind.Frequency, strings.Join(ind.Datasets, " ")})
	}
	indicators.Render()
}

// span writes the time between two days, either of which may be unbounded.
func (words *catalogueWords) span(from, until catalogue.Date) string {
	var parts []string
	for _, end := range []struct {
		pattern string
		day     catalogue.Date
	}{{words.from, from}, {words.until, until}} {
		if !end.day.IsZero() {
			text, _ := end.day.MarshalText()
			parts = append(parts, fmt.Sprintf(end.pattern, text))
		}
	}
	return strings.Join(parts, " ")
}

func renderDifferences(w io.Writer, differences []catalogue.Difference, lang string) {
	words := catalogueLanguages[lang]
	if len(differences) == 0 {
		fmt.Fprintln(w, words.same)
		return
	}
	t := newTable(w, words.differences)
	for i := range differences {
		d := &differences[i]
		what := words.actions[d.Action]
		if d.Field != "" {
			what += " " + d.Field
		}
		effect := words.effects[d.Effect]
		switch totals := strings.Join(d.Totals, " "); {
		case totals != "":
			effect += ": " + totals
		case d.Effect == catalogue.TotalsChange || d.Effect == catalogue.ChangesOnly:
			effect += ": " + words.all
		}
		if when := words.span(d.Since, d.Until); when != "" {
			effect += " (" + when + ")"
		}
		t.AppendRow(table.Row{words.sections[d.Section], d.ID, what, d.From, d.To, effect})
	}
	t.Render()
}
