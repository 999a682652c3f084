package present

import "testing"

func TestReportTitle(t *testing.T) {
	for _, test := range []struct {
		period string
		lang   Language
		want   string
	}{
		{"2021", Chinese, "2021 年全市指标"},
		{"2021-06", Chinese, "2021-06 全市指标"},
		{"2021", English, "City totals, 2021"},
	} {
		p := &Printer{Language: test.lang}
		if got := p.reportTitle(test.period); got != test.want {
			t.Errorf("%s in %s is %q, want %q", test.period, test.lang, got, test.want)
		}
	}
}
