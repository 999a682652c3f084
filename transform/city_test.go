package transform

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

// drawCity makes up a city: districts, some of which took over others in 2016,
// carved-out zones and zones inside districts, and indicators of every kind.
func drawCity(t *rapid.T) *catalogue.Catalogue {
	var b strings.Builder
	b.WriteString("city: c\nareas:\n  - {code: c, name_zh: 市, name_en: City, kind: city}\n")
	area := func(code, rest string) {
		fmt.Fprintf(&b, "  - {code: %s, name_zh: 区%s, name_en: Area %s, %s}\n", code, code, code, rest)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "districts") {
		code := fmt.Sprintf("d%d", i)
		switch rapid.SampledFrom([]string{"plain", "plain", "merged", "new", "ended"}).Draw(t, "history of "+code) {
		case "plain":
			area(code, "kind: district")
			if rapid.Bool().Draw(t, "zone inside "+code) {
				area(code+"z", "kind: inside, host: "+code)
			}
		case "merged":
			var before []string
			for j := range rapid.IntRange(1, 3).Draw(t, "predecessors") {
				before = append(before, fmt.Sprintf("%sp%d", code, j))
				area(before[j], `kind: district, valid_to: "2016-10-08"`)
			}
			area(code, fmt.Sprintf(`kind: district, valid_from: "2016-10-08", predecessors: [%s]`, strings.Join(before, ", ")))
		case "new":
			area(code, `kind: district, valid_from: "2016-10-08"`)
		case "ended":
			area(code, `kind: district, valid_to: "2016-10-08"`)
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "carved out") {
		area(fmt.Sprintf("z%d", i), "kind: carved_out")
	}
	b.WriteString("datasets:\n  - {id: annual, name_zh: 报表, name_en: Report, periods: [year, half, quarter, month, ytd]}\nindicators:\n")
	sums := rapid.IntRange(1, 3).Draw(t, "sums")
	for i := range sums {
		fmt.Fprintf(&b, "  - {id: s%d, name_zh: 数, name_en: Sum, unit: 万元, kind: %s, coverage: %s, datasets: [annual]}\n", i,
			rapid.SampledFrom([]string{"flow", "stock"}).Draw(t, "kind"),
			rapid.SampledFrom([]string{"complete", "partial", "carry"}).Draw(t, "coverage"))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "ratios") {
		fmt.Fprintf(&b, "  - {id: r%d, name_zh: 比, name_en: Ratio, unit: %q, kind: ratio, numerator: s%d, denominator: s%d, coverage: %s}\n", i,
			rapid.SampledFrom([]string{"%", "‰", "1"}).Draw(t, "unit"),
			rapid.IntRange(0, sums-1).Draw(t, "numerator"), rapid.IntRange(0, sums-1).Draw(t, "denominator"),
			rapid.SampledFrom([]string{"complete", "partial"}).Draw(t, "coverage"))
	}
	b.WriteString("  - {id: own, name_zh: 市数, name_en: Own, unit: \"%\", kind: ratio, city_total: city, change: point, datasets: [annual]}\n")
	c, err := catalogue.Parse([]byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return c
}
