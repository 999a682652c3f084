package rules

import (
	"fmt"
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
	for _, one := range p.rules[r.Period.Kind] {
		if one.rule.Scope.includesRow(r) {
			one.judge(r, tell)
		}
	}
}

// judge tells of the row's faults by one rule: at most one for each related indicator.
func (c *compiled) judge(r *Row, tell func(*Fault)) {
	for _, related := range r.of.related(c.rule.Relation) {
		if related != nil {
			v, ok := related.of(r, c.rule.Relation)
			r.known[ofOther] = figure{value: v, asked: true, none: !ok}
		}
		if !c.concerns(r) || c.filter(r) == no {
			continue
		}
		a := &activation{r, related}
		result, _, err := c.program.Eval(a)
		switch {
		case err != nil:
			tell(c.unable(err))
		case result == types.True:
			tell(c.fault(a))
		}
	}
}

// concerns reports whether every figure that the expression names is known.
func (c *compiled) concerns(r *Row) bool {
	for _, n := range c.needs {
		if _, ok := r.figure(n); !ok {
			return false
		}
	}
	return true
}

// fault puts into words what was found about a row.
func (c *compiled) fault(a *activation) *Fault {
	f := &Fault{Rule: c.rule}
	words := map[string]string{}
	for _, name := range c.seen {
		if v := a.resolve(name); v != nil {
			words[name] = textOfValue(v)
			f.Seen = append(f.Seen, event.SeenValue{Name: name, Value: words[name]})
		}
	}
	for _, let := range c.let {
		v, _, err := let.program.Eval(a)
		if err != nil {
			words[let.name] = err.Error()
			continue
		}
		words[let.name] = textOfValue(v)
		f.Seen = append(f.Seen, event.SeenValue{Name: let.name, Value: words[let.name]})
	}
	fill := func(message string) string {
		return placeholder.ReplaceAllStringFunc(message, func(m string) string {
			name := m[1 : len(m)-1]
			if word, ok := words[name]; ok {
				return word
			}
			if threshold, ok := c.rule.Thresholds[name]; ok {
				return threshold
			}
			if v := a.resolve(name); v != nil {
				return textOfValue(v)
			}
			return "—"
		})
	}
	f.MessageZH, f.MessageEN = fill(c.rule.MessageZH), fill(c.rule.MessageEN)
	return f
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
