package bulletin

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/tally"
)

// Writer writes in one language, zh or en, with the names of a catalogue.
type Writer struct {
	Catalogue *catalogue.Catalogue
	Lang      string
}

func (w Writer) pick(zh, en string) string {
	if w.Lang == "zh" {
		return zh
	}
	return en
}

// Sentence tells a total in one sentence, with its change on the year before and
// what is missing in it.
func (w Writer) Sentence(row *sink.ReportRow) string {
	indicator, ok := w.Catalogue.Indicator(row.Indicator)
	if !ok {
		indicator = &catalogue.Indicator{ID: row.Indicator, NameZH: row.Indicator, NameEN: row.Indicator}
	}
	if row.Value == "" {
		return fmt.Sprintf(w.pick("%s尚无全市数%s。", "%s: no city total yet%s."), w.name(indicator), w.gaps(row))
	}
	if w.Lang == "zh" {
		return w.name(indicator) + w.levelZH(indicator, row) + w.changeZH(indicator, row) + w.gaps(row) + "。"
	}
	return w.name(indicator) + ": " + w.levelEN(indicator, row) + w.changeEN(indicator, row) + w.gaps(row) + "."
}

func (w Writer) name(indicator *catalogue.Indicator) string {
	if w.Lang == "zh" {
		return indicator.NameZH
	}
	first, size := utf8.DecodeRuneInString(indicator.NameEN)
	return string(unicode.ToUpper(first)) + indicator.NameEN[size:]
}

func (w Writer) areas(codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = w.area(code)
	}
	return strings.Join(names, w.pick("、", ", "))
}

func (w Writer) area(code string) string {
	if a, ok := w.Catalogue.Area(code); ok {
		return w.pick(a.NameZH, a.NameEN)
	}
	return code
}

// Figure is the total's value, rounded for display, with its unit and qualifier.
func (w Writer) Figure(row *sink.ReportRow) string {
	if row.Value == "" {
		return "—"
	}
	qualifiers := map[string]string{"below": w.pick("近", "nearly "), "above": w.pick("超", "over "), "about": w.pick("约", "about ")}
	return qualifiers[row.Qualifier] + w.amount(row.Indicator, row.Value, row.Unit)
}

// amount is a figure of an indicator with its unit, rounded for display.
func (w Writer) amount(indicator, value, unit string) string {
	figure := decimal.RequireFromString(value)
	text := figure.String()
	if ind, ok := w.Catalogue.Indicator(indicator); ok {
		text = ind.Display(figure, ind.Decimals)
	}
	if w.Lang == "zh" {
		return text + unit
	}
	return inEnglish(text, unit)
}

func (w Writer) levelZH(_ *catalogue.Indicator, row *sink.ReportRow) string {
	verbs := map[string]string{"forecast": "预测达", "estimate": "预计达", "flash": "快报数为", "final": "为"}
	verb := verbs[row.Stage]
	if row.Qualifier != "" {
		// 预计近40亿元, not 预计达近40亿元.
		verb = strings.TrimSuffix(strings.TrimSuffix(verb, "达"), "为")
	}
	return verb + w.Figure(row)
}

func (w Writer) levelEN(_ *catalogue.Indicator, row *sink.ReportRow) string {
	figure := w.Figure(row)
	switch {
	case row.Stage == "forecast":
		return "forecast at " + figure
	case row.Stage == "estimate" && row.Qualifier != "":
		return "expected to be " + figure
	case row.Stage == "estimate":
		return "expected to reach " + figure
	case row.Stage == "flash":
		return figure + " by flash figures"
	}
	return figure
}

// change is a total's change as words need it: its size rounded for display, its
// sign, and whether it rounds to nothing.
type change struct {
	size    string
	sign    int
	nothing bool
	points  bool
}

func changeOf(indicator *catalogue.Indicator, row *sink.ReportRow) change {
	exact := decimal.RequireFromString(row.Change)
	size := indicator.Display(exact.Abs(), indicator.ChangeDecimals)
	return change{
		size: size, sign: exact.Sign(), nothing: decimal.RequireFromString(size).IsZero(), points: row.ChangeKind == string(catalogue.Point),
	}
}

func (w Writer) changeZH(indicator *catalogue.Indicator, row *sink.ReportRow) string {
	if row.Change == "" {
		return w.noChange(row)
	}
	expected := map[string]string{"forecast": "预测", "estimate": "预计"}[row.Stage]
	c := changeOf(indicator, row)
	switch {
	case c.sign == 0:
		return "，" + expected + "与上年持平"
	case c.nothing:
		return "，" + expected + "与上年基本持平"
	case c.points && c.sign > 0:
		return "，" + expected + "比上年上升" + c.size + "个百分点"
	case c.points:
		return "，" + expected + "比上年下降" + c.size + "个百分点"
	case c.sign > 0:
		return "，" + expected + "比上年增长" + c.size + "%"
	}
	return "，" + expected + "比上年下降" + c.size + "%"
}

func (w Writer) changeEN(indicator *catalogue.Indicator, row *sink.ReportRow) string {
	if row.Change == "" {
		return w.noChange(row)
	}
	c := changeOf(indicator, row)
	direction := map[int]string{1: ", up ", -1: ", down "}[c.sign]
	switch {
	case c.sign == 0:
		return ", unchanged on the year"
	case c.nothing:
		return ", almost unchanged on the year"
	case c.points:
		return direction + c.size + " percentage points on the year"
	}
	return direction + c.size + " % on the year"
}

// noChange says why a total has no change on the year.
func (w Writer) noChange(row *sink.ReportRow) string {
	switch row.ChangeReason {
	case tally.BaseZero:
		return w.pick("（上年为零，不计增速）", " (none the year before, so no rate)")
	case tally.BaseNegative:
		return w.byAmount(row) + w.pick("（上年为负，不计增速）", " (negative the year before, so no rate)")
	case tally.Break:
		return w.pick("（区划口径有变动，与上年不可比）", " (not comparable with the year before: the territory changed)")
	case tally.BaseMissing:
		return w.pick("（无上年可比数）", " (no figure for the year before)")
	}
	return ""
}

// byAmount tells an absolute change.
func (w Writer) byAmount(row *sink.ReportRow) string {
	if row.ChangeAbsolute == "" {
		return ""
	}
	difference := decimal.RequireFromString(row.ChangeAbsolute)
	size := w.amount(row.Indicator, difference.Abs().String(), row.Unit)
	switch difference.Sign() {
	case 1:
		return w.pick("，比上年增加"+size, ", up by "+size)
	case -1:
		return w.pick("，比上年减少"+size, ", down by "+size)
	}
	return w.pick("，与上年持平", ", unchanged on the year")
}

// gaps says which areas a total lacks.
func (w Writer) gaps(row *sink.ReportRow) string {
	missing := row.Coverage.Missing
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf(w.pick("（%d/%d个地区，缺%s%s）", " (%d of %d areas; without %s%s)"), row.Coverage.Have, row.Coverage.Expected, w.areas(missing),
		map[bool]string{false: w.pick("，暂不可发布", "; not for publication")}[row.Publishable])
}

// ChangeFigure is the change with its sign, for tables; where there is none it
// is the reason in a word.
func (w Writer) ChangeFigure(row *sink.ReportRow) string {
	indicator, ok := w.Catalogue.Indicator(row.Indicator)
	if row.Change == "" || !ok {
		return map[string]string{
			tally.BaseMissing: w.pick("无上年数", "no base"), tally.BaseZero: w.pick("上年为零", "base is zero"),
			tally.BaseNegative: w.pick("上年为负", "base is negative"), tally.Break: w.pick("不可比", "not comparable"),
		}[row.ChangeReason]
	}
	c := changeOf(indicator, row)
	sign := map[int]string{1: "+", -1: "−"}[c.sign]
	if c.points {
		return sign + c.size + w.pick("个百分点", " points")
	}
	return sign + c.size + w.pick("%", " %")
}
