package published

import (
	"math/big"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// Item is the kind of a published figure.
type Item string

// The kinds of published figures.
const (
	Level  Item = "value"
	Change Item = "change"
)

// Fact is one published figure.
type Fact struct {
	Indicator string `json:"indicator"`
	Item      Item   `json:"item"`
}

// A quantity is the level of an indicator, in the period or in the year before.
type quantity struct {
	indicator *catalogue.Indicator
	domain    Interval
	whole     bool
	published bool
	// The published figures that the two ends of the domain follow from.
	low, high []Fact
	steps     []step
}

// A step is one narrowing of a quantity.
type step struct {
	domain Interval
	facts  []Fact
}

// A relation holds between quantities. Its function apply narrows their domains, or
// returns a conflict.
type relation struct {
	fact  Fact
	apply func(n *network) *conflict
}

// A conflict is a quantity whose domain some facts leave empty.
type conflict struct {
	quantity *quantity
	facts    []Fact
}

// network is every quantity of a period and of the year before, with the relations
// between them.
type network struct {
	now, base map[string]*quantity
	relations []relation
	conflicts map[Fact]*conflict
	// truncated are the changes that agree with the levels only if they were cut off
	// instead of rounded.
	truncated map[Fact]bool
}

// The most rounds of narrowing. A chain of relations takes as many rounds as it has
// links; a cycle would narrow by less and less for ever.
const maxRounds = 12

// newNetwork returns the network of the published figures, narrowed. With exactLevels a
// level is exactly the published number, else any number that rounds to it. Ratios
// count as rounded either way.
func newNetwork(c *catalogue.Catalogue, controls []Control, exactLevels bool) *network {
	n := &network{now: map[string]*quantity{}, base: map[string]*quantity{}, conflicts: map[Fact]*conflict{}, truncated: map[Fact]bool{}}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		n.now[ind.ID], n.base[ind.ID] = newQuantity(ind), newQuantity(ind)
	}
	for i := range controls {
		if controls[i].Value != nil {
			n.publish(&controls[i], exactLevels)
		}
	}
	for i := range controls {
		if control := &controls[i]; control.Value != nil && control.Change != nil {
			n.relations = append(n.relations, changeRelation(control))
		}
	}
	for i := range c.Indicators {
		if ind := &c.Indicators[i]; ind.Total == catalogue.RatioRule {
			if share := n.now[ind.ID]; share.domain.Low == nil && n.now[ind.Numerator].domain.nonNegative() && n.now[ind.Denominator].domain.nonNegative() {
				share.domain.Low = new(big.Rat)
			}
			n.relations = append(n.relations, ratioRelation(ind))
		}
	}
	for i := range c.Indicators {
		for _, id := range c.Indicators[i].AtMost {
			whole, _ := c.Indicator(id)
			n.relations = append(n.relations, atMostRelation(&c.Indicators[i], whole))
		}
	}
	n.narrow()
	return n
}

func newQuantity(ind *catalogue.Indicator) *quantity {
	q := &quantity{indicator: ind, whole: ind.Unit().Whole() && ind.Kind != catalogue.Ratio}
	q.domain.Low, q.domain.High = bound(ind.Minimum), bound(ind.Maximum)
	return q
}

func bound(text string) *big.Rat {
	if n, err := ParseNumber(text); err == nil {
		return n.exact
	}
	return nil
}

// publish gives a quantity the interval of the figure published for it.
func (n *network) publish(control *Control, exactLevels bool) {
	q := n.now[control.Indicator.ID]
	stands := standsFor(control)
	if exactLevels && control.Qualifier == 0 && control.Indicator.Kind != catalogue.Ratio {
		stands = Exactly(control.Value.Exact())
	}
	if q.whole {
		stands = stands.whole()
	}
	// The published figure counts even where it is outside the indicator's plausible range.
	q.published, q.domain = true, stands
	q.low = []Fact{{control.Indicator.ID, Level}}
	q.high = q.low
}

// standsFor returns the numbers that a published level stands for.
func standsFor(control *Control) Interval {
	if control.Qualifier != 0 {
		return control.Value.Qualified(control.Qualifier)
	}
	return control.Value.Rounded(control.Indicator.Rounding)
}

// narrow applies the relations until no domain changes any more. A relation that
// contradicts earlier ones is recorded as a conflict and left out from then on.
func (n *network) narrow() {
	for range maxRounds {
		before := n.stepCount()
		for _, r := range n.relations {
			if n.conflicts[r.fact] != nil {
				continue
			}
			if c := r.apply(n); c != nil {
				n.conflicts[r.fact] = c
			}
		}
		if n.stepCount() == before {
			return
		}
	}
}

func (n *network) stepCount() int {
	count := 0
	for _, side := range []map[string]*quantity{n.now, n.base} {
		for _, q := range side {
			count += len(q.steps)
		}
	}
	return count
}

// restrict narrows a quantity's domain to an interval, whose ends follow from facts.
func (q *quantity) restrict(to Interval, low, high []Fact) *conflict {
	if q.whole {
		to = to.whole()
	}
	next := q.domain.Intersect(to)
	if next.Empty() {
		return &conflict{quantity: q, facts: union(union(q.low, q.high), union(low, high))}
	}
	if next.equal(q.domain) {
		return nil
	}
	var facts []Fact
	if !sameEnd(next.Low, q.domain.Low) || next.LowOpen != q.domain.LowOpen {
		q.low, facts = low, union(facts, low)
	}
	if !sameEnd(next.High, q.domain.High) || next.HighOpen != q.domain.HighOpen {
		q.high, facts = high, union(facts, high)
	}
	q.domain = next
	q.steps = append(q.steps, step{domain: next, facts: facts})
	return nil
}

func sameEnd(a, b *big.Rat) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(b) == 0
}

func union(a, b []Fact) []Fact {
	all := slices.Clone(a)
	for _, f := range b {
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}
