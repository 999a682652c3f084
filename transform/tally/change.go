package tally

import (
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
	// SignChange: from plus to minus or back there is no rate.
	SignChange = "SIGN_CHANGE"
	// Overflow: the value, that of the year before or the change has more digits than the
	// store has room for.
	Overflow = event.Overflow
	// Break: the two years cover different territories, because of areas for whose
	// territory nobody is known in the other year.
	Break = "BREAK"
	// NewArea: areas were formed from nothing that existed a year before.
	NewArea = "NEW_AREA"
	// MissingMember: areas that cover the same territory as others do in the other year
	// have not reported.
	MissingMember = "MISSING_MEMBER"
	// HeldMember: what those areas have reported is held, of all of them.
	HeldMember = "HELD_MEMBER"
	// Definition: the two years' figures mean different things.
	Definition = "DEFINITION"
	// ValueMissing: there is no figure to compare.
	ValueMissing = "VALUE_MISSING"
)

// change writes the total's change on the year before, which follows from unrounded
// levels, or the reason why there is none.
func (c *calculator) change(total *event.Total, indicator *catalogue.Indicator, period catalogue.Period, now *level) {
	total.ChangeKind = string(indicator.Change)
	base := c.level(indicator, period.YearBefore())
	switch {
	case !now.known():
		total.ChangeReason = ValueMissing
		return
	case total.Value == "":
		total.ChangeReason = Overflow
		return
	case !base.known():
		total.ChangeReason = BaseMissing
		return
	}
	if total.ChangeReason, total.ChangeAreas = c.notComparable(period, now, base); total.ChangeReason != "" {
		return
	}
	if !catalogue.FitsStore(base.value(indicator)) {
		total.ChangeReason = Overflow
		return
	}
	if c.redefined(indicator, period) {
		total.ChangeReason = Definition
		return
	}
	total.ChangeAbsolute = figure(total, now.minus(base).shifted(0, indicator, indicator.Decimals))
	absolute := now.qualifier().Join(base.qualifier().Negate())
	total.ChangeQualifier = absolute.String()
	switch before, after := base.sign(), now.sign(); {
	case indicator.Change == catalogue.Point:
		total.Change = figure(total, now.minus(base).shifted(indicator.Unit().Exponent-catalogue.PointExponent, indicator, indicator.ChangeDecimals))
	case before == 0:
		total.ChangeReason = BaseZero
		return
	case before*after < 0:
		total.ChangeReason = SignChange
		return
	case before < 0:
		total.ChangeReason = BaseNegative
		return
	default:
		total.Change = figure(total, now.relativeTo(base).shifted(-catalogue.PointExponent, indicator, indicator.ChangeDecimals))
		total.ChangeQualifier = now.qualifier().Join(base.qualifier().Times(-after)).String()
	}
	if total.Change == "" {
		total.ChangeReason, total.ChangeQualifier = Overflow, absolute.String()
	}
}

// fraction is an exact quotient that has not been rounded yet.
type fraction struct{ numerator, denominator decimal.Decimal }

// shifted returns the fraction multiplied by a power of ten, rounded once for an
// indicator that is displayed with the decimals.
func (f fraction) shifted(exponent int8, indicator *catalogue.Indicator, decimals int) decimal.Decimal {
	return quotient(indicator, f.numerator.Shift(int32(exponent)), f.denominator, decimals)
}

// minus returns l − base.
func (l *level) minus(base *level) fraction {
	if l.denominator.Equal(one) && base.denominator.Equal(one) {
		return fraction{l.numerator.Sub(base.numerator), one}
	}
	return fraction{l.numerator.Mul(base.denominator).Sub(base.numerator.Mul(l.denominator)), l.denominator.Mul(base.denominator)}
}

// relativeTo returns the change from base to l as a part of base.
func (l *level) relativeTo(base *level) fraction {
	now, before := l.numerator, base.numerator
	if !l.denominator.Equal(one) || !base.denominator.Equal(one) {
		now, before = now.Mul(base.denominator), before.Mul(l.denominator)
	}
	return fraction{now.Sub(before), before}
}
