package ingest_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/token"
)

// A form is got, filled in and sent back as it is; it has the figures of the year before, and
// the figure in force where there is one.
func TestTemplate(t *testing.T) {
	h := open(t)
	h.transform()
	h.accepted("320812", `{"area":"320812","dataset":"sti-annual","observations":[{"indicator":"hnte_valid","period":"2020","value":"近87"}]}`)

	a := h.do("GET", "/v1/templates/sti-annual?period=2021", "320812", nil, "")
	if a.status != http.StatusOK || !strings.HasSuffix(a.header.Get("Content-Type"), "spreadsheetml.sheet") || a.header.Get("Content-Disposition") != `attachment; filename="sti-annual-320812-2021.xlsx"` {
		t.Fatalf("want a workbook, got %d %v %.200s", a.status, a.header, a.body)
	}
	book, err := excelize.OpenReader(bytes.NewReader(a.body))
	check(t, err)
	defer func() { check(t, book.Close()) }()
	sheet := book.GetSheetName(0)
	if got, err := book.GetCellValue(sheet, "M5"); err != nil || got != "近87 年报" {
		t.Errorf("beside the cell: %q, %v", got, err)
	}
	check(t, book.SetCellValue(sheet, "H5", 120))
	var filled bytes.Buffer
	check(t, book.Write(&filled))
	r := h.accepted("320812", filled.String())
	if r.Area != "320812" || r.Dataset != "sti-annual" || r.Verdict.CountOf(event.New) != 1 {
		t.Errorf("want the figure taken, got %+v", r.Verdict)
	}

	csv := h.do("GET", "/v1/templates/sti-annual?period=2021&format=csv&lang=en&area=320812", "320812", nil, "")
	if csv.status != http.StatusOK || !strings.Contains(string(csv.body), ",120 final") || !strings.Contains(string(csv.body), "below 87 final") {
		t.Errorf("want the figure in force in the form, got %d %s", csv.status, csv.body)
	}
	if latest := h.do("GET", "/v1/templates/sti-annual?format=csv", "320812", nil, ""); latest.status != http.StatusOK || !strings.Contains(latest.header.Get("Content-Disposition"), "sti-annual-320812-20") {
		t.Errorf("without a period: %d %v", latest.status, latest.header)
	}
	for path, status := range map[string]int{
		"sti-annual?area=320804":                 http.StatusForbidden,
		"sti-annual?area=1":                      http.StatusUnprocessableEntity,
		"sti-anual":                              http.StatusNotFound,
		"sti-annual?period=2021-Q1":              http.StatusUnprocessableEntity,
		"sti-annual?period=x":                    http.StatusUnprocessableEntity,
		"sti-annual?format=pdf":                  http.StatusBadRequest,
		"sti-annual?format=csv&lang=fr":          http.StatusBadRequest,
		"sti-annual?format=csv&dataset=anything": http.StatusBadRequest,
	} {
		if a := h.do("GET", "/v1/templates/"+path, "320812", nil, ""); a.status != status || a.problem(t).DetailZH == "" {
			t.Errorf("%s: want %d, got %d %s", path, status, a.status, a.body)
		}
	}
}

// accepted sends an upload, which has to be accepted whole.
func (h *house) accepted(area, body string) (r ingest.Receipt) {
	h.t.Helper()
	a := h.do("POST", "/v1/submissions", area, map[string]string{"Prefer": "wait=30"}, body)
	if r = a.receipt(h.t); r.Verdict == nil || r.Verdict.Outcome != event.AllAccepted {
		h.t.Fatalf("want it accepted, got %d %s", a.status, a.body)
	}
	return r
}

// The verdict comes back as a workbook with each finding on the cell that it is about.
func TestVerdictAsWorkbook(t *testing.T) {
	h := open(t)
	pending := h.post("320804", figure("320804", "1")).receipt(t)
	if a := h.do("GET", "/v1/submissions/"+pending.ID+"?format=xlsx", "320804", nil, ""); a.status != http.StatusConflict || a.header.Get("Retry-After") == "" {
		t.Errorf("before it is judged: %d %s", a.status, a.body)
	}
	h.transform()
	r := h.do("POST", "/v1/submissions?dataset=sti-annual", "320812", map[string]string{"Prefer": "wait=30"},
		"区县表,,\n指标,报告期,数值\nhnte_valid,2021,120\nhnte_valid,2020,12O\n").receipt(t)
	if r.Verdict == nil || len(r.Verdict.Findings) != 1 || r.Verdict.Findings[0].Cell != "C4" {
		t.Fatalf("want a finding on C4, got %+v", r.Verdict)
	}
	a := h.do("GET", "/v1/submissions/"+r.ID+"?format=xlsx&lang=en", "320812", nil, "")
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	book, err := excelize.OpenReader(bytes.NewReader(a.body))
	check(t, err)
	defer func() { check(t, book.Close()) }()
	sheet := book.GetSheetName(0)
	for cell, want := range map[string]string{"A1": "区县表", "A2": "指标", "A3": "hnte_valid", "C3": "120", "B4": "2020", "C4": "12O"} {
		if got, err := book.GetCellValue(sheet, cell); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", cell, got, want, err)
		}
	}
	comments, err := book.GetComments(sheet)
	check(t, err)
	if len(comments) != 1 || comments[0].Cell != "C4" || !strings.Contains(comments[0].Text, r.Verdict.Findings[0].MessageEN) {
		t.Errorf("comments: %+v", comments)
	}
	if style, err := book.GetCellStyle(sheet, "C4"); err != nil || style == 0 {
		t.Errorf("C4 is not coloured: %v", err)
	}
	// A workbook comes back as it was, names, units, formats and all.
	sent := excelize.NewFile()
	check(t, sent.SetSheetName("Sheet1", "季报"))
	for cell, value := range map[string]any{"A1": "区县表", "A2": "指标", "B2": "单位", "C2": "2021年", "D2": "说明栏", "A3": "hnte_valid", "B3": "家", "C3": "12O", "D3": "见附件"} {
		check(t, sent.SetCellValue("季报", cell, value))
	}
	format, err := sent.NewStyle(&excelize.Style{NumFmt: 4})
	check(t, err)
	check(t, sent.SetCellStyle("季报", "C3", "C3", format))
	check(t, sent.SetColWidth("季报", "A", "A", 33))
	var content bytes.Buffer
	check(t, sent.Write(&content))
	as := h.do("POST", "/v1/submissions?dataset=sti-annual", "320812", map[string]string{"Prefer": "wait=30"}, content.String()).receipt(t)
	marked, err := excelize.OpenReader(bytes.NewReader(h.do("GET", "/v1/submissions/"+as.ID+"?format=xlsx", "320812", nil, "").body))
	check(t, err)
	defer func() { check(t, marked.Close()) }()
	for cell, want := range map[string]string{"A1": "区县表", "A2": "指标", "A3": "hnte_valid", "B3": "家", "C3": "12O", "D3": "见附件"} {
		if got, err := marked.GetCellValue("季报", cell); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", cell, got, want, err)
		}
	}
	if comments, err := marked.GetComments("季报"); err != nil || len(comments) != 1 || comments[0].Cell != "C3" {
		t.Errorf("comments: %+v, %v", comments, err)
	}
	id, err := marked.GetCellStyle("季报", "C3")
	check(t, err)
	if style, err := marked.GetStyle(id); err != nil || style.NumFmt != 4 || len(style.Fill.Color) != 1 {
		t.Errorf("C3: %+v, %v", style, err)
	}
	// Who may not have the file does not have it this way either.
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(t, err)
	analyst, _, err := token.Create(t.Context(), h.log, cat, token.Holder{Name: "n", Role: token.Analyst, Area: "320812"},
		event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}, time.Now())
	check(t, err)
	var figures answer
	h.eventually("the analyst's token is known", func() bool {
		figures = h.do("GET", "/v1/submissions/"+as.ID+"?format=xlsx", "", map[string]string{"Authorization": "Bearer " + analyst}, "")
		return figures.status == http.StatusOK
	})
	plain, err := excelize.OpenReader(bytes.NewReader(figures.body))
	check(t, err)
	defer func() { check(t, plain.Close()) }()
	if value, err := plain.GetCellValue("季报", "C3"); err != nil || value != "12O" {
		t.Errorf("an analyst reads %q in C3, %v", value, err)
	}
	if aside, err := plain.GetCellValue("季报", "D3"); err != nil || aside != "" {
		t.Errorf("an analyst reads %q of the original, %v", aside, err)
	}
	if width, err := marked.GetColWidth("季报", "A"); err != nil || width != 33 {
		t.Errorf("column A is %v wide, %v", width, err)
	}
	if got, err := book.GetCellValue("Verdict", "F3"); err != nil || got != r.Verdict.Findings[0].Code {
		t.Errorf("the list of findings: %q, %v", got, err)
	}
}
