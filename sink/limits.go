package sink

import (
	"math"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// The limits of a column of type Decimal(38, 12).
const (
	decimalScale       = 12
	decimalWholeDigits = 38 - decimalScale
	// decimalMaxText, in bytes, is more than the text of any such number has. It bounds the
	// work on a hostile text.
	decimalMaxText = 64
)

// parseDecimal reads an exact decimal; "" is nil. A number that the column cannot hold
// exactly is a Permanent error.
func parseDecimal(field, text string) (*decimal.Decimal, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > decimalMaxText {
		return nil, event.Permanentf("%s: %.20q… has %d characters, more than any figure", field, text, len(text))
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return nil, event.Permanentf("%s: %q is not a decimal number", field, text)
	}
	if d.IsZero() {
		return &decimal.Zero, nil
	}
	// The exponent is checked first, because 1e999999999 must not be written out.
	if d.Exponent() > decimalWholeDigits || d.NumDigits()+int(d.Exponent()) > decimalWholeDigits {
		return nil, event.Permanentf("%s: %q has more than %d digits before the point", field, text, decimalWholeDigits)
	}
	if d.Exponent() < -decimalMaxText || d.Exponent() < -decimalScale && !d.Equal(d.Truncate(decimalScale)) {
		return nil, event.Permanentf("%s: %q has more than %d decimals", field, text, decimalScale)
	}
	return &d, nil
}

// The bounds of a time. DateTime64 reaches from 1900 to 2299, but the client library counts
// nanoseconds in 64 bits, which end in 2262.
var (
	earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

func checkTime(field string, t time.Time) error {
	if t.Before(earliest) || !t.Before(latest) {
		return event.Permanentf("%s: %s is outside %d to %d", field, t.Format(time.RFC3339), earliest.Year(), latest.Year()-1)
	}
	return nil
}

func checkStage(code uint16) error {
	if code > uint16(catalogue.Final) {
		return event.Permanentf("stage: %d is none", code)
	}
	return nil
}

// stageCode returns the number of a stage in the Enum8 columns.
func stageCode(name string) (int8, error) {
	stage, err := catalogue.ParseStage(name)
	if err != nil {
		return 0, event.Permanentf("stage: %w", err)
	}
	return int8(stage), nil
}

func checkCount(field string, n int) error {
	if n < 0 || n > math.MaxUint32 {
		return event.Permanentf("%s: want a count, got %d", field, n)
	}
	return nil
}
