package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/ingest/event"
)

// A sender's own figures do not vouch for one another: what is far off the nearest years that
// were established is held, whatever the sender has said of the cell, or taken back, a moment ago. A correction
// that goes with those years is told and counts.
//
// Where no year has a figure of the same months, other spans of the series are held against it, scaled by
// length, and without the figure that is replaced.
//
// In force before are gdp 750.18 in 2020 and 813.41 in 2021, rd_expenditure 11.9157 and
// tech_contract_value 8.9256 in 2021.
func TestSendersDoNotVouchForThemselves(t *testing.T) {
	for _, test := range []struct {
		name string
		rows [][]string // of one submission each
		want []string   // codes of what it is held for, or told where it is not held
	}{
		{"years between are missing", [][]string{{"rd_expenditure 2023 119157 final"}}, []string{"UNIT_SLIP"}},
		{"several years between are missing", [][]string{{"gdp 2025 8134100 final"}}, []string{"UNIT_SLIP"}},
		{"years after are known", [][]string{{"gdp 2018 8134100 final"}}, []string{"UNIT_SLIP"}},
		{"by no unit", [][]string{{"gdp 2022 813410000 final"}}, []string{"FAR_OFF"}},
		{"growth over years between", [][]string{{"gdp 2023 930 final"}}, []string{""}},
		{"steps of one cell", [][]string{{"gdp 2021 4000 final"}, {"gdp 2021 19900 final"}}, []string{"TENFOLD", "TENFOLD"}},
		{"steps that begin small", [][]string{{"gdp 2021 3000 final"}, {"gdp 2021 14000 final"}, {"gdp 2021 8134100 final"}}, []string{"told", "TENFOLD", "UNIT_SLIP"}},
		{"steps of a new year", [][]string{{"gdp 2022 4000 final"}, {"gdp 2022 19900 final"}, {"gdp 2022 99000 final"}, {"gdp 2022 490000 final"}, {"gdp 2022 2400000 final"}}, []string{"told", "TENFOLD", "TENFOLD", "UNIT_SLIP", "UNIT_SLIP"}},
		{"years of one submission", [][]string{{"gdp 2022 3500 final", "gdp 2023 16000 final"}}, []string{"told"}},
		{"every year of one submission", [][]string{{"gdp 2020 7501800 final", "gdp 2021 8134100 final", "gdp 2022 8534100 final"}}, []string{"UNIT_SLIP UNIT_SLIP UNIT_SLIP"}},
		{"taken back and sent again", [][]string{{"tech_contract_value 2020 - D", "tech_contract_value 2021 - D"}, {"tech_contract_value 2021 89256 estimate"}}, []string{"", "UNIT_SLIP"}},
		{"taken back and sent in steps", [][]string{{"gdp 2020 - D", "gdp 2021 - D"}, {"gdp 2021 3000"}, {"gdp 2021 - D"}, {"gdp 2021 14000"}}, []string{"", "told", "", "TENFOLD"}},
		{"taken back and sent again as it was", [][]string{{"gdp 2020 - D", "gdp 2021 - D"}, {"gdp 2020 750.19", "gdp 2021 813.42"}}, []string{"", ""}},
		{"a quarter against the years", [][]string{{"gdp 2025-Q3 2314200"}, {"gdp 2025-Q3 101325000"}, {"gdp 2025-Q3 231.42"}}, []string{"UNIT_SLIP", "FAR_OFF", "told"}},
		{"a quarter against the year before", [][]string{{"gdp 2022-Q3 8134.1"}, {"gdp 2022-Q3 20.1"}}, []string{"TENFOLD", "told"}},
		{"a year against a quarter", [][]string{{"industrial_output 2025-Q3 82.3"}, {"industrial_output 2024 3200000 final"}, {"industrial_output 2024 320 final"}}, []string{"", "UNIT_SLIP", "told"}},
		{"a quarter back into line with the years", [][]string{{"unjudged", "gdp 2025-Q3 2314200"}, {"gdp 2025-Q3 231.42"}}, []string{"", "told"}},
		{"a year back into line with one that is sent again", [][]string{{"unjudged", "gdp 2021 8134100 final"}, {"gdp 2020 750.19 final", "gdp 2021 813.42 final"}}, []string{"", "told"}},
		{"correction", [][]string{{"gdp 2022 4000 final"}, {"gdp 2022 860 final"}}, []string{"told", "told"}},
	} {
		for _, folded := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/folded=%t", test.name, folded), func(t *testing.T) {
				c := shippedCatalogue(t)
				city := newSampleCity(t, checks{catalogue: c}, func(string, judgement) {})
				set := shippedRules(t, c)
				city.year = 2026
				var got []string
				for _, rows := range test.rows {
					if folded {
						city.fold(t)
					}
					dataset := "sti-annual"
					if city.checks.rules = set; rows[0] == "unjudged" {
						city.checks.rules, rows = nil, rows[1:]
					}
					if strings.Contains(rows[0], "-Q") {
						dataset = "sti-quarterly"
					}
					result := city.submit(rowsOf("320812", dataset, rows...))
					var codes []string
					told := ""
					for _, f := range result.findings {
						if f.Severity == event.Inform {
							told = "told"
							continue
						}
						codes = append(codes, f.Code)
					}
					slices.Sort(codes)
					got = append(got, cmp.Or(strings.Join(codes, " "), told))
				}
				if diff := gocmp.Diff(test.want, got); diff != "" {
					t.Errorf("findings by submission (-want +got):\n%s", diff)
				}
			})
		}
	}
}
