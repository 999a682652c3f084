package present

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/rules"
)

// RulesWords are those of lists and tests of rules.
type RulesWords struct {
	List       table.Row
	Severities map[event.Severity]string
	None       string
	// Good tells of a set of rules: how many it has, and its version. Tested tells of
	// examples: how many there are, and how many did not come out as they should.
	Good, Tested string
	// Missed, Alarm and Unreadable tell of one such example: the rule, the example's number,
	// the example, and what was found or is wrong.
	Missed, Alarm, Unreadable        string
	Severity, Scope, Expression      string
	Thresholds, MessageZH, MessageEN string
	Relation, Passing, Failing       string
	// Differences and Finds are the headers of what differs, and of how many figures in force
	// the rules find before and after. Same, DryRun and Applied end that, with versions.
	Differences, Finds    table.Row
	Actions               map[string]string
	Same, DryRun, Applied string
}

// Rules prints a list of rules, as a table or as JSON.
func (p *Printer) Rules(w io.Writer, set *rules.Set, format string) error {
	if format == FormatJSON {
		return JSON(w, struct {
			Version string       `json:"version"`
			Rules   []rules.Rule `json:"rules"`
		}{set.Version(), append([]rules.Rule{}, set.All()...)})
	}
	words := &p.words().Rules
	if len(set.All()) == 0 {
		_, err := fmt.Fprintln(w, words.None)
		return err
	}
	t := NewTable(w, words.List)
	for _, r := range set.All() {
		t.AppendRow(table.Row{r.ID, words.Severities[r.Severity], scopeInWords(&r), thresholdsInWords(&r), r.Expression})
	}
	t.Render()
	return nil
}

// Rule prints one rule with its examples and what those that fail are told.
func (p *Printer) Rule(w io.Writer, set *rules.Set, r *rules.Rule) error {
	words := &p.words().Rules
	fmt.Fprintln(w, r.ID)
	for _, line := range [...]struct{ name, text string }{
		{words.Severity, words.Severities[r.Severity]}, {words.Scope, scopeInWords(r)}, {words.Relation, string(r.Relation)},
		{words.Thresholds, thresholdsInWords(r)}, {words.Expression, r.Expression}, {words.MessageZH, r.MessageZH}, {words.MessageEN, r.MessageEN},
	} {
		if line.text != "" {
			fmt.Fprintf(w, "  %s: %s\n", line.name, line.text)
		}
	}
	for _, o := range set.Test() {
		if o.Rule.ID != r.ID {
			continue
		}
		name := words.Passing
		if o.Want {
			name = words.Failing
		}
		fmt.Fprintf(w, "  %s: %s\n", name, o.Example)
		if o.Fault != nil {
			fmt.Fprintf(w, "    %s\n", p.Language.Choose(o.Fault.MessageZH, o.Fault.MessageEN))
		}
	}
	return nil
}

// TestedRules prints the examples that did not come out as they should, and how many there
// were. It returns the number of the former.
func (p *Printer) TestedRules(w io.Writer, outcomes []rules.Outcome) (bad int) {
	words := &p.words().Rules
	for i := range outcomes {
		o := &outcomes[i]
		if o.Good() {
			continue
		}
		bad++
		switch {
		case o.Err != nil:
			fmt.Fprintf(w, words.Unreadable+"\n", o.Rule.ID, o.Number, o.Example, o.Err)
		case o.Want:
			fmt.Fprintf(w, words.Missed+"\n", o.Rule.ID, o.Number, o.Example)
		default:
			fmt.Fprintf(w, words.Alarm+"\n", o.Rule.ID, o.Number, o.Example, p.Language.Choose(o.Fault.MessageZH, o.Fault.MessageEN))
		}
	}
	fmt.Fprintf(w, words.Tested+"\n", len(outcomes), bad)
	return bad
}

// GoodRules prints that a set of rules has no mistakes.
func (p *Printer) GoodRules(w io.Writer, set *rules.Set) {
	fmt.Fprintf(w, p.words().Rules.Good+"\n", len(set.All()), set.Version())
}

func scopeInWords(r *rules.Rule) string {
	s := &r.Scope
	var parts []string
	add := func(list []string) {
		if len(list) > 0 {
			parts = append(parts, strings.Join(list, " "))
		}
	}
	add(s.Datasets)
	add(s.Indicators)
	add(s.Areas)
	add(texts(s.Units))
	add(texts(s.Kinds))
	var periods []string
	for _, kind := range s.Periods {
		periods = append(periods, kind.String())
	}
	add(periods)
	if s.From != 0 || s.To != 0 {
		parts = append(parts, strings.ReplaceAll(fmt.Sprintf("%d–%d", s.From, s.To), "0–", "–"))
	}
	return strings.Join(parts, "; ")
}

func texts[T ~string](list []T) (all []string) {
	for _, one := range list {
		all = append(all, string(one))
	}
	return all
}

func thresholdsInWords(r *rules.Rule) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(r.Thresholds)) {
		all = append(all, name+" "+r.Thresholds[name])
	}
	return strings.Join(all, ", ")
}

// AppliedRules is what rules do or would do.
type AppliedRules struct {
	// From and To are the versions of the rules in force and of the others.
	From        string             `json:"from"`
	To          string             `json:"to"`
	Differences []rules.Difference `json:"differences"`
	// Before and After are how many of the figures in force they find, by the rule's id.
	Before map[string]int `json:"before"`
	After  map[string]int `json:"after"`
	// Sequence is the place in ACCEPTED from which the others are in force; 0 where they are not.
	Sequence uint64 `json:"sequence,omitempty"`
}

// AppliedRules prints what rules do, as tables or as JSON.
func (p *Printer) AppliedRules(w io.Writer, a *AppliedRules, format string) error {
	if format == FormatJSON {
		return JSON(w, a)
	}
	words := &p.words().Rules
	if a.From == a.To && a.Sequence == 0 {
		fmt.Fprintf(w, words.Same+"\n", a.To)
		return nil
	}
	t := NewTable(w, words.Differences)
	for _, d := range a.Differences {
		t.AppendRow(table.Row{d.Rule, strings.TrimSpace(words.Actions[d.Action] + " " + d.Field), d.From, d.To})
	}
	t.Render()
	found := NewTable(w, words.Finds)
	ids := slices.AppendSeq(slices.Collect(maps.Keys(a.Before)), maps.Keys(a.After))
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		found.AppendRow(table.Row{id, a.Before[id], a.After[id]})
	}
	found.Render()
	if a.Sequence == 0 {
		fmt.Fprintf(w, words.DryRun+"\n", a.To)
	} else {
		fmt.Fprintf(w, words.Applied+"\n", a.To, a.Sequence)
	}
	return nil
}
