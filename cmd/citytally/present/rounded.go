package present

import (
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// rounded is a figure rounded for display, with the qualifier that it has then.
type rounded struct{ text, qualifier string }

// shown returns a figure as it is displayed. One with a qualifier is a round number and stays
// one: 近 200, never 近 199.7.
func shown(indicator *catalogue.Indicator, exact decimal.Decimal, qualifier string) rounded {
	decimals := indicator.Decimals
	if qualifier == "" {
		decimals = indicator.DisplayDecimals(exact)
	}
	return round(indicator, exact, decimals, qualifier)
}

// round rounds a figure for display. A figure over 2.266 is shown as about 2.3, for it may
// be less than that; one over 2.34 is over 2.3.
func round(indicator *catalogue.Indicator, exact decimal.Decimal, decimals int, qualifier string) rounded {
	r := rounded{indicator.Display(exact, decimals), qualifier}
	switch moved := decimal.RequireFromString(r.text).Cmp(exact); {
	case moved > 0 && qualifier == catalogue.Above.String(), moved < 0 && qualifier == catalogue.Below.String():
		r.qualifier = catalogue.About.String()
	}
	return r
}

// roundSize returns a change without its sign; exact without an indicator. Its qualifier is
// that of the size: a fall to below -5 is one of more than 5.
func roundSize(indicator *catalogue.Indicator, change decimal.Decimal, qualifier string) rounded {
	if q, err := catalogue.ParseQualifier(qualifier); err == nil && change.IsNegative() {
		qualifier = q.Negate().String()
	}
	if indicator == nil {
		return rounded{change.Abs().String(), qualifier}
	}
	return round(indicator, change.Abs(), indicator.ChangeDecimals, qualifier)
}
