package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file in an area's folder is sent once, and ends in done with its verdict in two languages,
// although the program is killed as soon as it has taken the file.
func TestDropFolder(t *testing.T) {
	dir, folders := t.TempDir(), t.TempDir()
	own := filepath.Join(folders, "320812", "sti-annual")
	if err := os.MkdirAll(own, 0o770); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CITYTALLY_DROP_DIR", folders)
	t.Setenv("CITYTALLY_DROP_EVERY", "100ms")
	t.Setenv("CITYTALLY_DROP_SETTLE", "100ms")
	text, err := os.ReadFile(filepath.Join(root, "configs", "sample", "2021", "320812.csv"))
	if err != nil {
		t.Fatal(err)
	}
	p := startRun(t, dir)
	file := filepath.Join(own, "年报.csv")
	if err := os.WriteFile(file, text, 0o660); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file is taken", func() bool { _, err := os.Stat(file); return os.IsNotExist(err) })
	p.stop(t, syscall.SIGKILL)
	startRun(t, dir)
	var verdicts []string
	eventually(t, "the file is done", func() bool {
		verdicts, err = filepath.Glob(filepath.Join(own, "done", "年报.*.verdict.txt"))
		return err == nil && len(verdicts) > 0
	})
	told, err := os.ReadFile(verdicts[0])
	if err != nil || !strings.Contains(string(told), "采用 40 行，共 40 行") || !strings.Contains(string(told), "40 of 40 rows") || strings.Contains(string(told), "repeated") {
		t.Errorf("verdict: %s, %v", told, err)
	}
	url := "http://127.0.0.1:1/figures.csv"
	t.Setenv("CITYTALLY_PULL_SOURCES", `[{name: huaiyin, url: "`+url+`", area: "320804", cron: "@yearly"}]`)
	if list := must(t, "pull", "list", "--dir", dir); !strings.Contains(list, url) || !strings.Contains(list, "@yearly") {
		t.Errorf("sources: %s", list)
	}
	if code, _, stderr := citytally(t, "pull", "run", "nobody", "--dir", dir); code != exitUsage || !strings.Contains(stderr, "no source") {
		t.Errorf("a source that is not there: %d, %s", code, stderr)
	}
	if code, _, stderr := citytally(t, "pull", "run", "huaiyin", "--wait", "300ms", "--dir", dir); code != exitAbsent || !strings.Contains(stderr, "collect") {
		t.Errorf("a source that no process fetches: %d, %s", code, stderr)
	}
	id := strings.TrimSpace(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT id FROM submissions"))
	id = id[strings.LastIndexAny(id, "\n\r")+1:]
	if original := must(t, "original", "--dir", dir, "--area", "320812", id); original != string(text) {
		t.Errorf("the original has %d bytes, want %d", len(original), len(text))
	}
	if status := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT count(), any(via), any(by) FROM submissions"); !strings.Contains(status, "1,drop,320812") {
		t.Errorf("submissions: %s", status)
	}
}
