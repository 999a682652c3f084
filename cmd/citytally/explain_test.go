package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/transform/answer"
)

// explained is a running pipeline on the small city of testdata/explain.
type explained struct {
	dir, settings string
	t             *testing.T
}

func startExplained(t *testing.T) *explained {
	t.Helper()
	catalogue, err := filepath.Abs("testdata/explain/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := &explained{dir: filepath.Join(t.TempDir(), "data"), settings: filepath.Join(t.TempDir(), "citytally.yaml"), t: t}
	if err := os.WriteFile(e.settings, fmt.Appendf(nil, "catalogue: %q\ntime_zone: Asia/Shanghai\n", catalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startRun(t, e.dir, "--config", e.settings)
	t.Cleanup(func() { p.stop(t, syscall.SIGTERM) })
	return e
}

// on adds the pipeline's settings and directory to a command line.
func (e *explained) on(args ...string) []string {
	return append(args, "--config", e.settings, "--dir", e.dir)
}

// submit sends rows of an area and waits until they are accepted.
func (e *explained) submit(area, rows string, extra ...string) {
	e.t.Helper()
	file := csvFile(e.t, "indicator,period,value,stage,qualifier,note\n"+rows)
	must(e.t, e.on(append([]string{"submit", file, "--area", area, "--dataset", "yearly"}, extra...)...)...)
}

func (e *explained) explain(args ...string) *answer.Explanation {
	e.t.Helper()
	x := &answer.Explanation{}
	decode(e.t, strings.NewReader(must(e.t, e.on(append([]string{"explain", "--format", "json"}, args...)...)...)), x)
	return x
}

// unstable matches the times, which differ from run to run.
var unstable = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} \+08:00`)

func (e *explained) golden(name string, args ...string) {
	e.t.Helper()
	got := unstable.ReplaceAllString(must(e.t, e.on(args...)...), "<time>")
	path := filepath.Join("testdata", "explain", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			e.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		e.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		e.t.Errorf("%s; go test -run Explain -update accepts it:\n%s", path, diff)
	}
}

// Totals are explained down to the row of a file, for now and for any time
// before; and a release stays what it was.
//
// Rules: as of.
func TestExplainReleaseAndAsOf(t *testing.T) {
	t.Parallel()
	e := startExplained(t)
	e.submit("101", "output,2020,100,final,,\nresearch,2020,2,final,,\noutput,2021,110,estimate,,first count\nresearch,2021,2.5,estimate,,\n")
	e.submit("103", "output,2020,50,final,,\nresearch,2020,1,final,,\n")
	e.submit("102", "output,2021,60,estimate,below,\nresearch,2021,1.25,estimate,,\n")
	e.submit("105", "output,2021,30,estimate,,\n")

	code, _, stderr := citytally(t, e.on("release", "create", "early", "--period", "2021", "--lang", "zh")...)
	if code != exitRefused || !strings.Contains(stderr, "产值  2/3，缺 开发区") || !strings.Contains(stderr, "--force") {
		t.Errorf("a release without the zone: exit code %d, %s", code, stderr)
	}
	e.golden("partial.en.txt", "explain", "output", "--period", "2021", "--lang", "en")

	e.submit("104", "output,2020,10,final,,\nresearch,2020,0.5,final,,\noutput,2021,12,estimate,,\nresearch,2021,0.6,estimate,,\n")
	before := e.explain("output", "--period", "2021")
	if before.Value != "182" || !before.Publishable || before.Have != 3 {
		t.Errorf("output = %+v", before.Level)
	}
	made := must(t, e.on("release", "create", "公报", "--period", "2021", "--note", "final count", "--lang", "en")...)
	if !strings.Contains(made, "released 公报: 3 city totals of 2021") {
		t.Errorf("release create says %q", made)
	}
	if again := must(t, e.on("release", "create", "公报", "--period", "2021", "--note", "final count", "--lang", "en")...); !strings.Contains(again, "nothing changed") {
		t.Errorf("release create says %q the second time", again)
	}
	parts := before.Sums[0].Parts
	asOf := parts[len(parts)-1].ReceivedAt.Format(time.RFC3339Nano)

	e.submit("101", "output,2021,120,final,,recount\n", "--reason", "annual accounts")
	e.submit("103", "output,2020,55,final,,\n")
	if now := e.explain("output", "--period", "2021"); now.Value != "192" || len(now.Sums[0].Parts[0].Superseded) != 1 || now.Base.Value != "165" {
		t.Errorf("after the revision output = %+v of base %+v", now.Level, now.Base)
	}
	then := e.explain("output", "--period", "2021", "--as-of", asOf)
	ignored := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Received" }, cmp.Ignore())
	if diff := cmp.Diff(before, then, ignored); diff != "" || then.Received.IsZero() {
		t.Errorf("before the revision, as of then:\n%s", diff)
	}
	e.golden("ratio.zh.txt", "explain", "intensity", "--period", "2021", "--lang", "zh")
	e.golden("area.en.txt", "explain", "intensity", "--period", "2021", "--area", "101", "--lang", "en")
	e.golden("diff.en.txt", "release", "diff", "公报", "--lang", "en")

	// As of the moment and by the release the old figures are the same, and today's
	// figures are the same from the log and from ClickHouse.
	for what, args := range map[string][]string{
		"as of":   {"report", "--period", "2021", "--as-of", asOf},
		"release": {"report", "--release", "公报"},
		"show":    {"release", "show", "公报"},
	} {
		var r struct{ Totals []reportedTotal }
		decode(t, strings.NewReader(must(t, e.on(append(args, "--format", "json")...)...)), &r)
		if len(r.Totals) != 3 || r.Totals[0].Value != "182" || r.Totals[0].Qualifier != "below" || r.Totals[2].Indicator != "intensity" {
			t.Errorf("%s = %+v", what, r.Totals)
		}
	}
	eventually(t, "ClickHouse shows the revision", func() bool {
		return strings.Contains(must(t, e.on("report", "--period", "2021", "--format", "md", "--lang", "zh")...), "- 产值预计近192.0亿元，预计比上年增长约16.36%。")
	})
	stored, replayed := e.figures("report", "--period", "2021"), e.figures("report", "--period", "2021", "--as-of", "2999-01-01")
	if diff := cmp.Diff(stored, replayed); diff != "" {
		t.Errorf("ClickHouse, log:\n%s", diff)
	}

	page := must(t, e.on("report", "--release", "公报", "--format", "html", "--lang", "zh")...)
	for _, want := range []string{"<title>某市2021年主要指标</title>", "发布：公报 final count", "近182.0亿元", "2020: 160.0；2021: 近182.0（预计）"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var heads []present.ReleaseHead
	decode(t, strings.NewReader(must(t, e.on("release", "list", "--format", "json")...)), &heads)
	if len(heads) != 1 || heads[0].Name != "公报" || heads[0].Note != "final count" || heads[0].Totals != 3 {
		t.Errorf("releases = %+v", heads)
	}
	eventually(t, "ClickHouse shows the release as it was", func() bool {
		rows := must(t, e.on("sql", "--format", "csv", "SELECT value, by != '', by_role, absent FROM releases WHERE name = '公报' AND indicator = 'output'")...)
		return strings.Contains(rows, "\n182,") && strings.Contains(rows, ",operator,")
	})
	if rows := must(t, e.on("sql", "--format", "csv", "SELECT kind, length(catalogue), sequence FROM decisions")...); !strings.Contains(rows, "\nadopt,12,1\n") {
		t.Errorf("decisions:\n%s", rows)
	}
	code, _, stderr = citytally(t, e.on("release", "create", "公报", "--period", "2021")...)
	if code != exitRefused || !strings.Contains(stderr, "never changes") {
		t.Errorf("other figures under the name: exit code %d, %s", code, stderr)
	}
}

// figures are the exact figures of a report, without when and why they were
// computed.
func (e *explained) figures(args ...string) []map[string]any {
	e.t.Helper()
	var r struct{ Totals []map[string]any }
	if err := json.Unmarshal([]byte(must(e.t, e.on(append(args, "--format", "json")...)...)), &r); err != nil {
		e.t.Fatal(err)
	}
	for _, total := range r.Totals {
		delete(total, "computed_at")
		delete(total, "trigger")
		delete(total, "basis")
	}
	return r.Totals
}

func TestExplainUsage(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"explain", "gdp"}, exitUsage, "no period: citytally explain gdp --period 2021"},
		{[]string{"explain", "gdp", "--period", "2021"}, exitAbsent, "citytally run"},
		{[]string{"report", "--period", "2021", "--as-of", "2022-02-15"}, exitAbsent, "citytally run"},
		{[]string{"report", "--release", "a", "--period", "2021"}, exitUsage, "leave out"},
		{[]string{"release", "create", "a.b", "--period", "2021"}, exitUsage, "letters, digits"},
		{[]string{"release", "create", "a"}, exitUsage, "no period"},
	} {
		code, _, stderr := citytally(t, append(test.args, "--dir", dir)...)
		if code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("%v: exit code %d, %q; want %d, %q", test.args, code, stderr, test.code, test.says)
		}
	}
}
