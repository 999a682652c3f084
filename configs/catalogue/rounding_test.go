package catalogue

import (
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// What is displayed of a quotient is what rounding the exact quotient gives, however
// close that is to where the rounding turns.
//
// Rules: rounded once.
func TestQuotientsAreRoundedOnce(t *testing.T) {
	for _, test := range []struct {
		rounding          Rounding
		decimals          int
		dividend, divisor string
		want              string
	}{
		{Truncate, 0, "19999999999999900", "200000000000000", "99"},
		{HalfUp, 0, "4999999999999", "10000000000000", "0"},
		{HalfUp, 0, "1", "2", "1"},
		{HalfUp, 0, "-1", "2", "-1"},
		{HalfEven, 0, "1", "2", "0"},
		{HalfEven, 0, "5000000000001", "10000000000000", "1"},
		{HalfEven, 1, "-15", "-100", "0.2"},
		{Truncate, 0, "-19999999999999900", "200000000000000", "-99"},
		{HalfUp, 2, "2", "3", "0.67"},
	} {
		i := &Indicator{Rounding: test.rounding}
		quotient := i.Quotient(decimal.RequireFromString(test.dividend), decimal.RequireFromString(test.divisor), test.decimals)
		if got := i.Display(quotient, test.decimals); got != test.want {
			t.Errorf("%s/%s, %s: want %s, got %s", test.dividend, test.divisor, test.rounding, test.want, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		i := &Indicator{Rounding: rapid.SampledFrom([]Rounding{HalfUp, HalfEven, Truncate}).Draw(t, "rounding")}
		dividend := decimal.New(rapid.Int64().Draw(t, "dividend"), -int32(rapid.IntRange(0, 12).Draw(t, "scale")))
		divisor := decimal.New(rapid.Int64Range(1, 1<<62).Draw(t, "divisor"), 0)
		quotient := i.Quotient(dividend, divisor, 2)
		if off := quotient.Sub(dividend.DivRound(divisor, 40)).Abs(); off.GreaterThanOrEqual(decimal.New(1, -QuotientDecimals)) {
			t.Fatalf("%s/%s = %s, off by %s", dividend, divisor, quotient, off)
		}
	})
}

// A quotient of which mayTurn says that it cannot be displayed otherwise than the exact one is
// not.
func TestMayTurnMissesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	turned := 0
	for range 200_000 {
		i := &Indicator{Rounding: []Rounding{HalfUp, HalfEven, Truncate}[random.IntN(3)]}
		decimals := random.IntN(QuotientDecimals + 1)
		divisor := decimal.New(random.Int64N(1_000_000)+1, int32(random.IntN(7))-3)
		// Most dividends are next to one at which the displayed number turns.
		at := decimal.New(random.Int64N(2_000_001)-1_000_000, -int32(decimals))
		if i.Rounding != Truncate {
			at = at.Add(decimal.New(5, -int32(decimals)-1))
		}
		dividend := at.Mul(divisor).Add(decimal.New(int64(random.IntN(3)-1), -int32(random.IntN(30))))
		quotient := Quotient(dividend, divisor)
		differs := !i.round(quotient, one, decimals).Equal(i.round(dividend, divisor, decimals))
		if differs {
			turned++
		}
		if differs && !i.mayTurn(quotient, decimals) {
			t.Fatalf("%s / %s is %s, and displayed otherwise with %d decimals (%s)", dividend, divisor, quotient, decimals, i.Rounding)
		}
	}
	if turned < 1000 {
		t.Errorf("only %d quotients were displayed otherwise", turned)
	}
}
