package catalogue

import "testing"

// TestEnglishUnits reads units as they are written in English, by the indicator's own unit.
func TestEnglishUnits(t *testing.T) {
	for _, test := range []struct{ text, unit, own, value string }{
		{"850.2", "100 million yuan", "亿元", "850.2"}, {"85020", "RMB million", "亿元", "850.2"}, {"8502000", "10,000 yuan", "亿元", "850.2"}, {"85.02", "bn", "亿元", "850.2"},
		{"85.02", "billion yuan", "亿元", "850.2"}, {"1.2", "10k persons", "人", "12000"}, {"1.2", "10k person-times", "人次", "12000"}, {"95", "count", "家", "95"}, {"95", "enterprises", "家", "95"},
		{"850.2", "RMB 100m", "亿元", "850.2"}, {"85.02", "CNY bn", "亿元", "850.2"}, {"850200", "k yuan", "万元", "85020"}, {"850.2", "thousand yuan", "万元", "85.02"}, {"3", "millions of yuan", "万元", "300"},
		{"85020", "million", "亿元", "850.2"}, {"85020000000", "yuan", "亿元", "850.2"}, {"850.2", "hundred million yuan", "亿元", "850.2"}, {"8502000", "ten thousand yuan", "亿元", "850.2"}, {"850.2", "¥100 million", "亿元", "850.2"},
		{"65", "percent", "%", "65"}, {"65", "per cent", "%", "65"}, {"5", "RMB '000", "万元", "0.5"}, {"3", "thousand", "家", "3000"}, {"7", "projects", "个", "7"}, {"8", "items", "项", "8"}, {"850.2", "wan yuan", "万元", "850.2"},
		{"85.02bn", "", "亿元", "850.2"}, {"85,020 million yuan", "", "亿元", "850.2"}, {"RMB 85,020 million", "", "亿元", "850.2"}, {"¥850.2亿", "", "亿元", "850.2"}, {"850.2 亿元", "100 million yuan", "亿元", "850.2"}, {"3万元", "RMB million", "万元", "3"},
		// Units that do not convert, and texts that are none, are refused.
		{"85020", "US$ million", "亿元", ""}, {"85020", "EUR", "亿元", ""}, {"95", "projects", "家", ""}, {"95", "persons", "家", ""}, {"95", "million", "%", ""}, {"95", "m", "亿元", ""}, {"95", "100", "亿元", ""},
		{"95", "RMB million USD", "亿元", ""}, {"¥850.2", "", "亿元", ""}, {"85 dozen", "", "家", ""}, {"850.2 million or so", "", "亿元", ""},
	} {
		figure, err := ReadFigure(test.text, test.unit, "", ParseUnit(test.own))
		switch {
		case err != nil && test.value != "":
			t.Errorf("%s in %q of %s: %v", test.text, test.unit, test.own, err)
		case err == nil && figure.Value.String() != test.value:
			t.Errorf("%s in %q of %s: got %s, want %q", test.text, test.unit, test.own, figure.Value, test.value)
		}
	}
}
