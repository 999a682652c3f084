package published

import (
	"math/big"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// Codes of findings.
const (
	// BaseNone: no whole number as the base gives the published change by rounding.
	BaseNone = "BASE_NONE"
	// BaseWhole: exactly one whole number as the base gives the published change.
	BaseWhole = "BASE_WHOLE"
	// BaseRange: the level and the change imply an interval for the base.
	BaseRange = "BASE_RANGE"
	// ChangeFiner: a change in points has more decimal places than the levels, so it was
	// computed from unrounded ones.
	ChangeFiner = "CHANGE_FINER"
	// Implied: published figures imply an interval for one that was not published.
	Implied = "IMPLIED"
	// OrderHolds: a chain of parts and wholes ascends, as it should.
	OrderHolds = "ORDER_HOLDS"
	// Contradiction: some published figures cannot all be true.
	Contradiction = "CONTRADICTION"
	// LevelRounded: some published figures can all be true only if a level among them was
	// rounded before it was published.
	LevelRounded = "LEVEL_ROUNDED"
)

// Finding is one thing that published figures say about each other.
type Finding struct {
	Code      string `json:"code"`
	Indicator string `json:"indicator"`
	// Irreproducible is true where the figure does not follow from the others by
	// rounding.
	Irreproducible bool `json:"irreproducible"`
	// Facts are the published figures that the finding follows from.
	Facts []Fact `json:"facts"`
	// Interval is where the base of the change, or the level, lies if published levels
	// are exact, and Wide where it lies if they were rounded.
	Interval *Interval `json:"interval,omitempty"`
	Wide     *Interval `json:"wide,omitempty"`
	ZH       string    `json:"message_zh"`
	EN       string    `json:"message_en"`
}

// Examine compares the published figures of one period with one another.
func Examine(c *catalogue.Catalogue, controls []Control) []Finding {
	e := &examination{
		catalogue: c, published: map[string]*Control{},
		exact: newNetwork(c, controls, true), wide: newNetwork(c, controls, false),
	}
	for i := range controls {
		if controls[i].Value != nil {
			e.published[controls[i].Indicator.ID] = &controls[i]
		}
	}
	for i := range controls {
		if control := &controls[i]; control.Value != nil && control.Change != nil {
			e.change(control)
		}
	}
	for i := range c.Indicators {
		e.implied(&c.Indicators[i])
	}
	e.conflicts()
	for i := range c.Indicators {
		e.order(&c.Indicators[i])
	}
	return e.findings
}

type examination struct {
	catalogue   *catalogue.Catalogue
	published   map[string]*Control
	exact, wide *network
	findings    []Finding
}

func (e *examination) add(f Finding) { e.findings = append(e.findings, f) }

// change adds the finding on a published change and its base.
func (e *examination) change(control *Control) {
	ind := control.Indicator
	facts := []Fact{{ind.ID, Level}, {ind.ID, Change}}
	base := e.exact.base[ind.ID]
	finding := Finding{Code: BaseRange, Indicator: ind.ID, Facts: facts, Interval: &base.domain}
	only, single := base.domain.Only()
	switch {
	case e.wide.conflicts[facts[1]] != nil && base.whole && ind.Change == catalogue.Percent:
		finding.Code, finding.Irreproducible = BaseNone, true
		if !e.exact.truncated[facts[1]] {
			finding.Interval = nil
		}
		finding.ZH, finding.EN = e.noBase(control)
	case e.exact.conflicts[facts[1]] != nil:
		return // conflicts adds it
	case ind.Change == catalogue.Point && control.Change.Places > control.Value.Places:
		finding.Code, finding.Irreproducible = ChangeFiner, true
		finding.ZH, finding.EN = finerChange(control, base.domain)
	case base.whole && single:
		finding.Code = BaseWhole
		finding.ZH, finding.EN = onlyBase(control, only)
	default:
		finding.ZH, finding.EN = baseRange(control, base.domain)
	}
	e.add(finding)
}

// implied adds a finding on a figure that was not published, if published figures bound
// it from both sides.
func (e *examination) implied(ind *catalogue.Indicator) {
	q := e.exact.now[ind.ID]
	if q.published || !q.domain.Bounded() || len(q.low) == 0 || len(q.high) == 0 {
		return
	}
	// A lower bound of 0 says nothing: figures are not negative anyway.
	if _, only := q.domain.Only(); !only && q.domain.Low.Sign() == 0 {
		return
	}
	finding := Finding{Code: Implied, Indicator: ind.ID, Facts: union(q.low, q.high), Interval: &q.domain, Wide: &e.wide.now[ind.ID].domain}
	finding.ZH, finding.EN = e.impliedText(q)
	e.add(finding)
}

// conflicts adds the figures that contradict each other. Changes without a base have
// their own finding already.
func (e *examination) conflicts() {
	told := map[Fact]bool{}
	for _, f := range e.findings {
		if f.Code == BaseNone {
			told[Fact{f.Indicator, Change}] = true
		}
	}
	for _, r := range e.exact.relations {
		c := e.exact.conflicts[r.fact]
		if c == nil || told[r.fact] {
			continue
		}
		finding := Finding{Code: Contradiction, Indicator: c.quantity.indicator.ID, Irreproducible: true, Facts: c.facts}
		if e.wide.conflicts[r.fact] == nil {
			finding.Code, finding.Irreproducible = LevelRounded, false
		}
		finding.ZH, finding.EN = e.contradiction(c, finding.Irreproducible)
		e.add(finding)
	}
}

// order adds the chains of parts and wholes that begin with the indicator and ascend.
// An indicator that is itself a published part's whole begins no chain.
func (e *examination) order(ind *catalogue.Indicator) {
	if e.published[ind.ID] == nil || slices.ContainsFunc(e.catalogue.Indicators, func(part catalogue.Indicator) bool {
		return e.published[part.ID] != nil && slices.Contains(part.AtMost, ind.ID)
	}) {
		return
	}
	var climb func(chain []*Control)
	climb = func(chain []*Control) {
		top, last := true, chain[len(chain)-1].Indicator
		for _, id := range last.AtMost {
			fact := Fact{last.ID + " ≤ " + id, Level}
			if whole := e.published[id]; whole != nil && e.wide.conflicts[fact] == nil {
				top = false
				climb(append(slices.Clone(chain), whole))
			}
		}
		if !top || len(chain) < 2 {
			return
		}
		finding := Finding{Code: OrderHolds, Indicator: ind.ID}
		for _, control := range chain {
			finding.Facts = append(finding.Facts, Fact{control.Indicator.ID, Level})
		}
		finding.ZH, finding.EN = orderText(chain)
		e.add(finding)
	}
	climb([]*Control{e.published[ind.ID]})
}

// percentOver returns the change in percent from a base to a level.
func percentOver(level, base *big.Rat) *big.Rat {
	difference := new(big.Rat).Sub(level, base)
	return difference.Quo(difference.Mul(difference, hundred), base)
}
