package catalogue

import (
	"math"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// The limits of a Value, in digits. They suffice for the city's output in fen, and let a
// value fit into one machine word, so that a ledger of millions of values stays small.
const (
	MaxDigits   = 18
	MaxDecimals = 12
)

// Value is an exact decimal: Coefficient × 10^-Scale, with at most MaxDigits digits, of which
// at most MaxDecimals are after the point. It has no trailing zeros after the point, so that
// equal values are equal by ==.
type Value struct {
	Coefficient int64
	Scale       uint8
}

// Decimal returns the value for arithmetic.
func (v Value) Decimal() decimal.Decimal { return decimal.New(v.Coefficient, -int32(v.Scale)) }

// String returns the value in plain notation: 1234.5, -0.07.
func (v Value) String() string { return string(v.AppendText(nil)) }

// AppendText appends the value in plain notation.
func (v Value) AppendText(b []byte) []byte {
	if v.Scale == 0 {
		return strconv.AppendInt(b, v.Coefficient, 10)
	}
	magnitude := v.Coefficient
	if magnitude < 0 {
		b, magnitude = append(b, '-'), -magnitude
	}
	unit := pow10[v.Scale]
	b = strconv.AppendInt(b, magnitude/unit, 10)
	b = append(b, '.')
	fraction := strconv.FormatInt(magnitude%unit, 10)
	b = append(b, "000000000000"[:int(v.Scale)-len(fraction)]...)
	return append(b, fraction...)
}

var pow10 = func() (p [MaxDigits + 1]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// shift returns the value multiplied by 10^n, exactly.
func (v Value) shift(n int) (Value, error) {
	scale := int(v.Scale) - n
	coefficient := v.Coefficient
	for ; scale < 0; scale++ {
		if coefficient > math.MaxInt64/10 || coefficient < -math.MaxInt64/10 {
			return Value{}, tooLong(v.String())
		}
		coefficient *= 10
	}
	for ; scale > 0 && coefficient%10 == 0; scale-- {
		coefficient /= 10
	}
	if scale > MaxDecimals || digits(coefficient) > MaxDigits {
		return Value{}, tooLong(v.String())
	}
	return Value{Coefficient: coefficient, Scale: uint8(scale)}, nil
}

// times returns the product of two values, exactly.
func (v Value) times(w Value) (Value, error) {
	product := v.Decimal().Mul(w.Decimal())
	if !product.Coefficient().IsInt64() {
		return Value{}, tooLong(product.String())
	}
	coefficient, scale := product.Coefficient().Int64(), -product.Exponent()
	for ; scale > 0 && coefficient%10 == 0; scale-- {
		coefficient /= 10
	}
	if scale > MaxDecimals || digits(coefficient) > MaxDigits {
		return Value{}, tooLong(product.String())
	}
	return Value{Coefficient: coefficient, Scale: uint8(scale)}, nil
}

func digits(n int64) int {
	return len(strings.TrimPrefix(strconv.FormatInt(n, 10), "-"))
}
