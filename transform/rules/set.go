package rules

import (
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/event"
)

// Set is the rules of one file, compiled for one catalogue. It does not change, and may be
// used by many goroutines at once.
type Set struct {
	rules    []Rule
	version  string
	text     string
	compiled []*compiled
	plans    map[string]Plans
}

// file is a file of rules.
type file struct {
	Rules []Rule `yaml:"rules"`
}

// Plans are the rules that can concern the indicators of one dataset, by the indicator's id.
type Plans map[string]*Plan

// Plan is the rules that can concern figures of an indicator in a dataset.
type Plan struct {
	of    *subject
	rules [onCount][catalogue.YearToDate + 1][]candidate // by kind of row and of period
}

// candidate is a rule that can concern the figures of a plan.
type candidate struct {
	*compiled
	needs   figureSet
	related []*related // the indicators that the figure is compared with; one nil where the rule has no relation
}

// Load reads a file of rules as [Parse] does.
func Load(path string, c *catalogue.Catalogue) (*Set, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return Parse(path, text, c)
}

// Parse reads rules strictly, checks them against the catalogue and compiles them. Source
// names the text in mistakes, which are reported all at once, each with its line.
func Parse(source string, text []byte, c *catalogue.Catalogue) (*Set, error) {
	f := &file{}
	decoder := strict.NewDecoder(source, f)
	decoder.Document(text)
	s := &Set{rules: f.Rules, plans: map[string]Plans{}}
	seen := map[string]bool{}
	for i := range s.rules {
		r := &s.rules[i]
		path := fmt.Sprintf("rules[%d]", i)
		if seen[r.ID] {
			decoder.Add(fmt.Errorf("%s.id: there are two rules %q", path, r.ID))
		}
		seen[r.ID] = true
		decoder.Add(r.check(path, c))
		one, err := compile(r, path, c)
		decoder.Add(err)
		s.compiled = append(s.compiled, one)
	}
	if err := decoder.Err(); err != nil {
		return nil, err
	}
	s.version, s.text = catalogue.VersionOf(text), string(text)
	s.plan(c)
	return s, nil
}

// Version identifies the set's content: 12 hex digits of the SHA-256 of its text; "" where
// the set is nil.
func (s *Set) Version() string {
	if s == nil {
		return ""
	}
	return s.version
}

// Text returns the text that the set was read from; a text without rules where it is nil.
func (s *Set) Text() string {
	if s == nil {
		return "rules: []\n"
	}
	return s.text
}

// All returns the rules in their order. A nil set has none.
func (s *Set) All() []Rule {
	if s == nil {
		return nil
	}
	return s.rules
}

// Rule looks a rule up by id.
func (s *Set) Rule(id string) (*Rule, bool) {
	all := s.All()
	i := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return nil, false
	}
	return &all[i], true
}

// Plans returns the rules for the indicators of a dataset. A nil set has none.
func (s *Set) Plans(dataset string) Plans {
	if s == nil {
		return nil
	}
	return s.plans[dataset]
}

// Under returns the rules as they concern the indicators and datasets of a catalogue. A nil
// set stays nil.
func (s *Set) Under(c *catalogue.Catalogue) *Set {
	if s == nil {
		return nil
	}
	under := *s
	under.plans = map[string]Plans{}
	under.plan(c)
	return &under
}

// plan works out which rules can concern which indicator of which dataset.
func (s *Set) plan(c *catalogue.Catalogue) {
	subjects := subjectsOf(c)
	for i := range c.Indicators {
		of, datasets := subjects[c.Indicators[i].ID], c.Indicators[i].Datasets
		if of.numerator != nil {
			top, _ := c.Indicator(of.numerator.id)
			datasets = top.Datasets // where it may be stated beside its parts
		}
		for _, dataset := range datasets {
			p := &Plan{of: of}
			for _, one := range s.compiled {
				if !one.rule.Scope.includes(dataset, of) || !one.canConcern(of) {
					continue
				}
				by := &p.rules[one.rule.On.index()]
				for kind := range by {
					if kind := catalogue.PeriodKind(kind); has(one.rule.Scope.Periods, kind) && one.canConcernSpan(of, kind) {
						by[kind] = append(by[kind], candidate{one, one.needs, of.related(one.rule.Relation)})
					}
				}
			}
			if s.plans[dataset] == nil {
				s.plans[dataset] = Plans{}
			}
			s.plans[dataset][of.id] = p
		}
	}
}

// canConcern reports whether the figures that the expression names can ever be known of an
// indicator.
func (c *compiled) canConcern(of *subject) bool {
	names := c.needs.has
	switch {
	case len(of.related(c.rule.Relation)) == 0,
		(c.rule.On == OnRatio) != (of.numerator != nil),
		names(ofGrown) && len(of.grows) == 0, names(ofShrunk) && len(of.shrinks) == 0,
		names(ofControl) && !of.summed, c.last&ofAllAreas != 0 && !of.summed,
		(names(ofWithin) || names(ofPart) || names(ofSameSpan) || names(ofSoFar)) && of.kind != catalogue.Flow:
		return false
	}
	return true
}

// canConcernSpan reports whether the spans can ever be known, inside or around a period of a
// kind, whose figures the expression names.
func (c *compiled) canConcernSpan(of *subject, kind catalogue.PeriodKind) bool {
	any := func(kinds [catalogue.YearToDate + 1]bool) bool {
		for k, is := range kinds {
			if is && of.kinds[k] {
				return true
			}
		}
		return false
	}
	return (!c.needs.has(ofPart) || any(reaches[kind].inside)) && (!c.needs.has(ofWithin) || any(reaches[kind].around)) &&
		(!c.needs.has(ofSameSpan) || any(reaches[kind].same)) && (!c.needs.has(ofSoFar) || kind == catalogue.Quarter || kind == catalogue.Month)
}

// includes reports whether the scope has an indicator of a dataset.
func (s *Scope) includes(dataset string, of *subject) bool {
	return has(s.Datasets, dataset) && has(s.Indicators, of.id) && has(s.Kinds, of.kind) && has(s.Units, unitKindOf(of.unit))
}

// includesRow reports whether the scope has the row's area and year.
func (s *Scope) includesRow(r *Row) bool {
	year := int(r.Period.Year)
	return (s.From == 0 || year >= s.From) && (s.To == 0 || year <= s.To) && has(s.Areas, r.Area.Code)
}

func has[T comparable](list []T, one T) bool { return len(list) == 0 || slices.Contains(list, one) }

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// check reports every mistake in a rule but those of its expressions.
func (r *Rule) check(path string, c *catalogue.Catalogue) error {
	var errs problems
	report := func(key, format string, args ...any) { errs.add(path+"."+key, format, args...) }
	if !ruleID.MatchString(r.ID) {
		report("id", "want lower-case letters, digits and _, got %q", r.ID)
	}
	if r.Severity != event.Reject && r.Severity != event.Hold && r.Severity != event.Inform {
		report("severity", "want reject, hold or inform, got %q", r.Severity)
	}
	switch {
	case r.ReleasedBy == "":
	case r.ReleasedBy != event.ByDistrict && r.ReleasedBy != event.ByBureau:
		report("released_by", "want district or bureau, got %q", r.ReleasedBy)
	case r.Severity != event.Hold:
		report("released_by", "a rule that holds nothing has nothing to release")
	}
	if r.On != OnFigure && r.On != OnWithdrawal && r.On != OnRatio {
		report("on", "want withdrawal or ratio, got %q; rows that report a figure where it is left out", r.On)
	}
	if r.On == OnRatio && r.Severity != event.Inform {
		report("severity", "a stated ratio is never taken; want inform, got %q", r.Severity)
	}
	if r.Relation != "" && r.Relation != AtMost && r.Relation != AtLeast {
		report("relation", "want at_most or at_least, got %q", r.Relation)
	}
	for _, id := range r.Scope.Datasets {
		if _, ok := c.Dataset(id); !ok {
			report("scope.datasets", "the catalogue has no dataset %q", id)
		}
	}
	for _, id := range r.Scope.Indicators {
		if _, ok := c.Indicator(id); !ok {
			report("scope.indicators", "the catalogue has no indicator %q", id)
		}
	}
	for _, code := range r.Scope.Areas {
		if _, ok := c.Area(code); !ok {
			report("scope.areas", "the catalogue has no area %q", code)
		}
	}
	for _, kind := range r.Scope.Kinds {
		if kind != catalogue.Flow && kind != catalogue.Stock && kind != catalogue.Ratio {
			report("scope.kinds", "want flow, stock or ratio, got %q", kind)
		}
	}
	for _, kind := range r.Scope.Units {
		if kind != Counted && kind != Share && kind != Measure {
			report("scope.units", "want counted, share or measure, got %q", kind)
		}
	}
	if len(r.Pass) == 0 {
		report("pass", "want an example of a figure without the fault")
	}
	if len(r.Fail) == 0 {
		report("fail", "want an example of a figure with the fault")
	}
	return errs.err()
}
