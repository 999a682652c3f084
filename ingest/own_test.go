package ingest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/inquiry"
)

// into asks for a path, which has to be answered with JSON.
// listed returns an area's list of submissions in words: place, file, status, and whether it is a
// repetition.
func (h *house) listed(area string) string {
	h.t.Helper()
	var page ingest.Submissions
	h.into("/v1/submissions", area, &page)
	var all []string
	for _, r := range page.Submissions {
		all = append(all, fmt.Sprintf("%d %s %s %t", r.Sequence, r.File, r.Status, r.Repeated))
	}
	return strings.Join(all, ", ")
}

func (h *house) into(path, area string, into any) {
	h.t.Helper()
	a := h.do("GET", path, area, nil, "")
	if a.status != http.StatusOK {
		h.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	check(h.t, json.Unmarshal(a.body, into))
}

// An area looks up its figures in force, each one's history and the city's totals with its own
// parts, and nothing of other areas.
func TestOwnFigures(t *testing.T) {
	h := open(t)
	h.transform()
	first := h.accepted("320812", figure("320812", "120"))
	second := h.accepted("320812", figure("320812", "近130"))
	h.accepted("320804", figure("320804", "7"))

	var figures inquiry.Figures
	h.into("/v1/figures?period=2021,2020&dataset=sti-annual", "320812", &figures)
	if len(figures.Figures) != 1 || figures.Figures[0].Value != "130" || figures.Figures[0].Qualifier != "below" || figures.Figures[0].Submission != second.ID || figures.Basis == 0 {
		t.Errorf("figures in force: %+v", figures)
	}
	var history inquiry.History
	h.into("/v1/figures/hnte_valid/2021", "320812", &history)
	if len(history.Vintages) != 2 || history.Vintages[0].Submission != second.ID || history.Vintages[1].Submission != first.ID || history.Vintages[1].Value != "120" || history.Vintages[0].Raw != "近130" {
		t.Errorf("history: %+v", history)
	}
	var totals inquiry.Totals
	h.into("/v1/totals?period=2021", "320812", &totals)
	if len(totals.Totals) != 1 || totals.Totals[0].Value != "137" || totals.Totals[0].Have != 2 || len(totals.Totals[0].Parts) != 1 || totals.Totals[0].Parts[0].Area != "320812" {
		t.Errorf("totals: %+v", totals)
	}
	var every inquiry.Totals
	if h.into("/v1/totals?period=2021", "*", &every); len(every.Totals[0].Parts) != 2 {
		t.Errorf("totals for the bureau: %+v", every)
	}
	for path, status := range map[string]int{
		"/v1/figures?period=2021&area=320804":                         http.StatusForbidden,
		"/v1/figures/hnte_valid/2021?area=320804":                     http.StatusForbidden,
		"/v1/submissions?area=320804":                                 http.StatusForbidden,
		"/v1/figures":                                                 http.StatusUnprocessableEntity,
		"/v1/figures?period=2021&dataset=x":                           http.StatusUnprocessableEntity,
		"/v1/figures/hnte_vaild/2021":                                 http.StatusUnprocessableEntity,
		"/v1/figures/hnte_valid/never":                                http.StatusUnprocessableEntity,
		"/v1/totals":                                                  http.StatusUnprocessableEntity,
		"/v1/submissions?limit=0":                                     http.StatusBadRequest,
		"/v1/submissions?limit=101":                                   http.StatusBadRequest,
		"/v1/figures?period=" + strings.Repeat("2021,", 100) + "2021": http.StatusBadRequest,
	} {
		if a := h.do("GET", path, "320812", nil, ""); a.status != status || a.problem(t).DetailZH == "" {
			t.Errorf("%s: want %d, got %d %s", path, status, a.status, a.body)
		}
	}
}

// The list of submissions goes from page to page, each once, and takes filters.
func TestListOfSubmissions(t *testing.T) {
	h := open(t)
	h.judge()
	var want []string
	for i := range 7 {
		r := h.do("POST", "/v1/submissions", "320812", map[string]string{"Prefer": "wait=30"}, figure("320812", fmt.Sprint(map[bool]int{true: -1 - i, false: i}[i == 3]))).receipt(t)
		want = append([]string{r.ID}, want...)
	}
	h.post("320804", figure("320804", "1"))
	var got []string
	for path, pages := "/v1/submissions?limit=3", 0; path != ""; pages++ {
		var page ingest.Submissions
		h.into(path, "320812", &page)
		for _, r := range page.Submissions {
			got = append(got, r.ID)
		}
		if path = page.Next; pages > 4 {
			t.Fatal("the pages do not end")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	for query, n := range map[string]int{"status=rejected": 1, "status=accepted": 6, "dataset=sti-annual": 7, "status=received": 0} {
		var page ingest.Submissions
		if h.into("/v1/submissions?"+query, "320812", &page); len(page.Submissions) != n || page.Next != "" {
			t.Errorf("%s: %d submissions, want %d: %+v", query, len(page.Submissions), n, page)
		}
	}
}
