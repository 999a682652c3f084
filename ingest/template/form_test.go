package template_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/template"
)

// firstRow is the row of a form's first indicator, in a workbook and in CSV.
var firstRow = map[string]int{"xlsx": 5, "csv": 2}

// typed is what somebody types into a row of the form.
type typed struct{ value, stage, status, qualifier, note string }

// filled types into a form, row by row, and returns the file.
func filled(t testing.TB, format string, form []byte, rows []typed) []byte {
	t.Helper()
	if format == "csv" {
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(form), "\uFEFF"))).ReadAll()
		check(t, err)
		for i, row := range rows {
			copy(lines[1+i][7:], []string{row.value, row.stage, row.status, row.qualifier, row.note})
		}
		var b bytes.Buffer
		b.WriteString("\uFEFF")
		check(t, csv.NewWriter(&b).WriteAll(lines))
		return b.Bytes()
	}
	book, err := excelize.OpenReader(bytes.NewReader(form))
	check(t, err)
	defer book.Close()
	sheet := book.GetSheetName(0)
	for i, row := range rows {
		for n, text := range []string{row.value, row.stage, row.status, row.qualifier, row.note} {
			cell := fmt.Sprintf("%c%d", 'H'+n, firstRow["xlsx"]+i)
			switch value, err := catalogue.ParseValue(text); {
			case text == "":
			case n == 0 && err == nil && value.Value.String() == text:
				check(t, book.SetCellValue(sheet, cell, value.Value.Decimal().InexactFloat64()))
			default:
				check(t, book.SetCellStr(sheet, cell, text))
			}
		}
	}
	var b bytes.Buffer
	check(t, book.Write(&b))
	return b.Bytes()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// yearBefore are figures of a year before in every stage, qualified ones and one that there is none.
var yearBefore = []event.Said{
	{Value: "998.5", Stage: "final"}, {Value: "0.5", Stage: "estimate"}, {Value: "12345", Stage: "flash"}, {Value: "7", Stage: "forecast"},
	{Value: "87", Stage: "final", Qualifier: "below"}, {Value: "88", Stage: "estimate", Qualifier: "above"}, {Value: "89", Stage: "flash", Qualifier: "about"}, {Status: "O", Stage: "final"},
}

// forms calls of with a form of every dataset, kind of period, kind of area, format and
// language of the built-in catalogue.
func forms(t *testing.T, of func(t *testing.T, f *template.Form, format string)) {
	c, err := catalogue.Load("../../configs/catalogue.yaml")
	check(t, err)
	for i := range c.Datasets {
		d := &c.Datasets[i]
		if d.Rows == catalogue.EntityRows {
			continue // see TestListFormReadsBackWhatWasTyped
		}
		for _, text := range []string{"2021", "2022-S1", "2022-Q3", "2022-06", "2022-YTD02", "2022-YTD09"} {
			period, err := catalogue.ParsePeriod(text)
			check(t, err)
			for _, code := range []string{"320812", "320800"} {
				area, _ := c.Area(code)
				for _, format := range []string{"xlsx", "csv"} {
					for _, english := range []bool{false, true} {
						f := &template.Form{Catalogue: c, Area: area, Dataset: d, Period: period, English: english, Known: map[template.Place]string{}}
						if f.Check() != nil {
							continue
						}
						for _, indicator := range f.Indicators() {
							f.Known[template.Place{Indicator: indicator.ID, Period: template.Previous(period)}] = "999.5 年报"
							f.Known[template.Place{Indicator: indicator.ID, Period: period.YearBefore()}] = template.Text(yearBefore[len(f.Known)%len(yearBefore)], english)
							if english {
								f.Known[template.Place{Indicator: indicator.ID, Period: period}] = "997.5 final"
							}
						}
						t.Run(fmt.Sprintf("%s %s %s %s english=%v", d.ID, text, code, format, english), func(t *testing.T) { of(t, f, format) })
					}
				}
			}
		}
	}
}

func write(t testing.TB, f *template.Form, format string) []byte {
	t.Helper()
	form, err := f.CSV()
	if format == "xlsx" {
		form, err = f.Workbook()
	}
	check(t, err)
	return form
}

// place is what a row of a form is for.
type place struct {
	indicator *catalogue.Indicator
	period    string
}

// beside are the periods in which the flows of a form may be reported as well.
var beside = map[string]string{"sti-quarterly 2022-Q3": "2022-YTD09", "sti-monthly 2022-06": "2022-YTD06", "sti-monthly 2022-YTD09": "2022-09"}

// places are the rows of a form.
func places(f *template.Form) (all []place) {
	for _, indicator := range f.Indicators() {
		all = append(all, place{indicator, f.Period.String()})
		if other := beside[f.Dataset.ID+" "+f.Period.String()]; other != "" && indicator.Kind == catalogue.Flow {
			all = append(all, place{indicator, other})
		}
	}
	return all
}

// tries is how often each form is filled in.
const tries = 4

// Whatever is typed into a form is what the decoder reads of it, with nothing else to say:
// the form says the area, the dataset, the period, the indicators and their units.
func TestFormsReadBackWhatWasTyped(t *testing.T) {
	n := 0
	forms(t, func(t *testing.T, f *template.Form, format string) {
		n++
		form := write(t, f, format)
		places := places(f)
		typing := rapid.Custom(func(rt *rapid.T) []typed {
			rows := make([]typed, len(places))
			for i := range rows {
				switch rapid.IntRange(0, 5).Draw(rt, "kind") {
				case 0: // left empty
				case 1:
					rows[i] = typed{status: "O", note: "没有"}
				case 2:
					rows[i] = typed{value: "近200", stage: map[bool]string{false: "预计", true: "estimate"}[f.English]}
				default:
					rows[i] = typed{value: catalogue.Value{Coefficient: rapid.Int64Range(0, 999_999_999_999).Draw(rt, "value"), Scale: uint8(rapid.IntRange(0, 3).Draw(rt, "scale"))}.String(),
						qualifier: rapid.SampledFrom([]string{"", "约", "about"}).Draw(rt, "qualifier")}
				}
			}
			return rows
		})
		for seed := range tries {
			rows := typing.Example(seed)
			result, err := decode.Read(filled(t, format, form, rows), decode.Options{Catalogue: f.Catalogue, Own: f.Area.Code})
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Submissions) != 1 || result.Submissions[0].Area != f.Area.Code || result.Submissions[0].Dataset != f.Dataset.ID {
				t.Fatalf("want one submission of %s to %s, got %+v", f.Area.Code, f.Dataset.ID, result.Submissions)
			}
			var got, want [][]string
			for i := range rows {
				want = append(want, []string{fmt.Sprint(firstRow[format] + i), places[i].indicator.ID, places[i].period, rows[i].value, places[i].indicator.UnitName, rows[i].stage, rows[i].status, rows[i].qualifier, rows[i].note, ""})
			}
			for _, o := range result.Submissions[0].Observations {
				checkBase(t, &o)
				got = append(got, []string{fmt.Sprint(o.Row), o.Indicator, o.Period, string(o.Value), o.Unit, o.Stage, o.Status, o.Qualifier, o.Note, o.Problem})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("read something else than was typed (-want +got)\n%s", diff)
			}
			if strings.Contains(result.Understanding.EN, "?") {
				t.Fatalf("a question: %s", result.Understanding.EN)
			}
			for _, note := range result.Understanding.Notes {
				t.Fatalf("a note about the form itself: %s", note.MessageEN)
			}
		}
	})
	if n < 20 {
		t.Errorf("tried %d forms", n)
	}
}

// checkBase fails where a base that the form wrote reads as anything but a figure in the row's unit.
func checkBase(t *testing.T, o *event.Observation) {
	t.Helper()
	if o.Base == "" {
		return
	}
	if figure, err := catalogue.ReadFigure(o.Base, o.Unit, "", catalogue.ParseUnit(o.Unit)); err != nil || figure.Missing {
		t.Fatalf("the base %q of %s reads as %+v, %v", o.Base, o.Indicator, figure, err)
	}
}

// In a workbook only the cells to fill in can be changed, choices drop down, and each value
// has its check.
func TestWorkbookGuides(t *testing.T) {
	forms(t, func(t *testing.T, f *template.Form, format string) {
		if format != "xlsx" {
			return
		}
		book, err := excelize.OpenReader(bytes.NewReader(write(t, f, format)))
		check(t, err)
		defer book.Close()
		sheet := book.GetSheetName(0)
		if protection, err := book.GetSheetProtection(sheet); err != nil || !protection.SelectUnlockedCells {
			t.Errorf("protection %+v, %v", protection, err)
		}
		for column, open := range map[string]bool{"A": false, "D": false, "E": false, "G": false, "H": true, "I": true, "L": true, "M": false} {
			id, err := book.GetCellStyle(sheet, column+"5")
			check(t, err)
			style, err := book.GetStyle(id)
			check(t, err)
			if unlocked := style.Protection != nil && !style.Protection.Locked; unlocked != open {
				t.Errorf("column %s: can be changed: %v, want %v", column, unlocked, open)
			}
		}
		validations, err := book.GetDataValidations(sheet)
		check(t, err)
		if want := 3 + len(places(f)); len(validations) != want {
			t.Errorf("%d checks, want %d", len(validations), want)
		}
		for _, v := range validations {
			if v.Type == "list" && v.Formula1 == "" || v.Type != "list" && (v.Prompt == nil || *v.Prompt == "") {
				t.Errorf("check %+v", v)
			}
		}
	})
}

func TestFormsThatCannotBe(t *testing.T) {
	c, err := catalogue.Load("../../configs/catalogue.yaml")
	check(t, err)
	district, _ := c.Area("320812")
	monthly, _ := c.Dataset("sti-monthly")
	f := &template.Form{Catalogue: c, Area: district, Dataset: monthly, Period: catalogue.Period{Year: 2021, Kind: catalogue.Year}}
	if p, ok := f.Check().(*catalogue.Problem); !ok || p.Code != "PERIOD_NOT_IN_DATASET" || p.ZH == "" {
		t.Errorf("a year of a monthly dataset: %v", f.Check())
	}
	city, _ := c.Area("320800")
	f.Area, f.Period = city, catalogue.Period{Year: 2021, Kind: catalogue.Month, Index: 1}
	if p, ok := f.Check().(*catalogue.Problem); !ok || p.Code != "SUBMISSION_EMPTY" {
		t.Errorf("a dataset of which the city reports nothing: %v", f.Check())
	}
}

func TestPeriods(t *testing.T) {
	for text, want := range map[string]string{
		"2021": "2020", "2022-S1": "2021-S2", "2022-Q3": "2022-Q2", "2022-Q1": "2021-Q4", "2022-01": "2021-12", "2022-YTD02": "2022-YTD01", "2022-YTD01": "2021-YTD12",
	} {
		p, err := catalogue.ParsePeriod(text)
		check(t, err)
		if got := template.Previous(p).String(); got != want {
			t.Errorf("before %s: %s, want %s", text, got, want)
		}
	}
	at := time.Date(2022, 1, 15, 0, 0, 0, 0, time.UTC)
	ended := func(p catalogue.Period) bool { return p.HasEnded(at, time.UTC) }
	for kind, want := range map[catalogue.PeriodKind]string{catalogue.Year: "2021", catalogue.Quarter: "2021-Q4", catalogue.Month: "2021-12"} {
		d := &catalogue.Dataset{Periods: []catalogue.PeriodKind{kind, catalogue.YearToDate}}
		if got := template.Latest(d, ended, func(catalogue.Period) bool { return false }, at.Year()).String(); got != want {
			t.Errorf("the latest %s: %s, want %s", kind, got, want)
		}
		toDate := func(p catalogue.Period) bool { return p.Kind == catalogue.YearToDate && p.Index > 1 }
		if got := template.Latest(d, ended, toDate, at.Year()).String(); got != "2021-YTD12" {
			t.Errorf("the latest that is owed: %s, want 2021-YTD12", got)
		}
	}
}
