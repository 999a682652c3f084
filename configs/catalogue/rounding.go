package catalogue

import "github.com/shopspring/decimal"

// Display rounds a figure of the indicator for display, by the indicator's rounding mode, and
// writes all decimals: 1.80 with two.
func (i *Indicator) Display(figure decimal.Decimal, decimals int) string {
	places := int32(decimals)
	switch i.Rounding {
	case HalfEven:
		figure = figure.RoundBank(places)
	case Truncate:
		figure = figure.Truncate(places)
	default:
		figure = figure.Round(places)
	}
	return figure.StringFixed(places)
}

// QuotientDecimals is how many decimals a quotient has. Sums are exact; only quotients are
// rounded.
const QuotientDecimals = 12

// Quotient returns dividend / divisor, rounded to [QuotientDecimals] decimals, half away from
// zero.
func Quotient(dividend, divisor decimal.Decimal) decimal.Decimal {
	return dividend.DivRound(divisor, QuotientDecimals)
}
