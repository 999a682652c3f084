package tally

import (
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// cells are a source: figures by cell.
type cells map[ledger.Cell][]ledger.Part

func (c cells) Reported(indicator string, year int16) (reported catalogue.PeriodSet) {
	for cell := range c {
		if cell.Indicator == indicator && cell.Period.Year == year {
			reported |= catalogue.SetOf(cell.Period)
		}
	}
	return reported
}

func (c cells) AppendParts(parts []ledger.Part, cell ledger.Cell) []ledger.Part {
	return append(parts, c[cell]...)
}

// Rules: city.
func TestOwnFigures(t *testing.T) {
	c, err := catalogue.Parse([]byte(`
city: c
areas: [{code: c, kind: city}, {code: a, kind: district}, {code: b, kind: district}, {code: zone, kind: inside, host: a}]
datasets: [{id: d, periods: [year, month, ytd]}]
indicators:
  - {id: flow, unit: 家, datasets: [d]}
  - {id: share, unit: "%", city_total: ratio, numerator: flow, denominator: flow}
`))
	if err != nil {
		t.Fatal(err)
	}
	part := func(area string, n int64, stage catalogue.Stage) ledger.Part {
		return ledger.Part{Area: area, Figure: ledger.Figure{Value: catalogue.Value{Coefficient: n}, Stage: stage, Status: catalogue.Normal}}
	}
	source := cells{
		{Indicator: "flow", Period: fixture.Period("2021")}:       {part("a", 5, catalogue.Final), part("zone", 2, catalogue.Final), {Area: "b", Figure: ledger.Figure{Status: catalogue.Missing}}},
		{Indicator: "flow", Period: fixture.Period("2021-YTD05")}: {part("b", 30, catalogue.Final)},
		{Indicator: "flow", Period: fixture.Period("2021-YTD06")}: {part("b", 42, catalogue.Flash)},
	}
	for _, test := range []struct {
		indicator, period, area string
		want                    string
	}{
		{"flow", "2021", "a", "5 final"},
		{"flow", "2021", "zone", "2 final"},
		{"flow", "2021", "b", ""},
		{"flow", "2021-YTD06", "b", "42 flash"},
		{"flow", "2021-06", "b", "12 flash"},
		{"flow", "2021-06", "a", ""},
		{"share", "2021", "a", ""},
		{"none", "2021", "a", ""},
	} {
		got := ""
		if own, ok := OfArea(c, source, ledger.Cell{Indicator: test.indicator, Period: fixture.Period(test.period)}, test.area); ok {
			got = own.Value.String() + " " + own.Stage.String()
		}
		if got != test.want {
			t.Errorf("%s of %s in %s: want %q, got %q", test.indicator, test.area, test.period, test.want, got)
		}
	}
}
