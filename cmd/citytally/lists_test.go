package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/sample"
)

// listsGoAllTheWay sends, to a running program, a district's figure and then its list, which
// give the same total; and the list of a neighbour that claims two of the same enterprises,
// which count once. The roster is in ClickHouse and in explain, a rebuilt ClickHouse has the
// same. One that is taken off counts for the neighbour, and goes on to when it is listed anew.
func listsGoAllTheWay(t *testing.T, dir string) {
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	part := func(area, want string) {
		t.Helper()
		if out := must(t, "explain", "hnte_valid", "--period", "2021", "--area", area, "--dir", dir, "--lang", "en"); !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
	total := func() string {
		var told struct{ Value string }
		if err := json.Unmarshal([]byte(must(t, "explain", "hnte_valid", "--period", "2021", "--dir", dir, "--format", "json")), &told); err != nil {
			t.Fatal(err)
		}
		return told.Value
	}
	send := func(area, dataset, path string, code int, want ...string) {
		t.Helper()
		if got, stdout, stderr := citytally(t, "submit", "--dir", dir, "--lang", "en", "--area", area, "--dataset", dataset, path); got != code || !containsAll(stdout+stderr, want...) {
			t.Errorf("exit code %d, want %d and %q\n%s%s", got, code, want, stdout, stderr)
		}
	}
	send("320831", "sti-annual", file("figure.csv", "indicator,period,value,stage\nhnte_valid,2021,60,estimate\n"), 0)
	part("320831", "60")
	before := total()
	send("320831", "hnte-list", file("list.csv", string(sample.List())), 0, "60 of 60 rows", "a list, one entity in each row")
	part("320831", "60 on the list, 60 valid at the period's end, 60 count for the area")
	if after := total(); after != before {
		t.Errorf("the total is %s with the figure and %s with the list", before, after)
	}

	rows := strings.SplitAfter(string(sample.List()), "\n")
	neighbour := file("neighbour.csv", rows[0]+rows[1]+rows[2]+"91350100M000100Y43,示例,2021,,2021-06-30,estimate,\n"+"91350100M000100Y44,示例,2021,,,estimate,\n")
	send("320830", "hnte-list", neighbour, 4, "3 of 4 rows", "counts it once", "is not valid on", "the last is to be 3")
	part("320830", "3 on the list, 2 valid at the period's end, 0 count for the area")
	part("320831", "and counts for Jinhu County")
	const roster = "SELECT area, count() AS listed, countIf(valid) AS valid, countIf(counts) AS counted, countIf(length(claimed_by) > 1) AS claimed FROM entities GROUP BY area ORDER BY area"
	want := "area,listed,valid,counted,claimed\n320830,3,2,0,2\n320831,60,60,60,2\n"
	eventually(t, "the roster is in ClickHouse", func() bool { return must(t, "sql", "--dir", dir, "--format", "csv", roster) == want })
	must(t, "replay", "--into", "clickhouse", "--dir", dir)
	if got := must(t, "sql", "--dir", dir, "--format", "csv", roster); got != want {
		t.Errorf("after a replay: %s", got)
	}
	code, _, _ := strings.Cut(rows[1], ",")
	send("320831", "hnte-list", file("off.csv", "统一社会信用代码,报告期,操作\n"+code+",2021,D\n"), 0)
	part("320831", "59 on the list, 59 valid at the period's end, 59 count for the area")
	part("320830", "3 on the list, 2 valid at the period's end, 1 count for the area")
	send("320831", "hnte-list", file("list.csv", string(sample.List())), 0, "counts it once")
	part("320831", "60 on the list, 60 valid at the period's end, 59 count for the area")
	eventually(t, "ClickHouse has the same total", func() bool {
		return must(t, "sql", "--dir", dir, "--format", "csv", "SELECT value FROM totals_latest WHERE indicator = 'hnte_valid' AND period = '2021'") == "value\n"+total()+"\n"
	})
}
