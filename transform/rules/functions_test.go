package rules

import (
	"testing"

	"github.com/shopspring/decimal"
)

// About how many times another figure one is, is told with two digits: 27,000 times is not 10,000.
func TestRoughly(t *testing.T) {
	for _, test := range []struct{ number, zh, en string }{
		{"1", "1", "1"}, {"1.26", "1.3", "1.3"}, {"9.96", "10", "10"}, {"1092.1", "1100", "1,100"}, {"9999", "1万", "10,000"}, {"10296", "1万", "10,000"},
		{"26871.4", "2.7万", "27,000"}, {"365000", "37万", "370,000"}, {"99999999", "1亿", "100,000,000"}, {"134000000", "1.3亿", "130,000,000"},
	} {
		n := decimal.RequireFromString(test.number)
		if zh, en := roughlyInChinese(n), roughlyInEnglish(n); zh != test.zh || en != test.en {
			t.Errorf("%s is %s and %s, want %s and %s", test.number, zh, en, test.zh, test.en)
		}
	}
}
