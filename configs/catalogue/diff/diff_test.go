package diff

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
)

const before = `
city: c
programmes: [{id: p, name_en: one}, {id: q}, {id: r}]
areas:
  - {code: c, kind: city}
  - {code: a, kind: district}
  - {code: old, kind: district, valid_to: 2016-10-08}
  - {code: zone, kind: inside, host: a}
datasets:
  - {id: d, periods: [year], due_days: 10}
indicators:
  - {id: top, unit: 亿元, datasets: [d]}
  - {id: bottom, unit: 亿元, datasets: [d]}
  - {id: share, unit: "%", city_total: ratio, numerator: top, denominator: bottom, decimals: 1}
  - {id: gone, unit: 家, datasets: [d]}
`

func TestBetween(t *testing.T) {
	day := func(text string) (d catalogue.Date) {
		if err := d.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, test := range map[string]struct {
		from, to string // replaced in the catalogue above
		want     []Difference
	}{
		"nothing": {"", "", nil},
		"a name":  {"name_en: one", "name_en: two", []Difference{{Section: "programmes", ID: "p", Action: "changed", Field: "name_en", From: "one", To: "two", Effect: ShownOnly}}},
		"the order": {"{id: p, name_en: one}, {id: q}, {id: r}", "{id: r}, {id: p, name_en: one}, {id: q}", []Difference{
			{Section: "programmes", ID: "r", Action: "moved", Effect: ShownOnly},
		}},
		"an area more": {"  - {code: zone,", "  - {code: new, kind: carved_out, valid_from: 2020-01-01}\n  - {code: zone,", []Difference{
			{Section: "areas", ID: "new", Action: "added", Effect: TotalsChange, Since: day("2020-01-01")},
		}},
		"a zone less": {"  - {code: zone, kind: inside, host: a}\n", "", []Difference{{Section: "areas", ID: "zone", Action: "removed", Effect: AcceptedOnly}}},
		"a zone carved out": {"{code: zone, kind: inside, host: a}", "{code: zone, kind: carved_out}", []Difference{
			{Section: "areas", ID: "zone", Action: "changed", Field: "kind", From: "inside", To: "carved_out", Effect: TotalsChange},
			{Section: "areas", ID: "zone", Action: "changed", Field: "host", From: "a", Effect: AcceptedOnly},
		}},
		"an end moved": {"valid_to: 2016-10-08", "valid_to: 2017-01-01", []Difference{
			{Section: "areas", ID: "old", Action: "changed", Field: "valid_to", From: "2016-10-08", To: "2017-01-01", Effect: TotalsChange, Since: day("2016-10-08"), Until: day("2017-01-01")},
		}},
		"an end lifted": {", valid_to: 2016-10-08", "", []Difference{
			{Section: "areas", ID: "old", Action: "changed", Field: "valid_to", From: "2016-10-08", Effect: TotalsChange, Since: day("2016-10-08")},
		}},
		"a beginning set": {"{code: old, kind: district,", "{code: old, kind: district, valid_from: 2000-01-01,", []Difference{
			{Section: "areas", ID: "old", Action: "changed", Field: "valid_from", To: "2000-01-01", Effect: TotalsChange, Until: day("2000-01-01")},
		}},
		"a predecessor": {"{code: a, kind: district}", "{code: a, kind: district, valid_from: 2016-10-08, predecessors: [old]}", []Difference{
			{Section: "areas", ID: "a", Action: "changed", Field: "valid_from", To: "2016-10-08", Effect: TotalsChange, Until: day("2016-10-08")},
			{Section: "areas", ID: "a", Action: "changed", Field: "predecessors", To: "old", Effect: ChangesOnly, Since: day("2016-10-08")},
		}},
		"a part of another area": {"{code: old, kind: district,", "{code: old, kind: district, gained: [{from: a, day: 2015-07-01}],", []Difference{
			{Section: "areas", ID: "old", Action: "changed", Field: "gained", To: "a 2015-07-01", Effect: ChangesOnly, Since: day("2015-07-01")},
		}},
		"a deadline": {"due_days: 10", "due_days: 20", []Difference{{Section: "datasets", ID: "d", Action: "changed", Field: "due_days", From: "10", To: "20", Effect: AcceptedOnly}}},
		"a dataset's periods": {"periods: [year]", "periods: [year, ytd]", []Difference{
			{Section: "datasets", ID: "d", Action: "changed", Field: "periods", From: "year", To: "year, ytd", Effect: AcceptedOnly},
			{Section: "indicators", ID: "top", Action: "changed", Field: "frequency", From: "A", To: "M", Effect: AcceptedOnly},
			{Section: "indicators", ID: "bottom", Action: "changed", Field: "frequency", From: "A", To: "M", Effect: AcceptedOnly},
			{Section: "indicators", ID: "share", Action: "changed", Field: "frequency", From: "A", To: "M", Effect: AcceptedOnly},
			{Section: "indicators", ID: "gone", Action: "changed", Field: "frequency", From: "A", To: "M", Effect: AcceptedOnly},
		}},
		"rounding":              {"decimals: 1", "decimals: 2", []Difference{{Section: "indicators", ID: "share", Action: "changed", Field: "decimals", From: "1", To: "2", Effect: ShownOnly}}},
		"a bound":               {"{id: top, unit: 亿元,", "{id: top, unit: 亿元, minimum: 0,", []Difference{{Section: "indicators", ID: "top", Action: "changed", Field: "minimum", To: "0", Effect: AcceptedOnly}}},
		"coverage":              {"{id: top, unit: 亿元,", "{id: top, unit: 亿元, coverage: partial,", []Difference{{Section: "indicators", ID: "top", Action: "changed", Field: "coverage", From: "complete", To: "partial", Effect: PublishableOnly, Totals: []string{"top"}}}},
		"what a ratio rests on": {"{id: top, unit: 亿元,", "{id: top, unit: 亿元, city_total: city,", []Difference{{Section: "indicators", ID: "top", Action: "changed", Field: "city_total", From: "sum", To: "city", Effect: TotalsChange, Totals: []string{"top", "share"}}}},
		"an indicator less":     {"  - {id: gone, unit: 家, datasets: [d]}\n", "", []Difference{{Section: "indicators", ID: "gone", Action: "removed", Effect: TotalsChange, Totals: []string{"gone"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(before, test.from) {
				t.Fatalf("%q is not in the catalogue", test.from)
			}
			from, err := catalogue.Parse([]byte(before))
			if err != nil {
				t.Fatal(err)
			}
			to, err := catalogue.Parse([]byte(strings.Replace(before, test.from, test.to, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, Between(from, to)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
