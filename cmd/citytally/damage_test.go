package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/citytally/citytally/cmd/citytally/present"
)

// A part of ClickHouse that is damaged while everything runs makes the log not ready within one
// comparison, and is put aside and filled in again by either cure.
func TestDamageOfARunningClickHouseIsHealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer func() { p.stop(t, syscall.SIGTERM) }()
	push(t, dir, "320812", 100)
	push(t, dir, "320804", 11)
	const figures, verdicts = "SELECT area, value FROM observations ORDER BY area", "SELECT id, outcome FROM submissions ORDER BY id"
	for _, cure := range [][]string{{"recompute"}, {"replay", "--into", "clickhouse"}} {
		ready(t, dir)
		settled(t, attach(t, dir))
		whole := must(t, "sql", "--dir", dir, "--format", "csv", figures) + must(t, "sql", "--dir", dir, "--format", "csv", verdicts)
		damageTable(t, dir, "submissions_data")
		damageTable(t, dir, "observations_data")
		if why := diverged(t, dir); !strings.Contains(why, "cannot read what it has stored") || !strings.Contains(why, "citytally recompute") {
			t.Errorf("told %q", why)
		}
		if out := must(t, "status", "--dir", dir); !strings.Contains(out, "NOT READY: log") || strings.Contains(out, "balanced: yes") {
			t.Errorf("status:\n%s", out)
		}
		citytally(t, append(cure, "--dir", dir)...) // the damage is a run's problem also where it has been healed
		ready(t, dir)
		settled(t, attach(t, dir))
		if got := must(t, "sql", "--dir", dir, "--format", "csv", figures) + must(t, "sql", "--dir", dir, "--format", "csv", verdicts); got != whole {
			t.Errorf("%s: before\n%safter\n%s", cure, whole, got)
		}
		if out := must(t, "status", "--dir", dir); !strings.Contains(out, "balanced: yes") {
			t.Errorf("%s: the books do not balance:\n%s", cure, out)
		}
	}
}

// damageTable cuts off the data of every part of a table of the embedded ClickHouse.
func damageTable(t testing.TB, dir, table string) {
	t.Helper()
	paths := strings.Fields(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT path FROM system.parts WHERE active AND database = 'citytally' AND table = '"+table+"'"))
	for _, path := range paths[1:] {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, "clickhouse", path)
		}
		files, err := filepath.Glob(filepath.Join(path, "*.bin"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %q, %v", path, files, err)
		}
		for _, file := range files {
			if err := os.Truncate(file, 10); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A table that is dropped and a column that is altered while everything runs are told within seconds as
// what they are, nothing else is told instead, and a program that starts on them runs and tells them too.
// New tables filled from the log mend both.
func TestDroppedAndAlteredTablesAreTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer func() { p.stop(t, syscall.SIGTERM) }()
	push(t, dir, "320812", 100)
	settled(t, attach(t, dir))
	must(t, "sql", "--dir", dir, "--write", "DROP TABLE observations_data SYNC")
	must(t, "sql", "--dir", dir, "--write", "ALTER TABLE totals_data MODIFY COLUMN expected Int64")
	told := func(part string) {
		t.Helper()
		var why present.Part
		var parts map[string]present.Part
		eventually(t, "it is told", func() bool {
			_, parts = readiness(t, dir)
			why = parts[part]
			return why.Why != ""
		})
		for _, want := range []string{"lacks observations_data", "totals_data.expected as Int64, want UInt32", "citytally replay --into clickhouse"} {
			if !strings.Contains(why.Why, want) {
				t.Errorf("%q is not in %q", want, why.Why)
			}
		}
		if !strings.Contains(why.WhyZH, "缺少表 observations_data") {
			t.Errorf("in Chinese: %q", why.WhyZH)
		}
		if log := parts["log"].Why; log != "" {
			t.Errorf("told of the streams: %q", log)
		}
		if out := must(t, "status", "--dir", dir, "--lang", "zh"); !strings.Contains(out, "缺少表 observations_data") {
			t.Errorf("status:\n%s", out)
		}
	}
	told("sink")
	p.stop(t, syscall.SIGTERM)
	p = startRun(t, dir)
	told("schema")
	must(t, "replay", "--into", "clickhouse", "--dir", dir)
	ready(t, dir)
	settled(t, attach(t, dir))
	if got := reported(t, dir, "2021")["gdp"]; got.Value != "100" {
		t.Errorf("gdp is %s", got.Value)
	}
}

// Files of a stream that are removed while everything runs are told within one comparison, although nothing
// comes in. Nothing is taken in then, for what is acknowledged would be gone at the stop. The next start
// tells what is missing.
func TestRemovedFilesAreTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer func() { p.stop(t, syscall.SIGTERM) }()
	push(t, dir, "320812", 100)
	ready(t, dir)
	settled(t, attach(t, dir))
	removeStream(t, dir, "SUBMISSIONS")
	if why := diverged(t, dir); !strings.Contains(why, "files of stream SUBMISSIONS were removed while the broker runs") || !strings.Contains(why, "citytally backup") {
		t.Errorf("told %q", why)
	}
	if out := must(t, "status", "--dir", dir, "--lang", "zh"); !strings.Contains(out, "流 SUBMISSIONS 的文件在消息服务器运行期间被移走") {
		t.Errorf("status:\n%s", out)
	}
	file := csvFile(t, "indicator,period,value\ngdp,2021,7\n")
	if code, _, stderr := citytally(t, "submit", "--dir", dir, "--wait", "0", "--area", "320804", "--dataset", "sti-annual", file); code == 0 || !strings.Contains(stderr, "nothing was stored") {
		t.Errorf("a submission meanwhile: exit code %d, %s", code, stderr)
	}
	p.stop(t, syscall.SIGTERM)
	p = startRun(t, dir)
	if why := diverged(t, dir); !strings.Contains(why, "SUBMISSIONS was lost and created anew") {
		t.Errorf("after the start: %q", why)
	}
	must(t, "replay", "--from", "submissions", "--dir", dir)
	ready(t, dir)
	push(t, dir, "320804", 11)
	settled(t, attach(t, dir))
	if got := reported(t, dir, "2021")["gdp"]; got.Value != "111" {
		t.Errorf("gdp is %s", got.Value)
	}
}
