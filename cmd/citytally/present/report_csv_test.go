package present

import (
	"bytes"
	"encoding/csv"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/cmd/citytally/docs"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/tally"
)

// Programs read the columns of a report by their names and order.
func TestReportCSV(t *testing.T) {
	r := &Report{Period: "2021", Unreported: []tally.Unreported{{Indicator: "firms", Missing: []string{"101", "102"}}}, Totals: []sink.ReportRow{
		row(func(r *sink.ReportRow) {
			r.ComputedAt = time.Date(2022, 2, 1, 9, 0, 0, 7_000_000, time.FixedZone("", 8*3600))
		}),
		row(func(r *sink.ReportRow) {
			r.Indicator, r.Unit, r.Value, r.ChangeKind, r.Change = "share", "%", "1.802430243024", "point", "-0.06"
			r.Stage, r.Qualifier = "estimate", "below"
		}),
		row(func(r *sink.ReportRow) {
			r.Indicator, r.Value, r.Change, r.ChangeKind, r.ChangeReason = "firms", "", "", "", "BASE_MISSING"
			r.Unit, r.Coverage = "家", sink.Coverage{Expected: 2, Missing: []string{"101", "102"}}
		}),
		row(func(r *sink.ReportRow) { r.Indicator = "no_longer_in_the_catalogue" }),
	}}
	var got bytes.Buffer
	if err := printer(t, Chinese).Report(&got, r, FormatCSV); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.csv"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the CSV differs (-want +got):\n%s", diff)
	}

	header, err := csv.NewReader(&got).Read()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(documentedColumns(t), header); diff != "" {
		t.Errorf("the columns are not those of publishing.md (-documented +got):\n%s", diff)
	}
}

// documentedColumns returns the columns of the CSV that publishing.md lists, in order.
func documentedColumns(t *testing.T) (columns []string) {
	t.Helper()
	page, err := docs.Page("publishing")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(page, "| column | what it says |\n|---|---|\n")
	rows, _, _ := strings.Cut(rest, "\n\n")
	for line := range strings.Lines(rows) {
		first := strings.Split(line, "|")[1]
		for _, m := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(first, -1) {
			columns = append(columns, m[1])
		}
	}
	return columns
}
