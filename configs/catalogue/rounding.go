package catalogue

import (
	"strings"

	"github.com/shopspring/decimal"
)

// Display rounds a figure of the indicator for display, by the indicator's rounding mode, and
// writes all decimals: 1.80 with two.
func (i *Indicator) Display(figure decimal.Decimal, decimals int) string {
	return i.round(figure, one, decimals).StringFixed(int32(decimals))
}

// DisplayDecimals returns with how many decimals a figure of the indicator is displayed: those
// of the catalogue and, of a small figure whose change is told in percent, as many more of its
// own as let a reader follow the change. 30.6 and 33.24 with a growth of 8.63 % are not 31 and
// 33. A ratio, which is rounded once, and a share have those of the catalogue.
func (i *Indicator) DisplayDecimals(figure decimal.Decimal) int {
	if i.Change != Percent || i.Total == RatioRule || figure.IsZero() {
		return i.Decimals
	}
	_, fraction, _ := strings.Cut(figure.String(), ".")
	whole := figure.NumDigits() + int(figure.Exponent()) // digits before the point; below 0.1, less the zeros behind it
	return max(i.Decimals, min(len(fraction), i.ChangeDecimals+digitsBesidePercent-whole))
}

// digitsBesidePercent is how many digits a figure needs beside a change in whole percent.
const digitsBesidePercent = 2

// QuotientDecimals is how many decimals a quotient has. Sums are exact; only quotients are
// rounded.
const QuotientDecimals = 12

// Quotient returns dividend / divisor, rounded to [QuotientDecimals] decimals, half away from
// zero.
func Quotient(dividend, divisor decimal.Decimal) decimal.Decimal {
	return dividend.DivRound(divisor, QuotientDecimals)
}

// Quotient divides like the function of this name, unless the result would then be
// displayed otherwise than the exact quotient: it is the next number on the other side
// then. 199999999999999/200000000000000 in %, truncated, is 99 and not 100.
func (i *Indicator) Quotient(dividend, divisor decimal.Decimal, decimals int) decimal.Decimal {
	quotient := Quotient(dividend, divisor)
	if !i.mayTurn(quotient, decimals) || i.round(quotient, one, decimals).Equal(i.round(dividend, divisor, decimals)) {
		return quotient
	}
	step := decimal.New(1, -QuotientDecimals)
	if quotient.Mul(divisor).Sub(dividend).Sign() == divisor.Sign() {
		return quotient.Sub(step)
	}
	return quotient.Add(step)
}

// mayTurn reports whether a quotient of [QuotientDecimals] places may be displayed, with the
// decimals, otherwise than the exact one, which is less than one place away: only a number
// at which the displayed one turns may. Where that takes long to tell it reports true.
func (i *Indicator) mayTurn(quotient decimal.Decimal, decimals int) bool {
	rest := -int(quotient.Exponent()) - decimals
	if decimals >= QuotientDecimals || rest > QuotientDecimals || quotient.NumDigits() > maxDigits {
		return true
	}
	if rest <= 0 {
		return i.Rounding == Truncate
	}
	step := int64(1)
	for range rest {
		step *= 10
	}
	beyond := quotient.CoefficientInt64() % step
	if i.Rounding == Truncate {
		return beyond == 0
	}
	return beyond == step/2 || beyond == -step/2
}

// maxDigits is how many digits every int64 of them has room for.
const maxDigits = 18

// FitsStore reports whether the columns of figures have room for a figure of
// [QuotientDecimals] places at most: they have 38 digits.
func FitsStore(figure decimal.Decimal) bool { return figure.Abs().LessThan(storeLimit) }

var one, storeLimit = decimal.New(1, 0), decimal.New(1, 38-QuotientDecimals)

// round divides and rounds once, by the indicator's rounding mode.
func (i *Indicator) round(dividend, divisor decimal.Decimal, decimals int) decimal.Decimal {
	places := int32(decimals)
	quotient, rest := dividend.QuoRem(divisor, places)
	if i.Rounding == Truncate || rest.IsZero() {
		return quotient
	}
	step := decimal.New(int64(dividend.Sign()*divisor.Sign()), -places)
	half := rest.Abs().Mul(decimal.New(2, 0)).Cmp(divisor.Abs().Shift(-places))
	odd := quotient.Shift(places).BigInt().Bit(0) == 1
	if half > 0 || half == 0 && (i.Rounding != HalfEven || odd) {
		return quotient.Add(step)
	}
	return quotient
}
