package published

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// amount returns a number with its unit, as both languages write it.
func amount(number string, ind *catalogue.Indicator) string {
	if ind.UnitName == "%" || ind.UnitName == "‰" {
		return number + ind.UnitName
	}
	return ind.Unit().After(number)
}

var qualifiers = map[catalogue.Qualifier][2]string{
	catalogue.Below: {"近 ", "nearly "}, catalogue.Above: {"超 ", "over "}, catalogue.About: {"约 ", "about "},
}

// published returns a published level with its qualifier and unit, in words.
func (c *Control) published() (zh, en string) {
	q := qualifiers[c.Qualifier]
	text := amount(c.Value.Text, c.Indicator)
	return q[0] + text, q[1] + text
}

// publishedChange returns a published change with its sign, in words.
func (c *Control) publishedChange() (zh, en string) {
	text := signed(c.Change.Text, c.Change.exact)
	if c.Indicator.Change == catalogue.Point {
		return text + " 个百分点", text + " points"
	}
	return text + "%", text + "%"
}

func signed(text string, x *big.Rat) string {
	if x.Sign() > 0 && !strings.HasPrefix(text, "+") {
		return "+" + text
	}
	return text
}

// noBase says that no whole-number base gives the change, and which changes the two
// whole numbers next to the implied base would give.
func (e *examination) noBase(control *Control) (zh, en string) {
	level, change := control.Value.exact, control.Change
	growth := growthOf(Exactly(change.exact)).Low
	zhLevel, enLevel := control.published()
	zhChange, enChange := control.publishedChange()
	zh = fmt.Sprintf("%s、同比 %s：没有一个整数基数按四舍五入得出此增幅", zhLevel, zhChange)
	en = fmt.Sprintf("%s at %s: no whole-number base gives this by rounding", enLevel, enChange)
	if growth.Sign() <= 0 {
		return zh + "。", en + "."
	}
	below := floor(new(big.Rat).Quo(level, growth))
	for i, base := range []*big.Rat{below, new(big.Rat).Add(below, one)} {
		if base.Sign() <= 0 {
			continue
		}
		would := percentOver(level, base)
		text := signed(would.FloatString(change.Places+1), would) + "%"
		zhHow, enHow := "", ""
		if change.Rounded(catalogue.Truncate).Contains(would) {
			zhHow = fmt.Sprintf("（截尾而不进位则为 %s%%）", change.Text)
			enHow = fmt.Sprintf(" (cut off instead of rounded: %s)", change.Text)
		}
		zh += fmt.Sprintf("%s基数 %s 得 %s%s", [...]string{"；", "，"}[i], readable(base), text, zhHow)
		en += fmt.Sprintf("%s %s gives %s%s", [...]string{";", ","}[i], readable(base), text, enHow)
	}
	return zh + "。", en + "."
}

func finerChange(control *Control, base Interval) (zh, en string) {
	zhLevel, enLevel := control.published()
	zhChange, enChange := control.publishedChange()
	centre := amount(readable(new(big.Rat).Sub(control.Value.exact, control.Change.exact)), control.Indicator)
	within := amount(base.String(), control.Indicator)
	return fmt.Sprintf("%s 不能由保留 %d 位小数的 %s 算出，系按未进位的数计算；由此推出上年为 %s（%s 之间）。", zhChange, control.Value.Places, zhLevel, centre, within),
		fmt.Sprintf("%s cannot be had from levels of %s such as %s, but from unrounded ones; it implies a base of %s (within %s).", enChange, plural(control.Value.Places, "decimal"), enLevel, centre, within)
}

func plural(n int, thing string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func onlyBase(control *Control, base *big.Rat) (zh, en string) {
	zhLevel, enLevel := control.published()
	zhChange, enChange := control.publishedChange()
	text := amount(readable(base), control.Indicator)
	exact := "100%"
	if base.Sign() > 0 {
		would := percentOver(control.Value.exact, base)
		exact = signed(would.FloatString(control.Change.Places+2), would) + "%"
	}
	return fmt.Sprintf("%s、同比 %s：只有一个整数基数，即上年 %s（精确值 %s）。", zhLevel, zhChange, text, exact),
		fmt.Sprintf("%s at %s: only one whole-number base gives this, %s (exactly %s).", enLevel, enChange, text, exact)
}

func baseRange(control *Control, base Interval) (zh, en string) {
	zhLevel, enLevel := control.published()
	zhChange, enChange := control.publishedChange()
	within := amount(base.String(), control.Indicator)
	return fmt.Sprintf("%s、同比 %s：上年应为 %s。", zhLevel, zhChange, within),
		fmt.Sprintf("%s at %s puts the year before at %s.", enLevel, enChange, within)
}

// impliedText says where a figure lies that was not published, and from which published
// figures that follows, step by step.
func (e *examination) impliedText(q *quantity) (zh, en string) {
	ind := q.indicator
	if only, ok := q.domain.Only(); ok && q.whole {
		zh = fmt.Sprintf("未公布，但只能是 %s", amount(readable(only), ind))
		en = fmt.Sprintf("not published, but can only be %s", amount(readable(only), ind))
		if share := e.shareOf(q); share != "" {
			zh, en = zh+"："+strings.Replace(share, " of ", " / ", 1), en+": "+share
		}
		zhFacts, enFacts := e.list(union(q.low, q.high))
		return zh + "（依据：" + zhFacts + "）。", en + " (from " + enFacts + ")."
	}
	zh, en = "未公布；", "not published;"
	for i, s := range q.steps {
		zhFacts, enFacts := e.list(s.facts)
		if i > 0 {
			zh, en = zh+"；", en+";"
		}
		within := amount(s.domain.String(), ind)
		zh += fmt.Sprintf("由%s，为 %s", zhFacts, within)
		en += fmt.Sprintf(" by %s, %s", enFacts, within)
	}
	if wide := e.wide.now[ind.ID].domain; wide.Bounded() && !wide.equal(q.domain) {
		zh += fmt.Sprintf("（若所据数值本身也经四舍五入，为 %s）", amount(wide.String(), ind))
		en += fmt.Sprintf(" (%s if the levels are rounded themselves)", amount(wide.String(), ind))
	}
	return zh + "。", en + "."
}

// shareOf returns the ratio of a numerator that is known to one of a denominator that
// is, in words: 98 of 110 = 89.09%. It returns "" where the quantity is no numerator.
func (e *examination) shareOf(q *quantity) string {
	for _, ratio := range e.catalogue.Dependents(q.indicator.ID) {
		top, ok := e.exact.now[ratio.Numerator].domain.Only()
		bottom, also := e.exact.now[ratio.Denominator].domain.Only()
		published := e.published[ratio.ID]
		if !ok || !also || bottom.Sign() == 0 || published == nil {
			continue
		}
		share := new(big.Rat).Quo(top, bottom)
		share.Mul(share, big.NewRat(ratio.Factor, 1))
		return fmt.Sprintf("%s of %s = %s", readable(top), readable(bottom), amount(share.FloatString(published.Value.Places+2), ratio))
	}
	return ""
}

// list returns facts in words: the names of their indicators with the figures.
func (e *examination) list(facts []Fact) (zh, en string) {
	var allZH, allEN []string
	for _, f := range facts {
		control := e.published[f.Indicator]
		if control == nil {
			continue
		}
		zhFigure, enFigure := control.published()
		if f.Item == Change {
			zhFigure, enFigure = control.publishedChange()
			zhFigure = "同比 " + zhFigure
		}
		allZH = append(allZH, control.Indicator.NameZH+" "+zhFigure)
		allEN = append(allEN, control.Indicator.NameEN+" "+enFigure)
	}
	return strings.Join(allZH, "、"), strings.Join(allEN, " and ")
}

func (e *examination) contradiction(c *conflict, always bool) (zh, en string) {
	zhFacts, enFacts := e.list(c.facts)
	ind := c.quantity.indicator
	if always {
		return fmt.Sprintf("%s 不能同时成立：%s无值可取。", zhFacts, ind.NameZH),
			fmt.Sprintf("%s cannot all be true: nothing is left for %s.", enFacts, ind.NameEN)
	}
	return fmt.Sprintf("%s 只有在数值本身也经四舍五入时才能同时成立。", zhFacts),
		fmt.Sprintf("%s can all be true only if the levels are rounded themselves.", enFacts)
}

func orderText(chain []*Control) (zh, en string) {
	var numbers, namesZH, namesEN []string
	for _, control := range chain {
		zhFigure, enFigure := control.published()
		numbers = append(numbers, control.Value.Text)
		namesZH = append(namesZH, control.Indicator.NameZH+" "+zhFigure)
		namesEN = append(namesEN, control.Indicator.NameEN+" "+enFigure)
	}
	relation := strings.Join(numbers, " ≤ ")
	return relation + "，成立：" + strings.Join(namesZH, "、") + "。", relation + " holds: " + strings.Join(namesEN, ", ") + "."
}
