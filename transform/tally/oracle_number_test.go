package tally

import (
	"math/big"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// oracleNumber is a value and the interval in which the true one lies: a qualified
// figure is off by as little as can be told apart from nothing.
type oracleNumber struct{ value, low, high *big.Rat }

var tiny, _ = new(big.Rat).SetString("1e-90")

func oracleFigureOf(value *big.Rat, qualifier catalogue.Qualifier) *oracleNumber {
	n := &oracleNumber{value, value, value}
	if qualifier == catalogue.Below || qualifier == catalogue.About {
		n.low = new(big.Rat).Sub(value, tiny)
	}
	if qualifier == catalogue.Above || qualifier == catalogue.About {
		n.high = new(big.Rat).Add(value, tiny)
	}
	return n
}

func oracleExactly(n int64) *oracleNumber { return oracleFigureOf(new(big.Rat).SetInt64(n), 0) }

// qualifier says on which side of the value the interval lies.
func (n *oracleNumber) qualifier() string {
	below, above := n.low.Cmp(n.value) < 0, n.high.Cmp(n.value) > 0
	switch {
	case below && above:
		return "about"
	case below:
		return "below"
	case above:
		return "above"
	}
	return ""
}

func (n *oracleNumber) plus(m *oracleNumber) *oracleNumber {
	return &oracleNumber{new(big.Rat).Add(n.value, m.value), new(big.Rat).Add(n.low, m.low), new(big.Rat).Add(n.high, m.high)}
}

func (n *oracleNumber) minus(m *oracleNumber) *oracleNumber {
	return &oracleNumber{new(big.Rat).Sub(n.value, m.value), new(big.Rat).Sub(n.low, m.high), new(big.Rat).Sub(n.high, m.low)}
}

func (n *oracleNumber) times(m *oracleNumber) *oracleNumber {
	return n.atCorners(m, func(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) })
}

func (n *oracleNumber) over(m *oracleNumber) *oracleNumber {
	return n.atCorners(m, func(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) })
}

// atCorners applies a function of two numbers, monotone in each, to intervals.
func (n *oracleNumber) atCorners(m *oracleNumber, f func(a, b *big.Rat) *big.Rat) *oracleNumber {
	r := &oracleNumber{value: f(n.value, m.value)}
	for _, a := range []*big.Rat{n.low, n.high} {
		for _, b := range []*big.Rat{m.low, m.high} {
			corner := f(a, b)
			if r.low == nil || corner.Cmp(r.low) < 0 {
				r.low = corner
			}
			if r.high == nil || corner.Cmp(r.high) > 0 {
				r.high = corner
			}
		}
	}
	return r
}

// oracleRounded rounds to some places by the mode.
func oracleRounded(r *big.Rat, places int, mode catalogue.Rounding) string {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	scaled := new(big.Rat).Mul(r, scale)
	whole := new(big.Int).Quo(scaled.Num(), scaled.Denom()) // towards zero
	rest := new(big.Rat).Sub(scaled, new(big.Rat).SetInt(whole))
	half := rest.Abs(rest).Cmp(big.NewRat(1, 2))
	if half > 0 && mode != catalogue.Truncate || half == 0 && (mode == catalogue.HalfUp || mode == catalogue.HalfEven && whole.Bit(0) == 1) {
		whole.Add(whole, big.NewInt(int64(r.Sign())))
	}
	return new(big.Rat).Quo(new(big.Rat).SetInt(whole), scale).FloatString(places)
}

// oracleText writes a figure of an indicator as it is kept: to 12 places, half away from
// zero, unless it would then be shown otherwise than the exact one. It reports false for
// a figure that has no room.
func oracleText(r *big.Rat, ind *catalogue.Indicator, places int) (text string, fits bool) {
	text = decimalText(r)
	kept, _ := new(big.Rat).SetString(text)
	if oracleRounded(kept, places, ind.Rounding) != oracleRounded(r, places, ind.Rounding) {
		step := big.NewRat(1, 1_000_000_000_000)
		if kept.Cmp(r) > 0 {
			step.Neg(step)
		}
		text = decimalText(kept.Add(kept, step))
	}
	room, _ := new(big.Rat).SetString("1e26")
	return text, new(big.Rat).Abs(kept).Cmp(room) < 0
}

// oracleConverted expresses a value in an indicator's unit, or says that it cannot be had in
// 18 digits of which 12 are decimals.
func oracleConverted(value *big.Rat, unit string, indicator *catalogue.Indicator) (converted *big.Rat, lost bool) {
	if unit == indicator.UnitName {
		return value, false
	}
	factor, known := map[string]*big.Rat{"元": big.NewRat(1, 10_000), "亿元": big.NewRat(10_000, 1)}[unit]
	if len(indicator.Converts) > 0 && unit == "家" {
		factor, known = big.NewRat(1, 2), true
	}
	if !known {
		return value, true
	}
	converted = new(big.Rat).Mul(value, factor)
	whole, _ := new(big.Rat).SetString(converted.FloatString(12))
	text := strings.TrimRight(strings.TrimRight(new(big.Rat).Abs(converted).FloatString(12), "0"), ".")
	digits := strings.TrimLeft(strings.ReplaceAll(text, ".", ""), "0")
	return converted, whole.Cmp(converted) != 0 || len(digits) > 18
}
