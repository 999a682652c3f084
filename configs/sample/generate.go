package sample

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"
)

// cityArea is the area of figures that the city itself reports.
const cityArea = "320800"

// years are the published year, and the year before, on which its changes are based.
var years = [...]int{2020, 2021}

var header = []string{"indicator", "period", "value", "unit", "stage", "status", "qualifier", "note"}

//go:embed figures.csv
var figuresCSV []byte

//go:embed weights.csv
var weightsCSV []byte

//go:embed months.csv
var monthsCSV []byte

// Generate computes every file from figures.csv, weights.csv and months.csv. The same data
// always gives the same files, in the order of [Files].
func Generate() ([]File, error) {
	figures, err := readTable(figuresCSV)
	if err != nil {
		return nil, fmt.Errorf("read figures.csv: %w", err)
	}
	weights, err := readTable(weightsCSV)
	if err != nil {
		return nil, fmt.Errorf("read weights.csv: %w", err)
	}
	months, err := readTable(monthsCSV)
	if err != nil {
		return nil, fmt.Errorf("read months.csv: %w", err)
	}
	var all []File
	add := func(year int, dataset string, made map[string][][]string) error {
		for area, rows := range made {
			text, err := writeRows(rows)
			if err != nil {
				return fmt.Errorf("write %d of area %s: %w", year, area, err)
			}
			all = append(all, File{Year: year, Area: area, Dataset: dataset, Name: fmt.Sprintf("%d%s/%s.csv", year, folderSuffixes[dataset], area), CSV: text})
		}
		return nil
	}
	for _, year := range years {
		made, err := generateYear(strconv.Itoa(year), figures, weights)
		if err != nil {
			return nil, fmt.Errorf("generate %d: %w", year, err)
		}
		if err := add(year, Dataset, made); err != nil {
			return nil, err
		}
	}
	made, err := generateMonths(monthlyYear, figures, weights, months)
	if err != nil {
		return nil, fmt.Errorf("generate months of %d: %w", monthlyYear, err)
	}
	if err := add(monthlyYear, MonthlyDataset, made); err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b File) int {
		return cmp.Or(cmp.Compare(path.Dir(a.Name), path.Dir(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

// generateYear returns the rows of each area.
func generateYear(year string, figures, weights []map[string]string) (map[string][][]string, error) {
	rows := map[string][][]string{}
	for _, figure := range figures {
		total, places, err := wholeUnits(figure["value_"+year], figure["places"])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", figure["indicator"], err)
		}
		stage := figure["stage_"+year]
		if stage == "" {
			stage = "final"
		}
		row := func(part int64, qualifier, note string) []string {
			return []string{
				figure["indicator"], year, decimal.New(part, -places).String(), figure["unit"],
				stage, "A", qualifier, "合成样例 synthetic sample" + note,
			}
		}
		qualifier := figure["qualifier_"+year]
		if figure["reporter"] == "city" {
			note := ""
			if figure["origin_"+year] == "published" {
				note = "; 全市数为公开数 the city figure itself is as published"
			}
			rows[cityArea] = append(rows[cityArea], row(total, qualifier, note))
			continue
		}
		shares, err := column(weights, figure["weights"]+"_"+year)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", figure["indicator"], err)
		}
		parts := split(total, shares)
		largest := slices.Index(parts, slices.Max(parts))
		for i, part := range parts {
			q := ""
			if i == largest {
				q = qualifier
			}
			area := weights[i]["area"]
			rows[area] = append(rows[area], row(part, q, ""))
		}
	}
	return rows, nil
}

// wholeUnits returns a value in units of its last decimal place.
func wholeUnits(value, places string) (units int64, exponent int32, err error) {
	n, err := strconv.ParseInt(places, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("places: %w", err)
	}
	v, err := decimal.NewFromString(value)
	if err != nil {
		return 0, 0, fmt.Errorf("value: %w", err)
	}
	shifted := v.Shift(int32(n))
	if !shifted.IsInteger() {
		return 0, 0, fmt.Errorf("value: %s has more than %d decimals", value, n)
	}
	return shifted.IntPart(), int32(n), nil
}

// column returns a column of weights as numbers.
func column(table []map[string]string, name string) ([]int64, error) {
	numbers := make([]int64, len(table))
	for i, row := range table {
		n, err := strconv.ParseInt(row[name], 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s of %s: want a positive whole number, got %q", name, cmp.Or(row["area"], row["month"]), row[name])
		}
		numbers[i] = n
	}
	return numbers, nil
}

// readTable reads CSV with a header into one map per row.
func readTable(text []byte) ([]map[string]string, error) {
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	var table []map[string]string
	for _, record := range records[min(1, len(records)):] {
		row := make(map[string]string, len(record))
		for i, name := range records[0] {
			row[name] = record[i]
		}
		table = append(table, row)
	}
	return table, nil
}

func writeRows(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(append([][]string{header}, rows...)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
