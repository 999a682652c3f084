package sample

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

func TestFilesAreWhatGenerateMakes(t *testing.T) {
	made, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, Files()); diff != "" {
		t.Errorf("run go generate ./configs/sample (-made +committed):\n%s", diff)
	}
}

// row is one row of a sample, read without the generator's code.
type row struct {
	area, indicator, value, unit, stage, status, qualifier, note string
}

func readSamples(t *testing.T, period string) []row {
	t.Helper()
	var rows []row
	for _, file := range Files() {
		records, err := csv.NewReader(bytes.NewReader(file.CSV)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		for _, r := range records[1:] {
			if r[1] == period {
				rows = append(rows, row{file.Area, r[0], r[2], r[3], r[4], r[5], r[6], r[7]})
			}
		}
	}
	return rows
}

func sums(t *testing.T, rows []row) map[string]decimal.Decimal {
	t.Helper()
	total := map[string]decimal.Decimal{}
	for _, r := range rows {
		v, err := decimal.NewFromString(r.value)
		if err != nil {
			t.Fatalf("%s of %s: %v", r.indicator, r.area, err)
		}
		total[r.indicator] = total[r.indicator].Add(v)
	}
	return total
}

// TestSumsAreThePublishedFigures adds the samples up and holds the result
// against published-2021.csv, which the generator does not read.
func TestSumsAreThePublishedFigures(t *testing.T) {
	now, base := readSamples(t, "2021"), readSamples(t, "2020")
	total, before := sums(t, now), sums(t, base)
	published := readPublished(t)
	if len(published) != 55 {
		t.Fatalf("published figures: want 55, got %d", len(published))
	}
	hundred := decimal.NewFromInt(100)
	for _, want := range published {
		value, past := total[want["id"]], before[want["id"]]
		if want["numerator"] != "" {
			value = hundred.Mul(total[want["numerator"]]).Div(total[want["denominator"]])
			if denominator := before[want["denominator"]]; !denominator.IsZero() {
				past = hundred.Mul(before[want["numerator"]]).Div(denominator)
			}
		}
		figure := decimal.RequireFromString(want["value"])
		if want["numerator"] == "" && !value.Equal(figure) {
			t.Errorf("%s: parts add up to %s, published are %s", want["id"], value, figure)
		}
		if !value.Round(-figure.Exponent()).Equal(figure) {
			t.Errorf("%s: %s does not round to the published %s", want["id"], value, figure)
		}
		if want["change"] == "" {
			continue
		}
		change := value.Sub(past)
		if want["change_kind"] == "percent" {
			change = hundred.Mul(change).Div(past)
		}
		rounded := decimal.RequireFromString(want["change"])
		if want["id"] == "hnte_valid" {
			// No whole-number base gives +4.6 % by rounding; 556 does by truncation.
			change = change.Truncate(-rounded.Exponent())
		}
		if !change.Round(-rounded.Exponent()).Equal(rounded) {
			t.Errorf("%s: change %s does not round to the published %s", want["id"], change, rounded)
		}
	}
}

// TestTheCatalogueShowsThePublishedFigures holds what a report would print, by
// the catalogue's decimals and rounding, against what was published.
func TestTheCatalogueShowsThePublishedFigures(t *testing.T) {
	c, err := catalogue.Load("../catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	total := sums(t, readSamples(t, "2021"))
	for _, want := range readPublished(t) {
		ind, ok := c.Indicator(want["id"])
		if !ok {
			t.Errorf("%s is not in the catalogue", want["id"])
			continue
		}
		figure := total[ind.ID]
		if ind.Total == catalogue.RatioRule {
			figure = decimal.NewFromInt(ind.Factor).Mul(total[ind.Numerator]).Div(total[ind.Denominator])
		}
		if got := ind.Display(figure, ind.Decimals); got != want["value"] || ind.UnitName != want["unit"] {
			t.Errorf("%s: shown as %s %s, published as %s %s", ind.ID, got, ind.UnitName, want["value"], want["unit"])
		}
		if want["change"] != "" && int32(ind.ChangeDecimals) < -decimal.RequireFromString(want["change"]).Exponent() {
			t.Errorf("%s: changes are shown with %d decimals, published was %s", ind.ID, ind.ChangeDecimals, want["change"])
		}
	}
}

func TestStagesAndQualifiersAreThePublishedOnes(t *testing.T) {
	rows := readSamples(t, "2021")
	for _, want := range readPublished(t) {
		qualified := 0
		for _, r := range rows {
			if r.indicator != want["id"] {
				continue
			}
			if r.stage != want["stage"] {
				t.Errorf("%s of %s: want stage %s, got %s", r.indicator, r.area, want["stage"], r.stage)
			}
			switch r.qualifier {
			case "":
			case want["qualifier"]:
				qualified++
			default:
				t.Errorf("%s of %s: want qualifier %q or none, got %q", r.indicator, r.area, want["qualifier"], r.qualifier)
			}
		}
		if want["qualifier"] != "" && qualified == 0 {
			t.Errorf("%s: no part is qualified %s", want["id"], want["qualifier"])
		}
	}
}

// TestSamplesFitTheCatalogue proves that every area of the catalogue reports
// every indicator it has to, in its unit, within its bounds, and marked.
func TestSamplesFitTheCatalogue(t *testing.T) {
	c, err := catalogue.Load("../catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range []string{"2020", "2021"} {
		period, err := catalogue.ParsePeriod(year)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for i := range c.Indicators {
			switch ind := &c.Indicators[i]; ind.Total {
			case catalogue.CityRule:
				want[c.City+" "+ind.ID] = true
			case catalogue.SumRule, catalogue.DistinctRule:
				for _, area := range c.Expected(period) {
					want[area+" "+ind.ID] = true
				}
			}
		}
		for _, r := range readSamples(t, year) {
			key := r.area + " " + r.indicator
			if !want[key] {
				t.Errorf("%s %s: unexpected or twice", year, key)
				continue
			}
			delete(want, key)
			ind, _ := c.Indicator(r.indicator)
			figure, err := ind.ReadFigure(r.value, r.unit, r.qualifier)
			if err != nil || r.unit != ind.UnitName || !ind.Within(figure.Value) {
				t.Errorf("%s %s: %s %s does not fit (%v)", year, key, r.value, r.unit, err)
			}
			if (r.indicator == "gdp" || r.indicator == "rd_expenditure") && figure.Value.Coefficient == 0 {
				t.Errorf("%s %s: want more than 0", year, key)
			}
			if !strings.HasPrefix(r.note, "合成样例 synthetic sample") {
				t.Errorf("%s %s: note %q does not say that it is synthetic", year, key, r.note)
			}
		}
		for key := range want {
			t.Errorf("%s %s: missing", year, key)
		}
	}
}

// TestPartsStayWithinTheirWholes holds for every area what holds for the city:
// a subset is no larger than what it is a subset of.
func TestPartsStayWithinTheirWholes(t *testing.T) {
	c, err := catalogue.Load("../catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range []string{"2020", "2021"} {
		values := map[[2]string]decimal.Decimal{}
		for _, r := range readSamples(t, year) {
			values[[2]string{r.area, r.indicator}] = decimal.RequireFromString(r.value)
		}
		pairs := [][2]string{{"rd_expenditure", "gdp"}, {"tech_contract_value", "gdp"}}
		for i := range c.Indicators {
			for _, whole := range c.Indicators[i].AtMost {
				pairs = append(pairs, [2]string{c.Indicators[i].ID, whole})
			}
		}
		for _, pair := range pairs {
			for key, part := range values {
				if whole, ok := values[[2]string{key[0], pair[1]}]; ok && key[1] == pair[0] && part.GreaterThan(whole) {
					t.Errorf("%s, area %s: %s %s is more than %s %s", year, key[0], pair[0], part, pair[1], whole)
				}
			}
		}
	}
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, 1_000_000_000).Draw(t, "total")
		weights := rapid.SliceOfN(rapid.Int64Range(1, 1000), 1, 12).Draw(t, "weights")
		var sum, rest int64
		for _, w := range weights {
			sum += w
		}
		parts := split(total, weights)
		for i, part := range parts {
			rest += part
			if low := total * weights[i] / sum; part < low || part > low+1 {
				t.Fatalf("part %d: want %d or one more, got %d", i, low, part)
			}
		}
		if rest != total {
			t.Fatalf("parts %v add up to %d, want %d", parts, rest, total)
		}
	})
}

func TestSplitGivesTheRestToWhoLostMost(t *testing.T) {
	if diff := cmp.Diff([]int64{1, 0, 1, 0}, split(2, []int64{3, 2, 3, 2})); diff != "" {
		t.Error(diff)
	}
}

func readPublished(t *testing.T) []map[string]string {
	t.Helper()
	text, err := os.ReadFile("published-2021.csv")
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var published []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		published = append(published, row)
	}
	return published
}
