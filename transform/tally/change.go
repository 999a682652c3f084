package tally

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/shopspring/decimal"
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

// change sets the total's change on the year before, from unrounded values, or
// the reason why there is none.
func (t *calculator) change(total *event.Total, indicator *catalogue.Indicator, period catalogue.Period, now *level) {
	total.ChangeKind = string(indicator.Change)
	base := t.level(indicator, period.YearBefore())
	switch {
	case !now.known():
		total.ChangeReason = ValueMissing
		return
	case !base.known():
		total.ChangeReason = BaseMissing
		return
	case !t.comparable(indicator, period, now, base):
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

// comparable reports whether base covers just the territory of now: the same
// areas, or those which they took over since.
func (t *calculator) comparable(indicator *catalogue.Indicator, period catalogue.Period, now, base *level) bool {
	if indicator.Total == catalogue.CityRule {
		return true
	}
	if slices.Equal(now.have, base.have) {
		// Each of them existed in both years, and so stands for itself.
		return true
	}
	var recast []string
	for _, area := range now.have {
		before, ok := t.catalogue.Recast(area, period.YearBefore())
		if !ok {
			return false
		}
		recast = append(recast, before...)
	}
	slices.Sort(recast)
	return slices.Equal(recast, base.have)
}

// minus subtracts exactly, and divides last.
func (l *level) minus(base *level) decimal.Decimal {
	if l.denominator.Equal(one) && base.denominator.Equal(one) {
		return l.numerator.Sub(base.numerator)
	}
	top := l.numerator.Mul(base.denominator).Sub(base.numerator.Mul(l.denominator))
	return catalogue.Quotient(top, l.denominator.Mul(base.denominator))
}

// percentOver returns (l − base) / base in percent.
func (l *level) percentOver(base *level) decimal.Decimal {
	now, before := l.numerator, base.numerator
	if !l.denominator.Equal(one) || !base.denominator.Equal(one) {
		now, before = now.Mul(base.denominator), before.Mul(l.denominator)
	}
	return catalogue.Quotient(now.Sub(before).Mul(hundred), before)
}
