package judge

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
)

// shippedRules returns the rules that ship, compiled for a catalogue.
func shippedRules(t testing.TB, c *catalogue.Catalogue) *rules.Set {
	t.Helper()
	set, err := rules.Load(filepath.Join("..", "..", "configs", "rules.yaml"), c)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// shippedCatalogue returns the catalogue that ships.
func shippedCatalogue(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", "catalogue.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// figures are those of one area that were accepted before, by indicator and period.
func figures(all map[[2]string]string) past {
	p := past{}
	for of, text := range all {
		reading, err := catalogue.ParseValue(text)
		if err != nil {
			panic(err)
		}
		p[ledger.Cell{Indicator: of[0], Period: fixture.Period(of[1])}] = ledger.Figure{Value: reading.Value, Stage: catalogue.Flash, Status: catalogue.Normal}
	}
	return p
}

// pastOf is what one area alone has reported.
type pastOf struct {
	area string
	past
}

func (p pastOf) Read(f func(moment)) { f(p) }

func (p pastOf) Figure(area string, cell ledger.Cell) (ledger.Figure, bool) {
	if area != p.area {
		return ledger.Figure{}, false
	}
	return p.past.Figure(area, cell)
}

// stating returns a figure of 2022 with its change on the year before.
func stating(indicator, value, change string) event.Observation {
	o := fixture.Figure(indicator, "2022", value)
	o.Change = change
	return o
}

// What a rule finds is told with the rule and the values that it saw; a row at fault is
// refused or accepted as the rule says, and the others are accepted.
func TestRulesJudgeRows(t *testing.T) {
	c := shippedCatalogue(t)
	j := checks{catalogue: c, rules: shippedRules(t, c)}
	before := figures(map[[2]string]string{
		{"gdp", "2021"}: "813.41", {"gdp", "2020"}: "790", {"industrial_output", "2022"}: "400", {"hightech_output", "2021"}: "340",
		{"tech_contract_value", "2021-YTD05"}: "33.8", {"tech_contract_value", "2021-YTD08"}: "50",
	})
	for _, test := range []struct {
		name    string
		dataset string
		rows    []event.Observation
		want    map[int][]string  // codes of the findings by row
		refused []int             // rows that are refused or held
		values  []event.SeenValue // of the first finding
		seen    string            // by the first finding; anything where it is empty
	}{
		{name: "clean", rows: []event.Observation{fixture.Figure("gdp", "2022", "860"), fixture.Figure("hnte_valid", "2022", "87")}},
		{
			name: "a fraction of an enterprise", rows: []event.Observation{fixture.Figure("hnte_valid", "2021", "87.5"), fixture.Figure("gdp", "2022", "860")},
			want: map[int][]string{1: {"WHOLE_NUMBER"}}, refused: []int{1}, values: []event.SeenValue{{Name: "value", Value: "87.5"}},
		},
		{
			name: "万元 for 亿元", rows: []event.Observation{fixture.Figure("gdp", "2021", "8134100")}, want: map[int][]string{1: {"UNIT_SLIP"}}, refused: []int{1},
			values: []event.SeenValue{{Name: "value", Value: "8134100"}, {Name: "against", Value: "2020"}, {Name: "known", Value: "790"}, {Name: "likely_en", Value: ", probably 10,000 yuan"},
				{Name: "likely_zh", Value: "，可能应为万元"}, {Name: "times_en", Value: "10,000 times"}, {Name: "times_zh", Value: "1万倍"}},
		},
		{
			name: "growth that the values do not give, of GDP at constant prices", rows: []event.Observation{stating("gdp", "860", "4.6"), stating("hightech_output", "365.5", "4.6")},
			want: map[int][]string{2: {"STATED_CHANGE"}}, refused: []int{2},
			values: []event.SeenValue{{Name: "value", Value: "365.5"}, {Name: "stated_change", Value: "4.6"}, {Name: "base", Value: "340"}, {Name: "follows", Value: "7.5"}, {Name: "points_en", Value: " %"}, {Name: "points_zh", Value: "%"}},
		},
		{
			name: "万元 as well as too much", rows: []event.Observation{{Indicator: "gdp", Period: "2021", Value: "81341000000", Unit: "万元", Stage: "flash"}}, want: map[int][]string{1: {"UNIT_SLIP"}}, refused: []int{1},
			seen: "81341000000万元 = 8134100亿元",
		},
		{
			name: "part above whole, both sent", rows: []event.Observation{fixture.Figure("hightech_output", "2022", "500"), fixture.Figure("industrial_output", "2022", "100")},
			want: map[int][]string{1: {"PART_ABOVE_WHOLE"}, 2: {"FINAL_AGAINST_FLASH"}}, refused: []int{1},
		},
		{
			name: "part above the whole in force", rows: []event.Observation{fixture.Figure("hightech_output", "2022", "500")},
			want: map[int][]string{1: {"PART_ABOVE_WHOLE"}}, refused: []int{1}, values: []event.SeenValue{{Name: "value", Value: "500"}, {Name: "other", Value: "400"}},
		},
		{
			name: "whole below the part in force", rows: []event.Observation{fixture.Figure("industrial_output", "2021", "299.99")},
			want: map[int][]string{1: {"WHOLE_BELOW_PART"}}, refused: []int{1},
		},
		{
			name: "whole and part mended together", rows: []event.Observation{{Indicator: "industrial_output", Period: "2021", Value: "200", Stage: "flash"}, {Indicator: "hightech_output", Period: "2021", Value: "100", Stage: "flash"}},
			want: map[int][]string{2: {"LARGE_REVISION"}},
		},
		{
			name: "year to date between two", dataset: "sti-monthly", rows: []event.Observation{fixture.Figure("tech_contract_value", "2021-YTD06", "40"), fixture.Figure("tech_contract_value", "2021-YTD07", "45")},
		},
		{
			name: "year to date falls", dataset: "sti-monthly", rows: []event.Observation{fixture.Figure("tech_contract_value", "2021-YTD06", "33"), fixture.Figure("tech_contract_value", "2021-YTD07", "51")},
			want: map[int][]string{1: {"YTD_FALLING"}, 2: {"YTD_ABOVE_NEXT"}}, refused: []int{1, 2},
		},
		{
			name: "years to date by quarter fall", dataset: "sti-monthly", rows: []event.Observation{fixture.Figure("tech_contract_value", "2021-YTD03", "34"), fixture.Figure("tech_contract_value", "2021-YTD12", "49")},
			want: map[int][]string{1: {"YTD_ABOVE_NEXT"}, 2: {"YTD_FALLING"}}, refused: []int{1, 2},
		},
		{
			name: "years to date by quarter fall within a submission", dataset: "sti-monthly", rows: []event.Observation{fixture.Figure("tech_contract_value", "2020-YTD03", "9.9"), fixture.Figure("tech_contract_value", "2020-YTD06", "5.1")},
			want: map[int][]string{1: {"YTD_ABOVE_NEXT"}, 2: {"YTD_FALLING"}}, refused: []int{1, 2},
		},
		{
			name: "year to date falls within a submission", dataset: "sti-monthly", rows: []event.Observation{fixture.Figure("tech_contract_value", "2020-YTD09", "9.9"), fixture.Figure("tech_contract_value", "2020-YTD10", "5.1")},
			want: map[int][]string{1: {"YTD_ABOVE_NEXT"}, 2: {"YTD_FALLING"}}, refused: []int{1, 2},
		},
		{name: "what is in force is not judged again", rows: []event.Observation{{Indicator: "industrial_output", Period: "2022", Value: "400", Stage: "flash"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.dataset == "" {
				test.dataset = "sti-annual"
			}
			result := j.apply(&received{
				area: "320812", dataset: test.dataset, submission: event.Submission{Area: "320812", Dataset: test.dataset, Observations: test.rows},
				delivery: stream.Delivery{StoredAt: time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC)},
			}, pastOf{"320812", before}, nil)
			got := map[int][]string{}
			for _, f := range result.findings {
				got[f.Row] = append(got[f.Row], f.Code)
				if f.Rule == "" || f.MessageZH == "" || f.MessageEN == "" {
					t.Errorf("finding %+v", f)
				}
			}
			if test.want == nil {
				test.want = map[int][]string{}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s\n%+v", diff, result.findings)
			}
			for i := range test.rows {
				accepted := slices.ContainsFunc(result.accepted, func(o event.AcceptedObservation) bool { return o.Row == i+1 })
				refused := slices.Contains(test.refused, i+1)
				unchanged := result.effects.of[isUnchanged].count > 0
				if accepted == refused && !unchanged {
					t.Errorf("row %d: accepted %v, want refused %v", i+1, accepted, refused)
				}
			}
			if test.seen != "" && result.findings[0].Seen != test.seen {
				t.Errorf("seen %q, want %q", result.findings[0].Seen, test.seen)
			}
			if test.values != nil {
				if diff := cmp.Diff(test.values, result.findings[0].Values); diff != "" {
					t.Errorf("values (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// The sample figures are clean: no rule refuses or holds any of two years and the months of one. It is
// remarked on what grew by more than half, as technology contracts did in the city's bulletin.
func TestRulesFindNothingInTheSample(t *testing.T) {
	c := shippedCatalogue(t)
	rows, remarks := 0, map[string]int{}
	newSampleCity(t, checks{catalogue: c, rules: shippedRules(t, c)}, func(file string, result judgement) {
		for _, f := range result.findings {
			if remarks[f.Code]++; f.Severity != event.Inform {
				t.Errorf("%s: %+v", file, f)
			}
		}
		rows += len(result.accepted)
	})
	if rows < 500 {
		t.Errorf("%d rows were judged", rows)
	}
	if diff := cmp.Diff(map[string]int{"LARGE_CHANGE": 8, "LARGE_CHANGE_OF_COUNT": 7}, remarks); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}
