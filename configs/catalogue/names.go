package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/citytally/citytally/configs/strict"
)

// NormalizeName returns the form in which names are compared: folded to half width and
// lower case, without white space and invisible characters.
func NormalizeName(text string) string {
	plain := true
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(text))
}

// nameIndex maps normalized names to indicators and areas. A name that several have is
// mapped to nil.
type nameIndex struct {
	indicators map[string]*Indicator
	areas      map[string]*Area
	// shortAreas are further names of areas, which yield to those of the catalogue.
	shortAreas map[string]*Area
}

func (c *Catalogue) indexNames() {
	c.names = nameIndex{indicators: map[string]*Indicator{}, areas: map[string]*Area{}}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		for _, name := range append([]string{ind.NameZH, ind.NameEN}, ind.Aliases...) {
			addName(c.names.indicators, name, ind)
		}
	}
	for i := range c.Areas {
		a := &c.Areas[i]
		addName(c.names.areas, a.NameZH, a)
		addName(c.names.areas, a.NameEN, a)
	}
	// An id is nobody else's name.
	for i := range c.Indicators {
		c.names.indicators[NormalizeName(c.Indicators[i].ID)] = &c.Indicators[i]
	}
	for i := range c.Areas {
		c.names.areas[NormalizeName(c.Areas[i].Code)] = &c.Areas[i]
	}
	c.indexShortNames()
}

func addName[T any](index map[string]*T, name string, of *T) {
	key := NormalizeName(name)
	if key == "" {
		return
	}
	if earlier, taken := index[key]; taken && earlier != of {
		index[key] = nil
		return
	}
	index[key] = of
}

// checkAliases reports aliases that are empty or that another indicator has as its id,
// name or alias.
func checkAliases(indicators []Indicator, ind *Indicator, report indicatorReport) {
	for j, alias := range ind.Aliases {
		key := NormalizeName(alias)
		if key == "" {
			report(indexed("aliases", j), "want a name, got %q", alias)
		}
		if slices.IndexFunc(ind.Aliases, func(a string) bool { return NormalizeName(a) == key }) < j {
			report(indexed("aliases", j), "%q occurs twice", alias)
		}
		for k := range indicators {
			other := &indicators[k]
			if other.ID == ind.ID {
				continue
			}
			for _, name := range append([]string{other.ID, other.NameZH, other.NameEN}, other.Aliases...) {
				if NormalizeName(name) == key && key != "" {
					report(indexed("aliases", j), "%q is a name of %s", alias, other.ID)
				}
			}
		}
	}
}

var (
	// enumeration is what tables write before a name: 一、, (二), 3., 其中：.
	enumeration = regexp.MustCompile(`^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十\d]{1,3}\)|\d{1,3}(?:、|\.(?:\D))|其中[:,]?|#|\*)`)
	// bracketed is a name with something in brackets, or after a slash, at its end.
	bracketed = regexp.MustCompile(`^(.+?)(?:[(\[【]([^()\[\]【】]+)[)\]】]|/([^/()]+))$`)
)

// FindIndicator looks an indicator up as people write it: by id, Chinese or English name,
// or alias, with a number before it (一、, 其中：), and its unit or another name of it in
// brackets behind it: 地区生产总值（亿元）, 地区生产总值（GDP）.
// Unit is that unit, or "". Names are compared as [NormalizeName] writes them, in full.
func (c *Catalogue) FindIndicator(text string) (ind *Indicator, unit string, ok bool) {
	if ind, ok := c.indicators[text]; ok {
		return ind, "", true
	}
	key := NormalizeName(text)
	for range 3 {
		if ind := c.names.indicators[key]; ind != nil {
			return ind, "", true
		}
		if m := bracketed.FindStringSubmatch(key); m != nil {
			if ind := c.names.indicators[m[1]]; ind != nil {
				if unit, ok := c.inBrackets(ind, m[2]+m[3]); ok {
					return ind, unit, true
				}
			}
		}
		prefix := enumeration.FindString(key)
		if prefix == "" {
			return nil, "", false
		}
		if last := prefix[len(prefix)-1]; strings.Contains(prefix, ".") && last != '.' {
			prefix = prefix[:strings.Index(prefix, ".")+1] // the pattern has read into the name
		}
		key = key[len(prefix):]
	}
	return nil, "", false
}

// inBrackets reads what stands in brackets behind an indicator's name: its unit, another name
// of it, or both: 地区生产总值(GDP,亿元). It reports false where it is anything else.
func (c *Catalogue) inBrackets(ind *Indicator, text string) (unit string, ok bool) {
	if IsUnit(text) {
		return UnitName(text), true
	}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",、;", r) }) {
		part = strings.TrimPrefix(part, "单位:")
		switch {
		case c.names.indicators[part] == ind:
		case unit == "" && (part == NormalizeName(ind.UnitName) || IsUnit(part)):
			unit = UnitName(part)
		default:
			return "", false
		}
	}
	return unit, true
}

// IsUnit reports whether a text, as [NormalizeName] writes it, is the name of a unit that
// converts: 亿元, 家, %.
func IsUnit(text string) bool {
	_, known := scaledUnits[text]
	_, alias := unitAliases[text]
	if known || alias {
		return text != "1"
	}
	if text == "" || text[0] >= utf8.RuneSelf && text[0] != "¥"[0] || countsAnything.MatchString(text) {
		return false
	}
	_, english := EnglishUnit(text)
	return english
}

// FindArea looks an area up by code or name, or by a name as people shorten it: without 区 or 县,
// 经开区 for 经济技术开发区. The city's name may stand before it, and the province's before that:
// 淮安市清江浦区. A short name that several areas have is none, but one that no longer exists leaves
// it to one that does.
func (c *Catalogue) FindArea(text string) (*Area, bool) {
	if a, ok := c.areas[text]; ok {
		return a, true
	}
	key := NormalizeName(text)
	if a := c.names.areas[key]; a != nil {
		return a, true
	}
	if city, ok := c.areas[c.City]; ok && city.NameZH != "" {
		if before, rest, ok := strings.Cut(key, NormalizeName(city.NameZH)); ok && (before == "" || strings.HasSuffix(before, "省")) {
			if rest == "" {
				return city, true
			}
			key = rest
		}
	}
	for _, index := range []map[string]*Area{c.names.areas, c.names.shortAreas} {
		if a := index[key]; a != nil {
			return a, true
		}
	}
	return nil, false
}

// shortened are the endings of areas' names that people leave out or abbreviate.
var shortened = []struct{ ending, short string }{
	{"经济技术开发区", "经开区"}, {"高新技术产业开发区", "高新区"}, {"区", ""}, {"县", ""}, {"市", ""}, {"district", ""}, {"county", ""}, {"city", ""},
}

// shortNames returns the names by which people also call an area, normalized. City is the name
// of the city without 市, which zones have before theirs.
func shortNames(a *Area, city string) (names []string) {
	for _, name := range []string{NormalizeName(a.NameZH), NormalizeName(a.NameEN)} {
		own := name
		if rest, ok := strings.CutPrefix(name, city); ok && city != "" && len([]rune(rest)) > 2 {
			own = rest
			names = append(names, rest)
		}
		for _, s := range shortened {
			if stem, ok := strings.CutSuffix(name, s.ending); ok {
				if len([]rune(stem+s.short)) > 1 {
					names = append(names, stem+s.short)
				}
				if stem, _ = strings.CutSuffix(own, s.ending); own != name && s.short != "" {
					names = append(names, stem+s.short)
				}
				break
			}
		}
	}
	return names
}

// indexShortNames indexes the short names of areas that exist, and then those of others.
func (c *Catalogue) indexShortNames() {
	city := ""
	if a, ok := c.areas[c.City]; ok {
		city = strings.TrimSuffix(NormalizeName(a.NameZH), "市")
	}
	index := func(closed bool) map[string]*Area {
		names := map[string]*Area{}
		for i := range c.Areas {
			if a := &c.Areas[i]; a.ValidTo.IsZero() != closed {
				for _, name := range shortNames(a, city) {
					addName(names, name, a)
				}
			}
		}
		return names
	}
	c.names.shortAreas = index(false)
	for name, a := range index(true) {
		if _, taken := c.names.shortAreas[name]; !taken {
			c.names.shortAreas[name] = a
		}
	}
}

// NearIndicators returns up to three indicators whose id or name differs least from a
// text, or contains it or is contained in it.
func (c *Catalogue) NearIndicators(text string) []*Indicator {
	key := NormalizeName(text)
	if key == "" || len(key) > 200 {
		return nil
	}
	var names []string
	for name, ind := range c.names.indicators {
		if ind != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var near []*Indicator
	add := func(ind *Indicator) {
		if ind != nil && !slices.Contains(near, ind) && len(near) < 3 {
			near = append(near, ind)
		}
	}
	if nearest := strict.Nearest(key, names); nearest != "" {
		add(c.names.indicators[nearest])
	}
	if len([]rune(key)) < 2 {
		return near
	}
	for _, name := range names {
		if len([]rune(name)) >= 2 && (strings.Contains(name, key) || strings.Contains(key, name)) {
			add(c.names.indicators[name])
		}
	}
	return near
}

// UnknownIndicator returns the problem of a text that names no indicator. It suggests the
// nearest ones.
func (c *Catalogue) UnknownIndicator(seen string) *Problem {
	if len(seen) > 200 {
		seen = strings.ToValidUTF8(seen[:200], "") + "…"
	}
	zh, en := "请对照指标目录填写指标名称", "look the indicator's name up in the catalogue"
	if near := c.NearIndicators(seen); len(near) > 0 {
		var names, ids []string
		for _, ind := range near {
			name, _ := ind.Names()
			names, ids = append(names, Quoted(name)), append(ids, strconv.Quote(ind.ID))
		}
		zh, en = "是否应为"+strings.Join(names, "或")+"？", "did you mean "+strings.Join(ids, " or ")+"?"
		if only := near[0]; len(near) == 1 && only.NameEN != "" {
			en += " (" + only.NameEN + ")"
		}
	}
	return &Problem{
		Code: "INDICATOR_UNKNOWN", Seen: seen,
		ZH: fmt.Sprintf("没有指标%s；%s", Quoted(seen), zh), EN: fmt.Sprintf("there is no indicator %q; %s", seen, en),
	}
}
