package sink

import (
	"testing"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/event"
)

var unity = decimal.New(1, 0)

func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"", "0", "-1.5", "1e26", "1e25", "0.000000000001", "0.0000000000010", "1e-13", "1e999999999", "0e999999999", "abc", "٣"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDecimal("value", text)
		if err != nil {
			if !event.IsPermanent(err) {
				t.Fatalf("%q: %v is not permanent", text, err)
			}
			return
		}
		if text == "" {
			if d != nil {
				t.Fatalf("no text is %s", d)
			}
			return
		}
		if !d.Equal(d.Truncate(decimalScale)) || d.Shift(-decimalWholeDigits).Abs().Cmp(unity) >= 0 {
			t.Fatalf("%q: %s does not fit Decimal(38, 12)", text, d)
		}
	})
}
