package catalogue

import "github.com/shopspring/decimal"

// Display rounds a figure of the indicator for display, by its rounding mode,
// and writes all its places: 1.80 with two decimals.
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

// QuotientDecimals are the places of a quotient. Sums are exact; only a quotient
// has to end somewhere.
const QuotientDecimals = 12

// Quotient divides, and rounds to [QuotientDecimals] places, half away from zero.
func Quotient(dividend, divisor decimal.Decimal) decimal.Decimal {
	return dividend.DivRound(divisor, QuotientDecimals)
}
