package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// startSamples runs the pipeline on a directory with the samples of the demo.
func startSamples(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	must(t, append([]string{"demo", "--lang", "en"}, anyPorts(dir)...)...)
	p := startRun(t, dir)
	t.Cleanup(func() { p.stop(t, syscall.SIGTERM) })
	return dir
}

// vintages matches what differs from run to run: the basis and the catalogue's
// version.
var vintages = regexp.MustCompile(`(message |第 )\d+(, catalogue | 条采用记录，目录版本 )[0-9a-f]{12}`)

// goldenText compares what a command prints with testdata/audit.
func goldenText(t *testing.T, name, got string) {
	t.Helper()
	got = vintages.ReplaceAllString(got, "${1}N${2}VERSION")
	path := filepath.Join("testdata", "audit", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update writes it:\n%s", path, diff)
	}
}

// The samples' totals are audited against what was published, and the areas are
// scored by the sample card, now, in the past and by a release.
//
// Rules: scorecard.
func TestAuditAndAssess(t *testing.T) {
	t.Parallel()
	dir := startSamples(t)
	on := func(args ...string) []string { return append(args, "--dir", dir) }

	goldenText(t, "audit.en.txt", must(t, on("audit", "--period", "2021", "--lang", "en")...))
	goldenText(t, "audit-all.zh.txt", must(t, on("audit", "--period", "2021", "--lang", "zh", "--all")...))
	goldenText(t, "assess.en.txt", must(t, on("assess", "../../configs/sample/card.yaml", "--period", "2021", "--lang", "en")...))
	goldenText(t, "assess.zh.txt", must(t, on("assess", "../../configs/sample/card.yaml", "--period", "2021", "--lang", "zh")...))

	var audited struct {
		Compared, Explained, Unexplained int
		Comparisons, Findings            []map[string]any
	}
	decode(t, strings.NewReader(must(t, on("audit", "--period", "2021", "--format", "json")...)), &audited)
	if audited.Explained != 1 || audited.Unexplained != 0 || audited.Compared != len(audited.Comparisons) || len(audited.Findings) == 0 {
		t.Errorf("audit as JSON: %d compared, %d explained, %d unexplained, %d findings", audited.Compared, audited.Explained, audited.Unexplained, len(audited.Findings))
	}

	// Other published figures than these do not pass.
	control := filepath.Join(t.TempDir(), "control.csv")
	if err := os.WriteFile(control, []byte("id,value,qualifier\nhnte_valid,583,\ngdp,4000,above\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := citytally(t, on("audit", "--period", "2021", "--control", control, "--lang", "en")...)
	if code != exitDiffers || !strings.Contains(out, "1 agree, 0 explained, 1 unexplained") || !strings.Contains(out, "differs") {
		t.Errorf("exit code %d\n%s", code, out)
	}

	// Nothing had been received then.
	code, out, _ = citytally(t, on("audit", "--period", "2021", "--as-of", "2020-12-31", "--lang", "en")...)
	if code != exitDiffers || !strings.Contains(out, "0 agree") || !strings.Contains(out, "no total") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	out = must(t, on("assess", "../../configs/sample/card.yaml", "--period", "2021", "--as-of", "2020-12-31", "--lang", "en")...)
	if !strings.Contains(out, "by what had been received by 2020-12-31 23:59:59 +08:00") || !strings.Contains(out, "Without a rank, for figures are missing:\n  Huai'an District: R&D intensity,") {
		t.Errorf("assessment of what had not been received:\n%s", out)
	}

	// A release keeps its figures through a revision.
	must(t, on("release", "create", "early", "--period", "2021")...)
	before := assessed(t, on("assess", "../../configs/sample/card.yaml", "--period", "2021")...)
	revision := csvFile(t, "indicator,period,value,unit,stage\nhnte_valid,2021,53,家,final\n")
	must(t, on("submit", revision, "--area", "320826", "--dataset", "sti-annual", "--reason", "audit test")...)
	after := assessed(t, on("assess", "../../configs/sample/card.yaml", "--period", "2021")...)
	frozen := assessed(t, on("assess", "../../configs/sample/card.yaml", "--release", "early")...)
	if before["320826"] == after["320826"] || before["320871"] != after["320871"] {
		t.Errorf("a revision of 320826 led from %v to %v", before, after)
	}
	if diff := cmp.Diff(before, frozen); diff != "" {
		t.Errorf("by the release:\n%s", diff)
	}
	must(t, on("audit", "--release", "early", "--lang", "en")...)
}

// assessed runs an assessment and returns the sum of each area.
func assessed(t *testing.T, args ...string) map[string]string {
	t.Helper()
	var a struct {
		Areas []struct{ Area, Score string }
	}
	decode(t, strings.NewReader(must(t, append(args, "--format", "json")...)), &a)
	scores := map[string]string{}
	for _, area := range a.Areas {
		scores[area.Area] = area.Score
	}
	if len(scores) != 8 {
		t.Fatalf("want 8 areas, got %v", scores)
	}
	return scores
}

// What is wrong with a control file or a scorecard is told in full before anything
// is looked up.
func TestAuditAndAssessUsage(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"audit"}, exitUsage, "no period: citytally audit --period 2021"},
		{[]string{"audit", "--period", "2021", "--release", "r"}, exitUsage, "leave out --period"},
		{[]string{"audit", "--period", "2021", "--format", "csv"}, exitUsage, "--format: want table, json"},
		{[]string{"audit", "--period", "2021"}, exitAbsent, "nothing runs here"},
		{[]string{"assess"}, exitUsage, "see citytally assess --help"},
		{[]string{"assess", "card.yaml"}, exitUsage, "no period: citytally assess card.yaml --period 2021"},
		{[]string{"assess", "card.yaml", "--period", "2021-13"}, exitUsage, "is not a period"},
		{[]string{"assess", "../../configs/sample/card.yaml", "--period", "2021"}, exitAbsent, "nothing runs here"},
	} {
		code, _, stderr := citytally(t, append(test.args, "--dir", dir)...)
		if code != test.code || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: exit code %d, %q; want %d and %q", test.args, code, stderr, test.code, test.want)
		}
	}
}
