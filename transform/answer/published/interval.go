package published

import (
	"encoding/json"
	"math/big"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Interval is the real numbers between two ends. A nil end is no bound; an open end is
// not part of the interval. The zero Interval is all numbers.
type Interval struct {
	Low, High         *big.Rat
	LowOpen, HighOpen bool
}

// Exactly returns the interval of one number.
func Exactly(x *big.Rat) Interval { return Interval{Low: x, High: x} }

// Empty reports whether no number lies in the interval.
func (i Interval) Empty() bool {
	if i.Low == nil || i.High == nil {
		return false
	}
	order := i.Low.Cmp(i.High)
	return order > 0 || order == 0 && (i.LowOpen || i.HighOpen)
}

// Bounded reports whether the interval has two ends.
func (i Interval) Bounded() bool { return i.Low != nil && i.High != nil }

// Contains reports whether x lies in the interval.
func (i Interval) Contains(x *big.Rat) bool { return !i.Intersect(Exactly(x)).Empty() }

// Only returns the one number of the interval, if it has just one.
func (i Interval) Only() (*big.Rat, bool) {
	if !i.Bounded() || i.Low.Cmp(i.High) != 0 || i.Empty() {
		return nil, false
	}
	return i.Low, true
}

// Intersect returns the numbers in both intervals.
func (i Interval) Intersect(j Interval) Interval {
	i.Low, i.LowOpen = tighter(i.Low, i.LowOpen, j.Low, j.LowOpen, 1)
	i.High, i.HighOpen = tighter(i.High, i.HighOpen, j.High, j.HighOpen, -1)
	return i
}

// tighter returns the end that bounds more: the greater of two lower ends (direction
// 1), or the smaller of two upper ends (direction -1).
func tighter(a *big.Rat, aOpen bool, b *big.Rat, bOpen bool, direction int) (*big.Rat, bool) {
	if a == nil {
		return b, bOpen
	}
	if b == nil {
		return a, aOpen
	}
	switch order := a.Cmp(b) * direction; {
	case order > 0:
		return a, aOpen
	case order < 0:
		return b, bOpen
	}
	return a, aOpen || bOpen
}

func (i Interval) equal(j Interval) bool {
	same := func(a *big.Rat, aOpen bool, b *big.Rat, bOpen bool) bool {
		if a == nil || b == nil {
			return a == b
		}
		return a.Cmp(b) == 0 && aOpen == bOpen
	}
	return same(i.Low, i.LowOpen, j.Low, j.LowOpen) && same(i.High, i.HighOpen, j.High, j.HighOpen)
}

// whole returns the interval from the first to the last whole number in it.
func (i Interval) whole() Interval {
	var w Interval
	if i.Low != nil {
		w.Low = ceiling(i.Low)
		if i.LowOpen && i.Low.IsInt() {
			w.Low.Add(w.Low, one)
		}
	}
	if i.High != nil {
		w.High = floor(i.High)
		if i.HighOpen && i.High.IsInt() {
			w.High.Sub(w.High, one)
		}
	}
	return w
}

var one, hundred = big.NewRat(1, 1), big.NewRat(100, 1)

func floor(x *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Div(x.Num(), x.Denom()))
}

func ceiling(x *big.Rat) *big.Rat {
	down := floor(x)
	if x.IsInt() {
		return down
	}
	return down.Add(down, one)
}

// plus returns every x + y.
func (i Interval) plus(j Interval) Interval {
	sum := Interval{LowOpen: i.LowOpen || j.LowOpen, HighOpen: i.HighOpen || j.HighOpen}
	if i.Low != nil && j.Low != nil {
		sum.Low = new(big.Rat).Add(i.Low, j.Low)
	}
	if i.High != nil && j.High != nil {
		sum.High = new(big.Rat).Add(i.High, j.High)
	}
	return sum
}

// negative returns every −x.
func (i Interval) negative() Interval {
	n := Interval{LowOpen: i.HighOpen, HighOpen: i.LowOpen}
	if i.High != nil {
		n.Low = new(big.Rat).Neg(i.High)
	}
	if i.Low != nil {
		n.High = new(big.Rat).Neg(i.Low)
	}
	return n
}

// nonNegative reports whether no number in the interval is negative. Only such intervals
// may be multiplied and divided.
func (i Interval) nonNegative() bool { return i.Low != nil && i.Low.Sign() >= 0 }

// times returns every x · y of two non-negative intervals.
func (i Interval) times(j Interval) Interval {
	product := Interval{Low: new(big.Rat).Mul(i.Low, j.Low), LowOpen: i.LowOpen || j.LowOpen, HighOpen: i.HighOpen || j.HighOpen}
	if i.Low.Sign() == 0 && !i.LowOpen || j.Low.Sign() == 0 && !j.LowOpen {
		product.LowOpen = false
	}
	if i.High != nil && j.High != nil {
		product.High = new(big.Rat).Mul(i.High, j.High)
	}
	return product
}

// over returns every x / y of two non-negative intervals, without y = 0.
func (i Interval) over(j Interval) Interval {
	quotient := Interval{Low: new(big.Rat), LowOpen: i.Low.Sign() > 0 || i.LowOpen}
	if j.High != nil && j.High.Sign() > 0 {
		quotient.Low = new(big.Rat).Quo(i.Low, j.High)
		quotient.LowOpen = i.LowOpen || j.HighOpen && i.Low.Sign() > 0
	}
	if i.High != nil && j.Low.Sign() > 0 {
		quotient.High = new(big.Rat).Quo(i.High, j.Low)
		quotient.HighOpen = i.HighOpen || j.LowOpen
	}
	return quotient
}

// MarshalJSON writes the ends as decimals, rounded to nine places for people to read.
func (i Interval) MarshalJSON() ([]byte, error) {
	end := func(x *big.Rat) string {
		if x == nil {
			return ""
		}
		return trimZeros(x.FloatString(9))
	}
	return json.Marshal(struct {
		Low      string `json:"low"`
		High     string `json:"high"`
		LowOpen  bool   `json:"low_open"`
		HighOpen bool   `json:"high_open"`
	}{end(i.Low), end(i.High), i.LowOpen, i.HighOpen})
}

func trimZeros(number string) string {
	if !strings.Contains(number, ".") {
		return number
	}
	return strings.TrimRight(strings.TrimRight(number, "0"), ".")
}

// readable returns a number with four significant digits, or with all its digits before
// the point where there are more.
func readable(x *big.Rat) string { return trimZeros(x.FloatString(readablePlaces(x))) }

func readablePlaces(x *big.Rat) int {
	whole := new(big.Int).Quo(x.Num(), x.Denom())
	digits := len(whole.Abs(whole).String())
	return max(0, 4-digits)
}

// String returns the interval as a range: 4138–4444, or ≥ 80, ≤ 82.22, 98. Ends that
// are close together have as many places as it takes to tell them apart.
func (i Interval) String() string {
	if only, ok := i.Only(); ok {
		return readable(only)
	}
	switch {
	case i.Bounded():
		places := readablePlaces(i.High)
		width := new(big.Rat).Sub(i.High, i.Low)
		for width.Sign() > 0 && places < catalogue.MaxDecimals && width.Cmp(unitAt(1-places)) < 0 {
			places++
		}
		return trimZeros(i.Low.FloatString(places)) + "–" + trimZeros(i.High.FloatString(places))
	case i.Low != nil:
		return "≥ " + readable(i.Low)
	case i.High != nil:
		return "≤ " + readable(i.High)
	}
	return "−∞–∞"
}
