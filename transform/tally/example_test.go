package tally_test

import (
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// Two districts report their output of two years, in two submissions each. The city's
// total is their sum, with its change on the year before.
func ExampleTally() {
	c, err := catalogue.Parse([]byte(`
city: "3208"
areas:
  - {code: "3208", name_en: The city, kind: city}
  - {code: "320803", name_en: One district, kind: district}
  - {code: "320804", name_en: Another district, kind: district}
datasets: [{id: annual, name_en: Annual report, periods: [year]}]
indicators: [{id: gdp, name_en: GDP, unit: 亿元, datasets: [annual]}]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	year := func(y int16) catalogue.Period { return catalogue.Period{Year: y, Kind: catalogue.Year} }
	l := ledger.New(c)
	for i, report := range []struct {
		area  string
		year  int16
		value int64
	}{{"320803", 2020, 400}, {"320804", 2020, 600}, {"320803", 2021, 450}, {"320804", 2021, 640}} {
		s := event.AcceptedSubmission{ID: fmt.Sprintf("%032x", i+1), Area: report.area, Dataset: "annual", Sequence: uint64(i + 1)}
		s.Add(event.AcceptedObservation{
			Indicator: "gdp", Period: year(report.year), Unit: "亿元", Value: catalogue.Value{Coefficient: report.value},
			Stage: catalogue.Final, Status: catalogue.Normal,
		})
		if err := l.Apply(uint64(i+1), "accepted."+report.area+".annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}); err != nil {
			fmt.Println(err)
			return
		}
	}
	total, _ := tally.Tally(c, l, ledger.Cell{Indicator: "gdp", Period: year(2021)})
	fmt.Printf("%s %s, %s %s, %d of %d areas\n", total.Value, total.Unit, total.Change, total.ChangeKind, total.Have(), total.Expected)
	// Output: 1090 亿元, 9 percent, 2 of 2 areas
}
