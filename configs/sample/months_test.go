package sample

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// TestMonthsFitTheCatalogue proves that every area reports every monthly
// indicator year to date, from February on, never less than the month before, and
// in December nearly what the year turned out to be.
func TestMonthsFitTheCatalogue(t *testing.T) {
	c, err := catalogue.Load("../catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	annual := map[string]decimal.Decimal{}
	for _, r := range readSamples(t, "2021") {
		annual[r.area+" "+r.indicator] = decimal.RequireFromString(r.value)
	}
	reached := map[string]decimal.Decimal{} // by area, indicator and month
	for _, file := range Files() {
		if file.Dataset != MonthlyDataset {
			continue
		}
		records, err := csv.NewReader(bytes.NewReader(file.CSV)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		for _, r := range records[1:] {
			ind, ok := c.Indicator(r[0])
			period, err := catalogue.ParsePeriod(r[1])
			if !ok || err != nil || ind.Frequency != catalogue.Monthly || ind.UnitName != r[3] || period.Kind != catalogue.YearToDate || period.Index < 2 {
				t.Errorf("%s: %v does not fit (%v)", file.Name, r, err)
				continue
			}
			if r[4] != "flash" || !strings.HasPrefix(r[7], "合成样例 synthetic sample") {
				t.Errorf("%s: %v: want a flash figure, marked synthetic", file.Name, r)
			}
			reached[fmt.Sprintf("%s %s %d", file.Area, r[0], period.Index)] = decimal.RequireFromString(r[2])
		}
	}
	year, _ := catalogue.ParsePeriod("2021")
	want := 0
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		if ind.Frequency != catalogue.Monthly {
			continue
		}
		for _, area := range c.Expected(year) {
			last := decimal.Zero
			for month := 2; month <= 12; month++ {
				want++
				value, ok := reached[fmt.Sprintf("%s %s %d", area, ind.ID, month)]
				if !ok || value.LessThan(last) {
					t.Errorf("%s of %s by month %d: %s after %s", ind.ID, area, month, value, last)
				}
				last = value
			}
			if final := annual[area+" "+ind.ID]; last.GreaterThan(final) || last.LessThan(final.Mul(decimal.NewFromFloat(0.95)).Floor()) {
				t.Errorf("%s of %s: %s by December, %s in the year", ind.ID, area, last, final)
			}
		}
	}
	if want != len(reached) || want == 0 {
		t.Errorf("want %d monthly figures, got %d", want, len(reached))
	}
}
