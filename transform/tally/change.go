package tally

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Why a total has no change figure.
const (
	// BaseMissing: nothing is known of the year before.
	BaseMissing = "BASE_MISSING"
	// BaseZero and BaseNegative: a percentage of such a base means nothing.
	BaseZero     = "BASE_ZERO"
	BaseNegative = "BASE_NEGATIVE"
	// Break: the two years cover different territories.
	Break = "BREAK"
	// ValueMissing: there is no figure to compare.
	ValueMissing = "VALUE_MISSING"
)

var hundred = decimal.New(100, 0)

// change writes the total's change on the year before, which follows from unrounded
// levels, or the reason why there is none.
func (c *calculator) change(total *event.Total, indicator *catalogue.Indicator, period catalogue.Period, now *level) {
	total.ChangeKind = string(indicator.Change)
	base := c.level(indicator, period.YearBefore())
	switch {
	case !now.known():
		total.ChangeReason = ValueMissing
		return
	case !base.known():
		total.ChangeReason = BaseMissing
		return
	case !c.comparable(indicator, period, now, base):
		total.ChangeReason = Break
		return
	}
	difference := now.minus(base)
	total.ChangeAbsolute = difference.String()
	if indicator.Change == catalogue.Point {
		total.Change = total.ChangeAbsolute
		return
	}
	switch before := base.value(); before.Sign() {
	case 0:
		total.ChangeReason = BaseZero
	case -1:
		total.ChangeReason = BaseNegative
	default:
		total.Change = now.percentOver(base).String()
	}
}

// comparable reports whether base covers the same territory as now: the same areas, or
// those that today's areas were formed from.
func (c *calculator) comparable(indicator *catalogue.Indicator, period catalogue.Period, now, base *level) bool {
	if indicator.Total == catalogue.CityRule {
		return true
	}
	if slices.Equal(now.have, base.have) {
		// Areas that existed in both years were not formed from others in between.
		return true
	}
	var recast []string
	for _, area := range now.have {
		before, ok := c.catalogue.Recast(area, period.YearBefore())
		if !ok {
			return false
		}
		recast = append(recast, before...)
	}
	slices.Sort(recast)
	return slices.Equal(recast, base.have)
}

// minus returns l − base. It divides last, so that it rounds once.
func (l *level) minus(base *level) decimal.Decimal {
	if l.denominator.Equal(one) && base.denominator.Equal(one) {
		return l.numerator.Sub(base.numerator)
	}
	top := l.numerator.Mul(base.denominator).Sub(base.numerator.Mul(l.denominator))
	return catalogue.Quotient(top, l.denominator.Mul(base.denominator))
}

// percentOver returns the change from base to l in percent of base. It divides last,
// so that it rounds once.
func (l *level) percentOver(base *level) decimal.Decimal {
	now, before := l.numerator, base.numerator
	if !l.denominator.Equal(one) || !base.denominator.Equal(one) {
		now, before = now.Mul(base.denominator), before.Mul(l.denominator)
	}
	return catalogue.Quotient(now.Sub(before).Mul(hundred), before)
}
