package catalogue

import (
	"testing"

	"github.com/shopspring/decimal"
)

// A small figure is displayed with as many of its own decimals as let a reader follow its
// change; a ratio and a share with those of the catalogue.
//
// Rules: decimals.
func TestDecimalsFollowTheFigure(t *testing.T) {
	level := Indicator{Change: Percent, ChangeDecimals: 2, Total: SumRule}
	for _, test := range []struct {
		name      string
		indicator Indicator
		figure    string
		want      string
	}{
		{"of a year", level, "4444.27", "4444"},
		{"of some months", level, "33.24", "33.24"},
		{"before them", level, "30.6", "30.6"},
		{"no more than its own", level, "60", "60"},
		{"as many as are needed", level, "38.2375", "38.24"},
		{"less than one", level, "0.012345", "0.01235"},
		{"negative", level, "-33.24", "-33.24"},
		{"zero", level, "0", "0"},
		{"a change without decimals", Indicator{Change: Percent, Total: SumRule}, "3.324", "3.3"},
		{"at least the catalogue's", Indicator{Change: Percent, Decimals: 3, Total: SumRule}, "33", "33.000"},
		{"a ratio", Indicator{Change: Percent, ChangeDecimals: 2, Total: RatioRule, Decimals: 1}, "1.234567", "1.2"},
		{"a share", Indicator{Change: Point, ChangeDecimals: 2, Total: CityRule, Decimals: 1}, "1.8024", "1.8"},
	} {
		exact := decimal.RequireFromString(test.figure)
		if got := test.indicator.Display(exact, test.indicator.DisplayDecimals(exact)); got != test.want {
			t.Errorf("%s: %s is displayed as %s, want %s", test.name, test.figure, got, test.want)
		}
	}
}
