package wording

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/citytally/citytally/configs/catalogue"
)

// Units are what a text outside of the figures says of their units.
type Units struct {
	// Stated are the units that it states as such: 单位：万元、家; （万元）; 金额以万元计.
	Stated []string
	// Mentioned are units of money that it speaks of otherwise: 产值为万元口径.
	Mentioned []string
	// General is true where the clause with the statement speaks of nothing in particular:
	// 注：金额单位为万元, but not 产值单位为万元.
	General bool
}

// Empty reports whether a text says nothing of units.
func (u *Units) Empty() bool { return len(u.Stated)+len(u.Mentioned) == 0 }

const (
	scaleWords = `(?:十万|百万|千万|万亿|十亿|百亿|千亿|十|百|千|万|亿)`
	currency   = `(?:美元|美金|欧元|英镑|港元|港币|日元|元)`
	counted    = `(?:人次|千瓦时|吨|人|家|个|项|件|户|名|次|场|份|条)`
)

var (
	unitWord   = regexp.MustCompile(`^(?:(?:人民币)?(` + scaleWords + `?` + currency + `|[万亿])(?:人民币)?|(` + scaleWords + `?` + counted + `|%|‰))$`)
	moneyUnit  = regexp.MustCompile(`^` + scaleWords + `?` + currency + `$`)
	inBrackets = regexp.MustCompile(`[(\[【]([^()\[\]【】]*)[)\]】]`)
	reckonedIn = regexp.MustCompile(`[以按]\s*(?:人民币)?(` + scaleWords + `?` + currency + `)\s*(?:为单位|计|填报|列示|统计|反映)`)
	amountIn   = regexp.MustCompile(`金额(?:均|都|一律)?\s*[:为是]\s*(?:人民币)?(` + scaleWords + `?` + currency + `)(?:[\s。,;()]|$)`)
	// anyMoney finds units of money with what stands around them and makes them something else: an
	// amount (500万元), or a word (亿元企业, 每万元).
	anyMoney     = regexp.MustCompile(`([\d.一二三四五六七八九两几数多每超过破近逾达上]\s*)?(` + scaleWords + currency + `|美元|美金|欧元|英镑|港元|港币|日元)(以上|以下|级|企业|项目|gdp|大关|俱乐部|园区|镇|村|楼)?`)
	beforeUnits  = regexp.MustCompile(`^(?:均|都|统一|[:为是]|\s)+`)
	bracketWords = regexp.MustCompile(`^(?:人民币金额|金额|货币|人民币)?[:为]\s*|^金额\s*`)
	betweenUnits = regexp.MustCompile(`[\s、,/;|]+|和|及|或`)
	// inEnglish finds what follows unit: and in, of which a list of units is read up to what ends it.
	inEnglish    = regexp.MustCompile(`(?:\bunits?(?: of (?:measure(?:ment)?|currency))?\s*[:=]|\b(?:figures|values|amounts|data|all)?\s*(?:are\s+)?in\b|\bcurrency\s*[:=])\s*([a-z0-9¥$€'][^()\[\]。;:]*)`)
	listEnds     = regexp.MustCompile(`,\s+|[/|、]|\band\b|\.\s|\.$|\bunless\b|\bexcept\b`)
	endOfUnits   = regexp.MustCompile(`[。()\[\]【】]`)
	clauseEnds   = regexp.MustCompile(`[。,;]`)
	generalWords = regexp.MustCompile(`附注|注释|备注|说明|注|本表|表中|表内|以上|上述|所列|各项|各|指标|数据|数值|数字|金额|货币|计量|价值量|均|都|统一|一律|全部|所有|除|另有|特别|注明|标明|外|的|中|为|是|人民币|\b(?:notes?|all|the|monetary|figures|values|amounts|data|are|money|in|units?)\b|[\s\d:.、*※()#]`)
	moneyNames   = strings.NewReplacer("美金", "美元", "港币", "港元")
)

// FindUnits tells what a text says of units.
func FindUnits(text string) (u Units) {
	if !speaksOfUnits(text) {
		return u
	}
	text = strings.ToLower(strings.TrimSpace(norm.NFKC.String(text)))
	first := len(text)
	state := func(units []string, at int) {
		for _, unit := range units {
			if !slices.Contains(u.Stated, unit) {
				u.Stated = append(u.Stated, unit)
			}
		}
		if len(units) > 0 {
			first = min(first, at)
		}
	}
	for at, rest := 0, text; ; {
		i := strings.Index(rest, "单位")
		if i < 0 {
			break
		}
		at += i
		rest = rest[i+len("单位"):]
		list, _, _ := strings.Cut(beforeUnits.ReplaceAllString(rest, ""), "单位")
		if end := endOfUnits.FindStringIndex(list); end != nil {
			list = list[:end[0]]
		}
		state(unitsIn(list, false), at)
		at += len("单位")
	}
	for _, m := range inBrackets.FindAllStringSubmatchIndex(text, -1) {
		state(unitsInEnglish([]string{text[m[2]:m[3]]}), m[0])
		state(unitsIn(bracketWords.ReplaceAllString(text[m[2]:m[3]], ""), false), m[0])
	}
	for _, m := range inEnglish.FindAllStringSubmatchIndex(text, -1) {
		list := listEnds.Split(text[m[2]:m[3]], -1)
		if units := unitsInEnglish(list); len(units) > 0 {
			state(units, m[0])
		}
	}
	for _, pattern := range []*regexp.Regexp{reckonedIn, amountIn} {
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			state(unitsIn(text[m[2]:m[3]], false), m[0])
		}
	}
	if all := unitsIn(text, true); slices.ContainsFunc(all, IsMoney) {
		state(all, 0)
	}
	for _, m := range anyMoney.FindAllStringSubmatch(text, -1) {
		if unit := moneyNames.Replace(m[2]); m[1] == "" && m[3] == "" && !slices.Contains(u.Stated, unit) && !slices.Contains(u.Mentioned, unit) {
			u.Mentioned = append(u.Mentioned, unit)
		}
	}
	before := text[:first]
	if ends := clauseEnds.FindAllStringIndex(before, -1); len(ends) > 0 {
		before = before[ends[len(ends)-1][1]:]
	}
	u.General = generalWords.ReplaceAllString(before, "") == ""
	return u
}

// unitsInEnglish returns those that are written in English, by their names in Chinese.
func unitsInEnglish(list []string) (units []string) {
	for _, word := range list {
		if name, ok := catalogue.EnglishUnit(strings.TrimSpace(word)); ok {
			units = append(units, name)
		}
	}
	return units
}

// unitSigns are characters of which each unit that is known has one, once in either width.
const unitSigns = "元金镑币万亿百千十吨人家个项件户名次场份条时%‰％￥＄¥$€£"

// speaksOfUnits reports whether a text may say something of units. It is asked of every note of a file, of which
// few do, and costs little.
func speaksOfUnits(text string) bool {
	if strings.ContainsAny(text, unitSigns) || strings.Contains(text, "单位") {
		return true
	}
	text = strings.ToLower(norm.NFKC.String(text))
	return strings.ContainsAny(text, unitSigns) || strings.Contains(text, "unit") || strings.Contains(text, "in") || strings.Contains(text, "currency")
}

// unitsIn returns the units of a list. All is true where it may hold nothing else.
func unitsIn(list string, all bool) (units []string) {
	for _, word := range betweenUnits.Split(strings.TrimSpace(list), -1) {
		m := unitWord.FindStringSubmatch(word)
		switch {
		case m == nil && all && word != "":
			return nil
		case m == nil:
		case m[1] == "万", m[1] == "亿":
			units = append(units, m[1]+"元")
		case m[1] != "":
			units = append(units, moneyNames.Replace(m[1]))
		default:
			units = append(units, m[2])
		}
	}
	return units
}

// IsMoney reports whether a unit is one of money, in whatever currency.
func IsMoney(unit string) bool { return moneyUnit.MatchString(unit) }
