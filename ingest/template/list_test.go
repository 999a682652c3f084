package template_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/template"
)

// The form of a list that is filled in and sent back yields exactly the entities that were
// typed, in both formats and languages; rows that nobody filled in say nothing.
func TestListFormReadsBackWhatWasTyped(t *testing.T) {
	c, err := catalogue.Load("../../configs/catalogue.yaml")
	check(t, err)
	area, _ := c.Area("320831")
	dataset, _ := c.Dataset("hnte-list")
	period, err := catalogue.ParsePeriod("2021")
	check(t, err)
	typed := []string{"91000000X000000010", "合成企业", "2020-01-01", "2022-12-31", "金湖县", "estimate", "", "备注一"}
	for _, english := range []bool{false, true} {
		f := &template.Form{Catalogue: c, Area: area, Dataset: dataset, Period: period, English: english}
		check(t, f.Check())
		text, err := f.CSV()
		check(t, err)
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\uFEFF"))).ReadAll()
		check(t, err)
		copy(lines[1][3:], typed)
		var filledCSV, filledBook bytes.Buffer
		check(t, csv.NewWriter(&filledCSV).WriteAll(lines))
		form, err := f.Workbook()
		check(t, err)
		book, err := excelize.OpenReader(bytes.NewReader(form))
		check(t, err)
		row := append([]string(nil), typed...)
		for i := range row {
			cell, _ := excelize.CoordinatesToCellName(4+i, firstRow["xlsx"])
			check(t, book.SetCellStr(book.GetSheetName(0), cell, row[i]))
		}
		check(t, book.Write(&filledBook))
		for name, file := range map[string][]byte{"form.csv": filledCSV.Bytes(), "form.xlsx": filledBook.Bytes()} {
			result, err := decode.Read(file, decode.Options{Catalogue: c, File: name})
			if err != nil || len(result.Submissions) != 1 || len(result.Submissions[0].Observations) != 1 {
				t.Errorf("%s: %v, %+v", name, err, result.Submissions)
				continue
			}
			s, o := &result.Submissions[0], &result.Submissions[0].Observations[0]
			if s.Area != "320831" || s.Dataset != "hnte-list" || o.Period != "2021" || o.Entity != typed[0] || o.EntityName != typed[1] || o.ValidFrom != typed[2] || o.ValidTo != typed[3] ||
				o.RegisteredArea != "320831" || o.Stage != "estimate" || o.Note != typed[7] {
				t.Errorf("%s: %+v %+v", name, o, o.Listing)
			}
		}
	}
}
