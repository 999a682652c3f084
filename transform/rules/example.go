package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/catalogue"
)

// Outcome is what became of one example of a rule.
type Outcome struct {
	Rule *Rule
	// Number counts the rule's examples from 1, those that pass before those that fail.
	Number  int
	Example *Example
	// Want is whether the example has the fault; Fault is what was found, nil for nothing.
	Want  bool
	Fault *Fault
	// Err says why the example cannot be read.
	Err error
}

// Good reports whether the example came out as it should.
func (o *Outcome) Good() bool { return o.Err == nil && o.Want == (o.Fault != nil) }

// Test evaluates every example of every rule.
func (s *Set) Test() []Outcome {
	if s == nil {
		return nil
	}
	var all []Outcome
	for _, c := range s.compiled {
		for i := range len(c.rule.Pass) + len(c.rule.Fail) {
			o := Outcome{Rule: c.rule, Number: i + 1, Want: i >= len(c.rule.Pass)}
			if o.Want {
				o.Example = &c.rule.Fail[i-len(c.rule.Pass)]
			} else {
				o.Example = &c.rule.Pass[i]
			}
			row, err := o.Example.row(c.rule)
			if o.Err = err; err == nil && c.rule.Scope.includesExample(row) {
				for _, related := range row.of.related(c.rule.Relation) {
					if row.knows(c.needs) {
						c.judge(row, related, func(f *Fault) { o.Fault = f })
					}
				}
			}
			all = append(all, o)
		}
	}
	return all
}

// String writes the example as its file has it: {value: 5, before: 4}.
func (e *Example) String() string {
	text, err := yaml.Marshal(e.node())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// node is the example in YAML, on one line and without what is empty.
func (e *Example) node() *yaml.Node {
	node := &yaml.Node{}
	if err := node.Encode(e); err != nil {
		return node
	}
	node.Style = yaml.FlowStyle
	content := node.Content
	node.Content = nil
	for i := 0; i+1 < len(content); i += 2 {
		if v := content[i+1]; v.Value != "" || len(v.Content) > 0 {
			v.Style = yaml.FlowStyle
			node.Content = append(node.Content, content[i], v)
		}
	}
	return node
}

// includesExample reports whether the scope has an example, which is of no particular
// dataset, indicator or area.
func (s *Scope) includesExample(r *Row) bool {
	everywhere := *s
	everywhere.Datasets, everywhere.Indicators, everywhere.Areas = nil, nil, nil
	return everywhere.includes("", r.of) && has(s.Periods, r.Period.Kind) && everywhere.includesRow(r)
}

// exampleFigures are the figures of an example by indicator.
type exampleFigures map[string]catalogue.Value

// Figure returns the figure of an indicator. Those of other periods are the row's own.
func (f exampleFigures) Figure(indicator string, _ catalogue.Period) (catalogue.Value, bool, bool) {
	v, ok := f[indicator]
	return v, false, ok
}

// InForce returns nothing: an example has the figures of other areas itself.
func (f exampleFigures) InForce(string, string, catalogue.Period) (catalogue.Value, bool) {
	return catalogue.Value{}, false
}

// Years returns all: an example has its figures in every period.
func (f exampleFigures) Years(string) catalogue.Years {
	return catalogue.Years{First: math.MinInt16, Last: math.MaxInt16}
}

// Periods returns all of them.
func (f exampleFigures) Periods(string, int16) catalogue.PeriodSet { return ^catalogue.PeriodSet(0) }

// Withdrawals returns nothing: an example has these figures itself.
func (f exampleFigures) Withdrawals() (withdrawn, reported int) { return 0, 0 }

// Repeated returns nothing: an example has these figures itself.
func (f exampleFigures) Repeated(catalogue.Period, catalogue.Period) (same, compared int) {
	return 0, 0
}

// knowReference gives an example that does not name them what the magnitude of its value is held
// against: that of the year before, which is established.
func (r *Row) knowReference() {
	derive := func(n int, from ...int) {
		for _, other := range from {
			if v, ok := r.figure(other); r.none.has(n) && ok && v.Coefficient != 0 {
				r.know(n, v, true)
			}
		}
	}
	derive(ofNearest, ofYearBefore)
	derive(ofReference, ofNearest, ofInForce)
	if r.Period.Kind != catalogue.Year && r.Period.Kind != catalogue.YearToDate {
		derive(ofBeforeInForce, ofBefore)
	}
	r.referenceAt = r.Period.YearBefore()
	if r.none.has(ofNearest) {
		r.referenceAt = r.Period
		_, r.revises = r.figure(ofInForce)
	}
}

// exampleIndicator is the id of the indicator that examples are of.
const exampleIndicator = "example"

// row makes the row of an example.
func (e *Example) row(rule *Rule) (*Row, error) {
	var errs problems
	read := func(name, text string) (catalogue.Value, bool) {
		if text == "" {
			return catalogue.Value{}, false
		}
		v, err := catalogue.ParseValue(text)
		if err != nil || v.Missing {
			errs.add(name, "want a number, got %q", text)
		}
		return v.Value, true
	}
	unit, kind, code := e.Unit, e.Kind, e.Period
	if unit == "" {
		unit = "亿元"
	}
	if kind == "" {
		kind = catalogue.Flow
	}
	if code == "" {
		code = "2021"
	}
	period, err := catalogue.ParsePeriod(code)
	if err != nil {
		errs.add("period", "%s", err)
	}
	stage, err := catalogue.ParseStage(e.Stage)
	if err != nil {
		errs.add("stage", "%s", err)
	}
	inForceStage, err := catalogue.ParseStage(e.InForceStage)
	if err != nil {
		errs.add("in_force_stage", "%s", err)
	}
	figures := exampleFigures{}
	r := &Row{Area: &catalogue.Area{}, Period: period, Stage: stage, InForceStage: inForceStage, Note: e.Note, Raw: e.Raw, Reason: e.Reason, Figures: figures, On: rule.On}
	r.reset(newSubject(exampleIndicator, "示例指标", "example", catalogue.ParseUnit(unit), kind))
	other := &related{subject: newSubject("whole", "总量指标", "the whole", catalogue.ParseUnit(unit), kind)}
	r.of.atMost, r.of.atLeast = []*related{other}, []*related{other}
	r.Value, _ = read("value", e.Value)
	r.know(ofValue, r.Value, true)
	r.InForce, r.HasInForce = read("in_force", e.InForce)
	r.know(ofInForce, r.InForce, r.HasInForce)
	for n, text := range map[int]string{ofBefore: e.Before, ofYearBefore: e.YearBefore, ofAfter: e.After, ofSameSpan: e.SameSpan, ofHost: e.Host} {
		v, ok := read(figureNames[n], text)
		r.know(n, v, ok)
	}
	for n := ofOther + 1; n < figureCount; n++ {
		v, ok := read("known."+figureNames[n], e.Known[figureNames[n]])
		r.know(n, v, ok)
	}
	for _, base := range [...]int{ofYearBefore, ofStatedBase} {
		if v, ok := r.figure(base); ok && r.none.has(ofBase) || base == ofStatedBase && ok {
			r.know(ofBase, v, true)
		}
	}
	r.knowReference()
	if years, ok := read("apart", e.Apart); ok {
		r.referenceAt.Year = period.Year - int16(years.Coefficient)
	}
	for name := range e.Known {
		if !slices.Contains(figureNames[ofOther+1:], name) {
			errs.add("known", "there is no figure %q", name)
		}
	}
	if _, exits := e.Known[figureNames[ofShrunk]]; exits {
		r.of.shrinks = []*related{other}
	}
	r.of.numerator, r.of.denominator, r.of.factor = other, other, max(1, r.of.wholeShare.Coefficient)
	r.shared, r.share, r.hasShare = true, r.known[ofCityShare], true
	for _, text := range e.Shares {
		if v, ok := read("shares", text); ok {
			r.shares = append(r.shares, v)
		}
	}
	if v, ok := read("other", e.Other); ok {
		figures["whole"] = v
	}
	r.scanned = true
	for _, text := range e.Series {
		if v, ok := read("series", text); ok {
			r.series = append(r.series, v)
		}
	}
	for id, text := range e.Figures {
		figures[id], _ = read("figures", text)
	}
	if err := errs.err(); err != nil {
		return nil, fmt.Errorf("example of rule %s: %w", rule.ID, err)
	}
	return r, nil
}

// TakenBack returns nothing.
func (f exampleFigures) TakenBack(string, catalogue.Period) (catalogue.Value, bool) {
	return catalogue.Value{}, false
}
