package published

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// years are one area's figures, by year.
type years map[int16]catalogue.Value

func (y years) AppendParts(parts []ledger.Part, cell ledger.Cell) []ledger.Part {
	v, ok := y[cell.Period.Year]
	if !ok || cell.Period.Kind != catalogue.Year {
		return parts
	}
	return append(parts, ledger.Part{Area: "a", Figure: ledger.Figure{Value: v, Stage: catalogue.Final, Status: catalogue.Normal}})
}

func (y years) Reported(_ string, year int16) (reported catalogue.PeriodSet) {
	if _, ok := y[year]; ok {
		reported = catalogue.SetOf(catalogue.Period{Year: year, Kind: catalogue.Year})
	}
	return reported
}

// The change that published figures are examined with is the change of a total.
func TestChangeIsThatOfTotals(t *testing.T) {
	c, err := catalogue.Parse([]byte(`
city: c
areas: [{code: c, kind: city}, {code: a, kind: district}]
datasets: [{id: d, periods: [year]}]
indicators: [{id: flow, unit: 家, datasets: [d]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) catalogue.Value {
			return catalogue.Value{Coefficient: rapid.Int64Range(1, 1_000_000).Draw(t, name)}
		}
		base, now := draw("base"), draw("now")
		total, _ := tally.Tally(c, years{2020: base, 2021: now}, ledger.Cell{Indicator: "flow", Period: catalogue.Period{Year: 2021, Kind: catalogue.Year}})
		exact := percentOver(big.NewRat(now.Coefficient, 1), big.NewRat(base.Coefficient, 1))
		if want := decimal.NewFromBigRat(exact, catalogue.QuotientDecimals); !decimal.RequireFromString(total.Change).Equal(want) {
			t.Fatalf("from %s to %s: the total changed by %s, want %s", base, now, total.Change, want)
		}
	})
}
