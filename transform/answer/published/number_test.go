package published

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

func TestNumbersStandForIntervals(t *testing.T) {
	for _, test := range []struct {
		text      string
		mode      catalogue.Rounding
		inside    []string
		outside   []string
		qualifier catalogue.Qualifier
	}{
		{text: "4.6", mode: catalogue.HalfUp, inside: []string{"4.55", "4.6", "4.6499"}, outside: []string{"4.5499", "4.65"}},
		{text: "-4.6", mode: catalogue.HalfUp, inside: []string{"-4.55", "-4.6499"}, outside: []string{"-4.5499", "-4.65"}},
		{text: "0", mode: catalogue.HalfUp, inside: []string{"0.4999", "-0.4999"}, outside: []string{"0.5", "-0.5"}},
		{text: "1.80", mode: catalogue.HalfUp, inside: []string{"1.795"}, outside: []string{"1.79", "1.805"}},
		{text: "4.6", mode: catalogue.Truncate, inside: []string{"4.6", "4.69"}, outside: []string{"4.59", "4.7"}},
		{text: "-4.6", mode: catalogue.Truncate, inside: []string{"-4.6", "-4.69"}, outside: []string{"-4.59", "-4.7"}},
		{text: "0.0", mode: catalogue.Truncate, inside: []string{"0.09", "-0.09"}, outside: []string{"0.1", "-0.1"}},
		{text: "4.6", mode: catalogue.HalfEven, inside: []string{"4.55", "4.65"}, outside: []string{"4.5499", "4.6501"}},
		{text: "4.7", mode: catalogue.HalfEven, inside: []string{"4.6501"}, outside: []string{"4.65", "4.75"}},
		{text: "40", qualifier: catalogue.Below, inside: []string{"35", "39.9", "40"}, outside: []string{"34.9", "40.1"}},
		{text: "200", qualifier: catalogue.Below, inside: []string{"150", "200"}, outside: []string{"149", "200.1"}},
		{text: "10", qualifier: catalogue.Above, inside: []string{"10", "19.9"}, outside: []string{"9.9", "20"}},
		{text: "2000", qualifier: catalogue.Above, inside: []string{"2000", "2999"}, outside: []string{"1999", "3000"}},
		{text: "1.50", qualifier: catalogue.Above, inside: []string{"1.5", "1.59"}, outside: []string{"1.49", "1.6"}},
		{text: "30", qualifier: catalogue.About, inside: []string{"25", "34.9"}, outside: []string{"24.9", "35"}},
		{text: "0", qualifier: catalogue.Above, inside: []string{"0", "0.9"}, outside: []string{"1", "-0.1"}},
	} {
		n, err := ParseNumber(test.text)
		if err != nil {
			t.Fatal(err)
		}
		i := n.Rounded(test.mode)
		if test.qualifier != 0 {
			i = n.Qualified(test.qualifier)
		}
		for _, x := range test.inside {
			if !i.Contains(number(x)) {
				t.Errorf("%s %s%s: %s is not in %v", test.text, test.mode, test.qualifier, x, i)
			}
		}
		for _, x := range test.outside {
			if i.Contains(number(x)) {
				t.Errorf("%s %s%s: %s is in %v", test.text, test.mode, test.qualifier, x, i)
			}
		}
	}
}

func TestWhatIsNoNumber(t *testing.T) {
	for _, text := range []string{"", "4.", ".5", "1e3", "1/3", "４.6", "近200", "4.6%", "0x10", "1,000", "1234567890123456789"} {
		if n, err := ParseNumber(text); err == nil {
			t.Errorf("ParseNumber(%q): want an error, got %v", text, n)
		}
	}
}

// A number lies in the interval that its rounded text stands for, in every rounding
// mode: Rounded is the inverse of Display.
func TestRoundingIsInverted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := decimal.New(rapid.Int64Range(-10_000_000, 10_000_000).Draw(t, "coefficient"), -rapid.Int32Range(0, 6).Draw(t, "scale"))
		places := rapid.IntRange(0, 4).Draw(t, "places")
		mode := rapid.SampledFrom([]catalogue.Rounding{catalogue.HalfUp, catalogue.HalfEven, catalogue.Truncate}).Draw(t, "mode")
		shown := (&catalogue.Indicator{Rounding: mode}).Display(x, places)
		n, err := ParseNumber(shown)
		if err != nil {
			t.Fatal(err)
		}
		if !n.Rounded(mode).Contains(x.Rat()) {
			t.Fatalf("%s is shown as %s, which stands for %v", x, shown, n.Rounded(mode))
		}
		other := decimal.RequireFromString(shown).Add(decimal.New(rapid.SampledFrom([]int64{-1, 1}).Draw(t, "step"), -int32(places)))
		o, _ := ParseNumber(other.StringFixed(int32(places)))
		if o.Rounded(mode).Contains(x.Rat()) && mode != catalogue.Truncate {
			t.Fatalf("%s is shown as %s, and lies in what %s stands for", x, shown, o.Text)
		}
	})
}

// Arithmetic on intervals holds for every pair of their numbers.
func TestIntervalArithmeticEncloses(t *testing.T) {
	draw := func(t *rapid.T, name string) (Interval, *big.Rat) {
		low := big.NewRat(rapid.Int64Range(0, 1000).Draw(t, name+" low"), 10)
		width := big.NewRat(rapid.Int64Range(1, 100).Draw(t, name+" width"), 10)
		share := big.NewRat(rapid.Int64Range(0, 10).Draw(t, name+" share"), 10)
		i := Interval{Low: low, High: new(big.Rat).Add(low, width)}
		i.LowOpen = share.Sign() > 0 && rapid.Bool().Draw(t, name+" low open")
		i.HighOpen = share.Cmp(one) < 0 && rapid.Bool().Draw(t, name+" high open")
		return i, share.Add(share.Mul(share, width), low)
	}
	rapid.Check(t, func(t *rapid.T) {
		i, x := draw(t, "x")
		j, y := draw(t, "y")
		for name, got := range map[string]struct {
			interval Interval
			number   *big.Rat
		}{
			"x+y": {i.plus(j), new(big.Rat).Add(x, y)},
			"x-y": {i.plus(j.negative()), new(big.Rat).Sub(x, y)},
			"x·y": {i.times(j), new(big.Rat).Mul(x, y)},
		} {
			if !got.interval.Contains(got.number) {
				t.Fatalf("%s: x=%s in %v, y=%s in %v: %s is not in %v", name, x, i, y, j, got.number, got.interval)
			}
		}
		if y.Sign() > 0 {
			if q := new(big.Rat).Quo(x, y); !i.over(j).Contains(q) {
				t.Fatalf("x/y: x=%s in %v, y=%s in %v: %s is not in %v", x, i, y, j, q, i.over(j))
			}
		}
		if x.IsInt() && !i.whole().Contains(x) {
			t.Fatalf("%s is a whole number in %v, not in %v", x, i, i.whole())
		}
	})
}

func number(text string) *big.Rat {
	x, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return x
}
