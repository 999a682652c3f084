package published_test

import (
	"fmt"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer/published"
)

// A bulletin printed an output of 4550 亿元 and 310 enterprises, 8.3 percent more than
// the year before. The city's totals agree, but the change of 8.39 percent was cut off
// instead of rounded.
func ExampleCompare() {
	c, err := catalogue.Parse([]byte(`
city: "3208"
areas: [{code: "3208", name_en: The city, kind: city}, {code: "320803", name_en: A district, kind: district}]
datasets: [{id: annual, name_en: Annual report, periods: [year]}]
indicators:
  - {id: gdp, name_en: GDP, unit: 亿元, datasets: [annual]}
  - {id: enterprises, name_en: Enterprises, unit: 家, datasets: [annual]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	controls, err := published.ReadControl("bulletin.csv", strings.NewReader("id,value,change\ngdp,4550,\nenterprises,310,8.3\n"), c)
	if err != nil {
		fmt.Println(err)
		return
	}
	totals := []published.Total{{Indicator: "gdp", Value: "4550.132"}, {Indicator: "enterprises", Value: "310", Change: "8.391608391608"}}
	comparisons, err := published.Compare(controls, totals, published.Examine(c, controls))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, comparison := range comparisons {
		fmt.Printf("%s, %s: published %s, total %s: %s\n",
			comparison.Indicator, comparison.Item, comparison.Published, comparison.Total, comparison.Agreement)
	}
	// Output:
	// gdp, value: published 4550, total 4550.132: agrees
	// enterprises, value: published 310, total 310: agrees
	// enterprises, change: published 8.3, total 8.391608391608: truncated
}
