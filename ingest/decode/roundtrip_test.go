package decode_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
)

// formats write a submission in every way in which one figure stands in each row.
var formats = map[string]func(s *event.Submission) []byte{
	"csv":            func(s *event.Submission) []byte { return delimited(s, ',', englishHeader) },
	"csv in Chinese": func(s *event.Submission) []byte { return delimited(s, ',', chineseHeader) },
	"tsv":            func(s *event.Submission) []byte { return delimited(s, '\t', chineseHeader) },
	"semicolons":     func(s *event.Submission) []byte { return delimited(s, ';', englishHeader) },
	"vertical bars":  func(s *event.Submission) []byte { return delimited(s, '|', chineseHeader) },
	"sdmx-csv":       func(s *event.Submission) []byte { return sdmxCSV(s) },
	"gb18030": func(s *event.Submission) []byte {
		return encodings[2].encode(string(delimited(s, ',', chineseHeader)))
	},
	"utf-16": func(s *event.Submission) []byte {
		return encodings[3].encode(string(delimited(s, '\t', chineseHeader)))
	},
	"utf-16 without a mark": func(s *event.Submission) []byte {
		return encodings[5].encode(string(delimited(s, '\t', chineseHeader)))
	},
	"csv.gz":  func(s *event.Submission) []byte { return gz(delimited(s, ',', englishHeader)) },
	"csv.zip": func(s *event.Submission) []byte { return zipped("f.csv", string(delimited(s, ',', englishHeader))) },
	"json": func(s *event.Submission) []byte {
		b, _ := json.Marshal(s)
		return b
	},
	"ndjson": func(s *event.Submission) (lines []byte) {
		for i := range s.Observations {
			b, _ := json.Marshal(struct {
				event.Observation
				Value string `json:"value"`
			}{s.Observations[i], string(s.Observations[i].Value)})
			lines = append(append(lines, b...), '\n')
		}
		return lines
	},
	"json of another program": func(s *event.Submission) []byte {
		table := cellsOf(s, chineseHeader)
		objects := make([]map[string]string, len(table)-1)
		for i, row := range table[1:] {
			objects[i] = map[string]string{}
			for j, text := range row {
				objects[i][table[0][j]] = text
			}
		}
		b, _ := json.Marshal(map[string]any{"地区": s.Area, "data": objects, "code": 200})
		return b
	},
	"xlsx": func(s *event.Submission) []byte { return workbookOf(cellsOf(s, englishHeader)) },
	"xlsx of numbers, under a title": func(s *event.Submission) []byte {
		table := cellsOf(s, chineseHeader)
		for _, row := range table[1:] {
			if number, err := strconv.ParseFloat(row[2], 64); err == nil && strconv.FormatFloat(number, 'f', -1, 64) == row[2] {
				row[2] = "\x00" + row[2]
			}
		}
		return workbookOf(append([][]string{{"科技创新报表"}}, table...))
	},
}

var (
	englishHeader = []string{"indicator", "period", "value", "unit", "stage", "status", "qualifier", "note"}
	chineseHeader = []string{"指标", "报告期", "数值", "计量单位", "阶段", "状态", "限定词", "备注"}
)

func cellsOf(s *event.Submission, header []string) [][]string {
	table := [][]string{slices.Clone(header)}
	for i := range s.Observations {
		o := &s.Observations[i]
		table = append(table, []string{o.Indicator, o.Period, string(o.Value), o.Unit, o.Stage, o.Status, o.Qualifier, o.Note})
	}
	return table
}

func delimited(s *event.Submission, delimiter rune, header []string) []byte {
	return written(cellsOf(s, header), delimiter)
}

func written(table [][]string, delimiter rune) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = delimiter
	_ = w.WriteAll(table)
	return b.Bytes()
}

func sdmxCSV(s *event.Submission) []byte {
	table := [][]string{{"DATAFLOW", "REF_AREA", "INDICATOR", "TIME_PERIOD", "OBS_VALUE", "UNIT_MEASURE", "OBS_STAGE", "OBS_STATUS", "QUALIFIER", "OBS_COMMENT"}}
	for _, row := range cellsOf(s, nil)[1:] {
		table = append(table, append([]string{"CITY:STI_ANNUAL(1.0)", s.Area}, row...))
	}
	return written(table, ',')
}

// workbookOf writes a table as texts; what begins with a zero byte is a number.
func workbookOf(table [][]string) []byte {
	return book(func(f *excelize.File) {
		for i, row := range table {
			for j, text := range row {
				cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
				if number, ok := strings.CutPrefix(text, "\x00"); ok {
					value, _ := strconv.ParseFloat(number, 64)
					_ = f.SetCellValue("Sheet1", cell, value)
				} else if text != "" {
					_ = f.SetCellStr("Sheet1", cell, text)
				}
			}
		}
	})
}

var figureText = rapid.Custom(func(t *rapid.T) event.Text {
	number := strconv.FormatInt(rapid.Int64Range(-1e9, 1e12).Draw(t, "number"), 10)
	if digits := rapid.IntRange(0, 2).Draw(t, "decimals"); digits > 0 {
		number += "." + strings.Repeat("0", digits-1) + strconv.Itoa(rapid.IntRange(1, 9).Draw(t, "decimal"))
	}
	return event.Text(rapid.SampledFrom([]string{"", "", "", "近", "约"}).Draw(t, "qualifier") + number)
})

// anySubmission has figures of one area and dataset, each of its own cell.
var anySubmission = rapid.Custom(func(t *rapid.T) event.Submission {
	s := event.Submission{Area: "320812", Dataset: "sti-annual"}
	indicators := []string{"gdp", "hnte_valid", "rd_expenditure", "tech_sme_registered", "industrial_output"}
	taken := map[string]bool{}
	for range rapid.IntRange(1, 12).Draw(t, "rows") {
		o := event.Observation{
			Indicator: rapid.SampledFrom(indicators).Draw(t, "indicator"),
			Period:    rapid.SampledFrom([]string{"2019", "2020", "2021", "2022-Q3", "2022-06", "2022-YTD06", "2022-S1"}).Draw(t, "period"),
			Value:     figureText.Draw(t, "value"),
			Unit:      rapid.SampledFrom([]string{"", "家", "亿元", "万元", "%"}).Draw(t, "unit"),
			Stage:     rapid.SampledFrom([]string{"", "estimate", "final"}).Draw(t, "stage"),
			Status:    rapid.SampledFrom([]string{"", "A", "E"}).Draw(t, "status"),
			Qualifier: rapid.SampledFrom([]string{"", "about"}).Draw(t, "qualifier"),
			// A note such as ="a" would be a text for a spreadsheet, which is read without that.
			Note: strings.TrimLeft(strings.TrimSpace(rapid.StringOfN(rapid.SampledFrom([]rune("ab,;\"\t\n'=一备注，。元 ")), 0, 12, -1).Draw(t, "note")), "= "),
		}
		if key := o.Indicator + o.Period; !taken[key] {
			taken[key] = true
			s.Observations = append(s.Observations, o)
		}
	}
	return s
})

// Every format of a submission reads as the same submission.
func TestEveryFormatReadsAlike(t *testing.T) {
	o := options(t)
	rapid.Check(t, func(t *rapid.T) {
		s := anySubmission.Draw(t, "submission")
		for name, write := range formats {
			content := write(&s)
			got, err := decode.Read(content, o)
			if err != nil || len(got.Submissions) != 1 {
				t.Fatalf("%s: %v in\n%s", name, err, content)
			}
			if got.Submissions[0].ID() != s.ID() {
				t.Fatalf("%s: want %+v, got %+v", name, s.Observations, got.Submissions[0].Observations)
			}
		}
	})
}

// A table across reads as the figures of its cells, whichever way it lies.
func TestTablesAcrossReadAlike(t *testing.T) {
	o := options(t)
	ids := map[string]string{"地区生产总值": "gdp", "有效高新技术企业": "hnte_valid", "规上工业总产值": "industrial_output"}
	names := []string{"地区生产总值", "有效高新技术企业"}
	rapid.Check(t, func(t *rapid.T) {
		periods := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"2018", "2019", "2020", "2021", "2022"}), 1, 5, rapid.ID).Draw(t, "periods")
		byPeriod := [][]string{append([]string{"指标"}, periods...)}
		byIndicator := [][]string{append([]string{"时期"}, names...)}
		for _, period := range periods {
			byIndicator = append(byIndicator, []string{period + "年"})
		}
		want := event.Submission{Area: o.Area, Dataset: o.Dataset}
		for _, name := range names {
			row := []string{name}
			for i, period := range periods {
				value := "-"
				if rapid.IntRange(0, 4).Draw(t, "silent") > 0 {
					value = string(figureText.Draw(t, "value"))
				}
				row = append(row, value)
				byIndicator[i+1] = append(byIndicator[i+1], value)
				want.Observations = append(want.Observations, event.Observation{Indicator: ids[name], Period: period, Value: event.Text(value)})
			}
			byPeriod = append(byPeriod, row)
		}
		for name, content := range map[string][]byte{
			"periods across": written(byPeriod, ','), "indicators across": written(byIndicator, ';'), "workbook of periods": workbookOf(byPeriod), "workbook of indicators": workbookOf(byIndicator),
		} {
			got, err := decode.Read(content, o)
			if err != nil || len(got.Submissions) != 1 || got.Submissions[0].ID() != want.ID() {
				t.Fatalf("%s: %v, %s in\n%s", name, err, fmt.Sprint(got.Submissions), content)
			}
		}
	})
}
