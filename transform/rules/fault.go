package rules

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/google/cel-go/common/types"

	"github.com/citytally/citytally/ingest/event"
)

// Fault is what a rule has found about a row.
type Fault struct {
	Rule *Rule
	// Seen are the values that the rule saw, by name, in a fixed order.
	Seen      []event.SeenValue
	MessageZH string
	MessageEN string
}

// Judge tells of every fault of a row, in the order of the rules.
func (p *Plan) Judge(r *Row, tell func(*Fault)) {
	r.reset(p.of)
	rules := p.rules[r.On.index()][r.Period.Kind]
	for i := range rules {
		one := &rules[i]
		if one.needs&r.none != 0 || one.needs&^r.asked != 0 && !r.knows(one.needs) || one.bounded && !one.rule.Scope.includesRow(r) {
			continue
		}
		for _, related := range one.related {
			one.judge(r, related, tell)
		}
	}
}

// judge tells of the row's fault by one rule whose needs are known, compared with a related indicator where the
// rule has a relation.
func (c *compiled) judge(r *Row, related *related, tell func(*Fault)) {
	if related != nil {
		v, ok := related.of(r, c.rule.Relation)
		if r.know(ofOther, v, ok); !ok {
			return
		}
	}
	answer := c.filter(r)
	if answer == no || !r.knows(c.last) {
		return
	}
	a := &activation{r, related}
	if answer == yes && c.program.bounded {
		tell(c.fault(a))
		return
	}
	result, _, err := c.program.Eval(a)
	switch {
	case err != nil:
		tell(c.unable(err))
	case result == types.True:
		tell(c.fault(a))
	}
}

// knows reports whether figures are known. It asks for those that were not asked for yet, in
// the order of figureNames.
func (r *Row) knows(figures figureSet) bool {
	if figures&r.none != 0 {
		return false
	}
	for rest := figures &^ r.asked; rest != 0; rest &= rest - 1 {
		if _, ok := r.figure(bits.TrailingZeros64(uint64(rest))); !ok {
			return false
		}
	}
	return true
}

// fault puts into words what was found about a row.
func (c *compiled) fault(a *activation) *Fault {
	f := &Fault{Rule: c.rule, Seen: make([]event.SeenValue, 0, len(c.seen)+len(c.let))}
	for _, n := range c.seen {
		if text, ok := a.row.text(n); ok {
			f.Seen = append(f.Seen, event.SeenValue{Name: figureNames[n], Value: text})
		}
	}
	unknown := map[string]string(nil) // of values that cannot be computed, why
	for i := range c.let {
		let := &c.let[i]
		if text, ok := a.text(let.variable); ok {
			f.Seen = append(f.Seen, event.SeenValue{Name: let.name, Value: text})
			continue
		}
		v, _, err := let.program.Eval(a)
		if err != nil {
			if unknown == nil {
				unknown = map[string]string{}
			}
			unknown[let.name] = err.Error()
			continue
		}
		f.Seen = append(f.Seen, event.SeenValue{Name: let.name, Value: textOfValue(v)})
	}
	word := func(name string, chinese bool) string {
		if text, ok := a.spoken(c.variableOf(name), chinese); ok {
			return text
		}
		for i := range f.Seen {
			if f.Seen[i].Name == name {
				return f.Seen[i].Value
			}
		}
		if why, ok := unknown[name]; ok {
			return why
		}
		if threshold, ok := c.rule.Thresholds[name]; ok {
			return threshold
		}
		if text, ok := a.text(name); ok {
			return text
		}
		if v := a.resolve(name); v != nil {
			return textOfValue(v)
		}
		return "—"
	}
	f.MessageZH = c.zh.fill(func(name string) string { return word(name, true) })
	f.MessageEN = c.en.fill(func(name string) string { return word(name, false) })
	return f
}

// variableOf returns the variable that a name in a message stands for: itself, or what let
// calls so.
func (c *compiled) variableOf(name string) string {
	for i := range c.let {
		if c.let[i].name == name && c.let[i].variable != "" {
			return c.let[i].variable
		}
	}
	return name
}

// text returns a variable for people; false for those that are neither texts nor lists.
func (a *activation) text(name string) (string, bool) {
	switch name {
	case "series":
		return textOfValues(a.row.earlier()), true
	case "references":
		return textOfValues(a.row.references()), true
	case "neighbours":
		return textOfValues(a.row.neighbours()), true
	case "shares":
		_, before, _ := a.row.cityShare()
		return textOfValues(before), true
	}
	if of := textsOf[name]; of != nil {
		return of(a.row), true
	}
	return "", false
}

// unable says that a rule could not be evaluated, which changes nothing about the row.
func (c *compiled) unable(err error) *Fault {
	inform := *c.rule
	inform.Severity = event.Inform
	why := strings.SplitN(err.Error(), "\n", 2)[0]
	return &Fault{
		Rule:      &inform,
		MessageZH: fmt.Sprintf("规则 %s 无法计算（%s）；请告知市级修正该规则", c.rule.ID, why),
		MessageEN: fmt.Sprintf("the rule %s cannot be evaluated (%s); tell the bureau, so that the rule is mended", c.rule.ID, why),
	}
}
