package published

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Number is a number as it was published. Its decimal places say how it was rounded.
type Number struct {
	// Text is the number as written in the source: 4.6, 0.06, 200.
	Text string
	// Places is the number of digits after the point.
	Places int
	exact  *big.Rat
}

var numberPattern = regexp.MustCompile(`^[+-]?\d{1,18}(\.\d{1,12})?$`)

// ParseNumber reads a plain decimal number; 1.80 has two places, 1.8 has one.
func ParseNumber(text string) (Number, error) {
	text = strings.TrimSpace(text)
	if !numberPattern.MatchString(text) {
		return Number{}, fmt.Errorf("want a plain number such as 4.6, got %q", text)
	}
	exact, _ := new(big.Rat).SetString(text)
	_, fraction, _ := strings.Cut(text, ".")
	return Number{Text: text, Places: len(fraction), exact: exact}, nil
}

// Exact returns the number itself, as if it had not been rounded.
func (n Number) Exact() *big.Rat { return new(big.Rat).Set(n.exact) }

// Rounded returns the numbers that become this one when they are rounded to its places
// in a mode. Half-up rounds halves away from zero. It is the inverse of
// [catalogue.Indicator.Display].
func (n Number) Rounded(mode catalogue.Rounding) Interval {
	ulp := unitAt(-n.Places)
	half := new(big.Rat).Mul(ulp, big.NewRat(1, 2))
	around := Interval{Low: new(big.Rat).Sub(n.exact, half), High: new(big.Rat).Add(n.exact, half)}
	switch {
	case mode == catalogue.Truncate && n.exact.Sign() > 0:
		return Interval{Low: n.Exact(), High: new(big.Rat).Add(n.exact, ulp), HighOpen: true}
	case mode == catalogue.Truncate && n.exact.Sign() < 0:
		return Interval{Low: new(big.Rat).Sub(n.exact, ulp), LowOpen: true, High: n.Exact()}
	case mode == catalogue.Truncate:
		return Interval{Low: new(big.Rat).Neg(ulp), LowOpen: true, High: ulp, HighOpen: true}
	case mode == catalogue.HalfEven:
		units := new(big.Rat).Quo(n.exact, ulp)
		around.LowOpen = units.Num().Bit(0) == 1
		around.HighOpen = around.LowOpen
	default:
		// The half towards zero is rounded away from zero, to this number; the other half
		// is rounded to the next one.
		around.LowOpen, around.HighOpen = n.exact.Sign() <= 0, n.exact.Sign() >= 0
	}
	return around
}

// Qualified returns the numbers that this one stands for with a qualifier. The unit is
// that of its last digit other than zero. 近40 is at most half a unit below 40; 10余 is
// from 10 up to one unit more; 约 is half a unit to either side.
func (n Number) Qualified(q catalogue.Qualifier) Interval {
	digits := strings.ReplaceAll(strings.TrimLeft(n.Text, "+-"), ".", "")
	zeros := len(digits) - len(strings.TrimRight(digits, "0"))
	if n.exact.Sign() == 0 {
		zeros = 0
	}
	unit := unitAt(zeros - n.Places)
	half := new(big.Rat).Mul(unit, big.NewRat(1, 2))
	switch q {
	case catalogue.Below:
		return Interval{Low: new(big.Rat).Sub(n.exact, half), High: n.Exact()}
	case catalogue.Above:
		return Interval{Low: n.Exact(), High: new(big.Rat).Add(n.exact, unit), HighOpen: true}
	}
	return Interval{Low: new(big.Rat).Sub(n.exact, half), High: new(big.Rat).Add(n.exact, half), HighOpen: true}
}

// unitAt returns 10^exponent.
func unitAt(exponent int) *big.Rat {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil)
	if exponent < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), power)
	}
	return new(big.Rat).SetInt(power)
}
