package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/tally"
)

// explanation prints a total's explanation for a person.
type explanation struct {
	*answer.Explanation
	catalogue *catalogue.Catalogue
	location  *time.Location
	lang      string
	words     explainWords
}

// node is a line of the tree with what hangs below it.
type node struct {
	lines    []string // the first is the node's, the others stand under it
	children []*node
}

func (x *explanation) print(w io.Writer) {
	indicator, _ := x.catalogue.Indicator(x.Indicator)
	fmt.Fprintf(w, "%s  %s\n", x.indicatorName(x.Indicator), x.headline(indicator, &x.Level))
	for _, line := range x.facts(indicator) {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintln(w)
	x.level(&x.Level, x.Period).print(w, "", "")
	if x.Base != nil {
		fmt.Fprintln(w)
		x.level(x.Base, fmt.Sprintf(x.words.baseOf, x.Base.Period)).print(w, "", "")
	}
}

func (x *explanation) headline(indicator *catalogue.Indicator, l *answer.Level) string {
	if !l.Reported || l.Value == "" {
		return l.Period + ": " + x.words.none
	}
	value, exact := decimal.RequireFromString(l.Value), ""
	shown := indicator.Display(value, indicator.Decimals)
	if !decimal.RequireFromString(shown).Equal(value) {
		exact = fmt.Sprintf(x.words.unrounded, l.Value)
	}
	return fmt.Sprintf("%s: %s%s  %s", l.Period, x.figure(shown, l.Unit, l.Qualifier), exact, x.stage(l.Stage, l.Status))
}

// facts are the lines that hold for the total as a whole.
func (x *explanation) facts(indicator *catalogue.Indicator) []string {
	words := &x.words
	lines := []string{x.rule(indicator)}
	verdict := words.withheld
	if x.Publishable {
		verdict = words.publishable
	}
	lines = append(lines, fmt.Sprintf(words.coverage, x.Have, x.Expected, words.policies[string(x.Policy)])+" → "+verdict, x.changed(indicator))
	for _, code := range slices.Sorted(maps.Keys(x.Recast)) {
		before := x.areaNames(x.Recast[code])
		lines = append(lines, fmt.Sprintf(words.recast, x.areaName(code), cmp.Or(before, words.unknownBefore)))
	}
	for _, flag := range x.Flags {
		lines = append(lines, map[string]string{event.Derived: words.derived, event.DerivedNegative: words.negative}[flag])
	}
	lines = append(lines, fmt.Sprintf(words.basis, x.Basis, x.Catalogue))
	if !x.Received.IsZero() {
		lines = append(lines, fmt.Sprintf(words.asOf, x.time(x.Received)))
	}
	return lines
}

func (x *explanation) rule(indicator *catalogue.Indicator) string {
	switch x.Rule {
	case catalogue.RatioRule:
		factor := ""
		if x.Factor != 1 {
			factor = fmt.Sprintf(" × %d", x.Factor)
		}
		return fmt.Sprintf(x.words.ratioRule, x.indicatorName(indicator.Numerator), x.indicatorName(indicator.Denominator), factor)
	case catalogue.CityRule:
		return fmt.Sprintf(x.words.cityRule, x.indicatorName(indicator.ID))
	}
	return fmt.Sprintf(x.words.sumRule, x.indicatorName(indicator.ID))
}

func (x *explanation) changed(indicator *catalogue.Indicator) string {
	report := reportLanguages[x.lang]
	if x.Change == "" {
		return fmt.Sprintf(x.words.noChange, cmp.Or(report.reasons[x.ChangeReason], x.words.none), cmp.Or(x.ChangeReason, tally.ValueMissing))
	}
	change := decimal.RequireFromString(x.Change)
	shown := indicator.Display(change, indicator.ChangeDecimals)
	if change.IsPositive() {
		shown = "+" + shown
	}
	base := x.figure(x.Base.Value, x.Base.Unit, x.Base.Qualifier)
	if x.ChangeKind == string(catalogue.Point) {
		return fmt.Sprintf(x.words.change, fmt.Sprintf(report.points, shown), base, fmt.Sprintf(report.points, x.Change))
	}
	return fmt.Sprintf(x.words.change, fmt.Sprintf(report.percent, shown), base, x.figure(x.ChangeAbsolute, x.Unit, ""))
}

func (x *explanation) level(l *answer.Level, title string) *node {
	top := &node{lines: []string{title}}
	for i := range l.Sums {
		top.children = append(top.children, x.sum(&l.Sums[i]))
	}
	switch {
	case !l.Reported:
		top.lines = append(top.lines, x.words.nobody)
	case len(l.Missing) > 0:
		top.children = append(top.children, &node{lines: []string{fmt.Sprintf(x.words.missing, x.areaNames(l.Missing))}})
	default:
		top.children = append(top.children, &node{lines: []string{x.words.missingNone}})
	}
	return top
}

func (x *explanation) sum(s *answer.Sum) *node {
	pattern := map[answer.Role]string{
		answer.NumeratorRole: x.words.numerator, answer.DenominatorRole: x.words.denominator, answer.WholeRole: x.words.total,
	}[s.Role]
	n := &node{lines: []string{fmt.Sprintf(pattern, x.indicatorName(s.Indicator), x.figure(s.Value, s.Unit, ""))}}
	for i := range s.Parts {
		n.children = append(n.children, x.part(&s.Parts[i], s.Unit))
	}
	for i := range s.Excluded {
		p := &s.Excluded[i]
		child := x.part(p, s.Unit)
		because := x.words.because[p.Because]
		if strings.Contains(because, "%s") {
			because = fmt.Sprintf(because, x.areaName(p.Host))
		}
		child.lines = slices.Insert(child.lines, 1, because)
		n.children = append(n.children, child)
	}
	return n
}

func (x *explanation) part(p *answer.ExplainedPart, unit string) *node {
	sign := ""
	if p.Subtracted {
		sign = x.words.subtracted
	}
	n := &node{lines: []string{p.Area + " " + x.areaName(p.Area) + "  " + sign + x.told(&p.ExplainedFigure, unit)}}
	n.lines = append(n.lines, x.provenance(&p.ExplainedFigure))
	for _, extra := range [...]struct{ pattern, text string }{{x.words.raw, p.Raw}, {x.words.note, p.Note}, {x.words.reason, p.Reason}} {
		if extra.text != "" {
			n.lines = append(n.lines, fmt.Sprintf(extra.pattern, extra.text))
		}
	}
	for i := range p.Superseded {
		s := &p.Superseded[i]
		n.lines = append(n.lines, fmt.Sprintf(x.words.before, x.told(s, unit)+" · "+x.provenance(s)))
	}
	return n
}

// told is a figure with its period where that is not the total's.
func (x *explanation) told(f *answer.ExplainedFigure, unit string) string {
	text := x.figure(f.Value, unit, f.Qualifier) + "  " + x.stage(f.Stage, f.Status)
	if f.Period != x.Period && (x.Base == nil || f.Period != x.Base.Period) {
		text += "  " + fmt.Sprintf(x.words.of, f.Period)
	}
	return text
}

// provenance says where a figure came from.
func (x *explanation) provenance(f *answer.ExplainedFigure) string {
	var at []string
	if f.File != "" {
		at = append(at, f.File)
	}
	if f.Row > 0 {
		at = append(at, fmt.Sprintf(x.words.place, f.Row))
	}
	where := strings.Join(at, " ")
	facts := []string{where, fmt.Sprintf("%s #%d %s", f.Dataset, f.Sequence, f.Submission)}
	if f.Via != "" {
		facts = append(facts, fmt.Sprintf(x.words.via, f.Via))
	}
	if f.By != "" {
		facts = append(facts, fmt.Sprintf(x.words.by, f.By))
	}
	facts = append(facts, fmt.Sprintf(x.words.received, x.time(f.ReceivedAt)))
	return strings.Join(slices.DeleteFunc(facts, func(s string) bool { return s == "" }), " · ")
}

func (x *explanation) figure(value, unit, qualifier string) string {
	if value == "" {
		return x.words.none
	}
	text := value + " " + unit
	if pattern, ok := reportLanguages[x.lang].qualifiers[qualifier]; ok {
		return fmt.Sprintf(pattern, text)
	}
	return text
}

func (x *explanation) stage(stage, status string) string {
	return strings.TrimSpace(reportLanguages[x.lang].stages[stage] + " " + status)
}

func (x *explanation) time(t time.Time) string {
	return t.In(x.location).Format("2006-01-02 15:04:05 -07:00")
}

func (x *explanation) indicatorName(id string) string {
	indicator, ok := x.catalogue.Indicator(id)
	if !ok {
		return id
	}
	return pick(x.lang, indicator.NameZH, indicator.NameEN)
}

func (x *explanation) areaName(code string) string {
	area, ok := x.catalogue.Area(code)
	if !ok {
		return code
	}
	return pick(x.lang, area.NameZH, area.NameEN)
}

func (x *explanation) areaNames(codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = x.areaName(code)
	}
	return strings.Join(names, pick(x.lang, "、", ", "))
}

func pick(lang, zh, en string) string {
	if lang == "zh" {
		return zh
	}
	return en
}

// print draws the node; first stands before its line and rest before everything
// below it.
func (n *node) print(w io.Writer, first, rest string) {
	fmt.Fprintf(w, "%s%s\n", first, n.lines[0])
	bar := "   "
	if len(n.children) > 0 {
		bar = "│  "
	}
	for _, line := range n.lines[1:] {
		fmt.Fprintf(w, "%s%s%s\n", rest, bar, line)
	}
	for i, child := range n.children {
		if i == len(n.children)-1 {
			child.print(w, rest+"└─ ", rest+"   ")
		} else {
			child.print(w, rest+"├─ ", rest+"│  ")
		}
	}
}
