package digest

import (
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// The text of a decimal is the one that ClickHouse gives it, also where it is made without big
// integers.
func TestTextOfDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coefficient := rapid.OneOf(rapid.Int64Range(-2000, 2000), rapid.Int64()).Draw(t, "coefficient")
		d := decimal.New(coefficient, rapid.Int32Range(-14, 2).Draw(t, "exponent"))
		if rapid.Bool().Draw(t, "long") {
			d = d.Mul(decimal.New(1_000_000_007, 0))
		}
		if got := string(appendDecimal(nil, d)); got != d.String() {
			t.Fatalf("%s of %d × 10^%d, want %s", got, d.Coefficient(), d.Exponent(), d.String())
		}
	})
}
