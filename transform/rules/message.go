package rules

import (
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// placeholder is a name in a message, for which its value is written.
var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// message is a text with places for values: words[0], the value of names[0], words[1] and so on.
type message struct{ words, names []string }

func newMessage(text string) (m message) {
	from := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		m.words, m.names = append(m.words, text[from:at[0]]), append(m.names, text[at[2]:at[3]])
		from = at[1]
	}
	m.words = append(m.words, text[from:])
	return m
}

// newChineseMessage is newMessage of a text in Chinese, in which no space stands before a unit
// or around a period: 地区生产总值2021年填报60亿元.
func newChineseMessage(text string) message {
	m := newMessage(text)
	for n, name := range m.names {
		if name == "unit" || name == "period" {
			m.words[n] = strings.TrimSuffix(m.words[n], " ")
		}
		if name == "period" {
			m.words[n+1] = strings.TrimPrefix(m.words[n+1], " ")
		}
	}
	return m
}

// fill returns the text with the values of the names.
func (m *message) fill(value func(name string) string) string {
	var text strings.Builder
	for n, name := range m.names {
		words, told := m.words[n], value(name)
		if name == "unit" && told == "" {
			words = strings.TrimSuffix(words, " ") // a count in English
		}
		text.WriteString(words)
		text.WriteString(told)
	}
	text.WriteString(m.words[len(m.names)])
	return text.String()
}

// spoken returns a variable as a sentence of one language says it: names in place of ids and
// codes, shares rounded. It is false for those that are the same in every language.
func (a *activation) spoken(name string, chinese bool) (string, bool) {
	r := a.row
	choose := func(zh, en string) (string, bool) {
		if chinese {
			return zh, true
		}
		return en, true
	}
	list := func(values []catalogue.Value) (string, bool) {
		all := make([]string, len(values))
		for n, v := range values {
			all[n] = v.String()
		}
		return strings.Join(all, listSeparator(chinese)), true
	}
	switch name {
	case "indicator":
		return choose(r.of.nameZH, r.of.nameEN)
	case "other_indicator":
		return choose(a.related.nameZH, a.related.nameEN)
	case "unit":
		return choose(r.of.unit.Written(), strings.TrimPrefix(r.of.unit.AfterInEnglish(""), " "))
	case "period":
		return choose(r.Period.Names())
	case "nearest_period":
		return choose(r.nearestPeriod().Names())
	case "before_period":
		return choose(r.periodBeside(periodBefore).Names())
	case "after_period":
		return choose(r.periodBeside(periodAfter).Names())
	case "reference_period":
		zh, en := r.referencePeriod().Names()
		if r.ofOtherSpan && r.of.kind == catalogue.Flow && lengthOf(r.referenceAt) != lengthOf(r.Period) {
			zh, en = "按时长折算的"+zh, en+" (scaled to the same length)"
		}
		return choose(zh, en)
	case "area":
		return choose(r.Area.Names())
	case "stage":
		return choose(r.Stage.NameZH(), r.Stage.String())
	case "in_force_stage":
		return choose(r.InForceStage.NameZH(), r.InForceStage.String())
	case "missing_zones":
		missing, _ := r.missingZones()
		for n, code := range missing {
			if zone, ok := r.of.city.catalogue.Area(code); ok {
				missing[n], _ = choose(zone.Names())
			}
		}
		return strings.Join(missing, listSeparator(chinese)), true
	case "series":
		return list(r.earlier())
	case "references":
		return list(r.references())
	case "neighbours":
		return list(r.neighbours())
	case "shares":
		_, before, _ := r.cityShare()
		rounded := make([]string, len(before))
		for n, share := range before {
			rounded[n] = share.Decimal().Round(shownSharePlaces).String() + "%"
		}
		return strings.Join(rounded, listSeparator(chinese)), true
	case "city_share":
		if share, ok := r.figure(ofCityShare); ok {
			return share.Decimal().Round(shownSharePlaces).String(), true
		}
	}
	return "", false
}

// shownSharePlaces is with how many places messages tell shares of the city, in percent.
const shownSharePlaces = 1

func listSeparator(chinese bool) string {
	if chinese {
		return "、"
	}
	return ", "
}

// textOfValues writes values for people.
func textOfValues(values []catalogue.Value) string {
	var text []byte
	for n, v := range values {
		if n > 0 {
			text = append(text, ", "...)
		}
		text = v.AppendText(text)
	}
	return string(text)
}
