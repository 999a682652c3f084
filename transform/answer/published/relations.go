package published

import (
	"math/big"

	"github.com/citytally/citytally/configs/catalogue"
)

// changeRelation relates a level to its base by the published change: the level is base
// + change for changes in points, and base × (1 + change / 100) for those in percent.
func changeRelation(control *Control) relation {
	fact := Fact{control.Indicator.ID, Change}
	return relation{fact: fact, apply: func(n *network) *conflict {
		mode := control.Indicator.Rounding
		if n.truncated[fact] {
			mode = catalogue.Truncate
		}
		c := n.applyChange(control, control.Change.Rounded(mode))
		if c == nil || n.truncated[fact] {
			return c
		}
		n.conflicts[fact] = c
		if n.applyChange(control, control.Change.Rounded(catalogue.Truncate)) == nil {
			n.truncated[fact] = true
		}
		return c
	}}
}

// applyChange narrows base and level. It changes neither where one would become empty.
func (n *network) applyChange(control *Control, change Interval) *conflict {
	fact := []Fact{{control.Indicator.ID, Change}}
	level, base := n.now[control.Indicator.ID], n.base[control.Indicator.ID]
	var back, forth func(Interval) Interval
	if control.Indicator.Change == catalogue.Point {
		back = func(l Interval) Interval { return l.plus(change.negative()) }
		forth = func(b Interval) Interval { return b.plus(change) }
	} else {
		growth := growthOf(change)
		if !growth.nonNegative() || !level.domain.nonNegative() || !base.domain.nonNegative() {
			return nil
		}
		back = func(l Interval) Interval { return l.over(growth) }
		forth = func(b Interval) Interval { return b.times(growth) }
	}
	unchanged := *base
	c := base.restrict(back(level.domain), union(level.low, fact), union(level.high, fact))
	if c == nil {
		c = level.restrict(forth(base.domain), union(base.low, fact), union(base.high, fact))
	}
	if c != nil {
		*base = unchanged
	}
	return c
}

// growthOf returns the growth factor of a change in percent: 1 + change / 100.
func growthOf(change Interval) Interval {
	return change.plus(Exactly(hundred)).scaled(big.NewRat(1, 100))
}

// ratioRelation relates a ratio to its parts: ratio × denominator = factor × numerator.
func ratioRelation(ratio *catalogue.Indicator) relation {
	factor := big.NewRat(ratio.Factor, 1)
	fact := Fact{ratio.ID, Level}
	return relation{fact: fact, apply: func(n *network) *conflict {
		share, top, bottom := n.now[ratio.ID], n.now[ratio.Numerator], n.now[ratio.Denominator]
		if share.domain.nonNegative() && bottom.domain.nonNegative() {
			to := share.domain.times(bottom.domain).scaled(new(big.Rat).Inv(factor))
			if c := top.restrict(to, union(share.low, bottom.low), union(share.high, bottom.high)); c != nil {
				return c
			}
		}
		if share.domain.nonNegative() && top.domain.nonNegative() {
			to := top.domain.scaled(factor).over(share.domain)
			if c := bottom.restrict(to, union(top.low, share.high), union(top.high, share.low)); c != nil {
				return c
			}
		}
		if top.domain.nonNegative() && bottom.domain.nonNegative() {
			to := top.domain.scaled(factor).over(bottom.domain)
			return share.restrict(to, union(top.low, bottom.high), union(top.high, bottom.low))
		}
		return nil
	}}
}

// atMostRelation says that a part does not exceed its whole, whose unit may differ.
func atMostRelation(part, whole *catalogue.Indicator) relation {
	toPart := unitAt(int(whole.Unit().Exponent) - int(part.Unit().Exponent))
	fact := Fact{part.ID + " ≤ " + whole.ID, Level}
	return relation{fact: fact, apply: func(n *network) *conflict {
		p, w := n.now[part.ID], n.now[whole.ID]
		most := w.domain.scaled(toPart)
		if c := p.restrict(Interval{High: most.High, HighOpen: most.HighOpen}, nil, w.high); c != nil {
			return c
		}
		least := p.domain.scaled(new(big.Rat).Inv(toPart))
		return w.restrict(Interval{Low: least.Low, LowOpen: least.LowOpen}, p.low, nil)
	}}
}

// scaled returns the interval multiplied by a positive number.
func (i Interval) scaled(by *big.Rat) Interval {
	if i.Low != nil {
		i.Low = new(big.Rat).Mul(i.Low, by)
	}
	if i.High != nil {
		i.High = new(big.Rat).Mul(i.High, by)
	}
	return i
}
