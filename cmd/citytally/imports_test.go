package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/citytally/citytally/"

// The import line: a package imports what stands before it, itself and what is
// below it. The servers in this process stand outside: only cmd starts them,
// and configs composes their settings.
var importLine = []string{"configs/strict", "configs/catalogue", "ingest/event", "ingest/stream", "ingest/decode", "ingest", "transform/audit", "transform/assess", "transform", "sink", "configs", "cmd/citytally"}

var servers = []string{"ingest/natsd", "sink/chdb"}

// The import line of the embedded ClickHouse, read as the one above.
var engineLine = []string{
	"sink/chdb/procgroup", "sink/chdb/libchdb", "sink/chdb/limits", "sink/chdb/exception", "sink/chdb/nativeformat", "sink/chdb/frame",
	"sink/chdb/statement", "sink/chdb/engine", "sink/chdb/tables", "sink/chdb/httpinterface", "sink/chdb/nativeprotocol", "sink/chdb",
}

func TestImportLine(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		from := strings.TrimPrefix(fields[0], module)
		seen[from] = true
		for _, imported := range fields[1:] {
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			for _, line := range [][]string{importLine, engineLine} {
				if a, b := slices.Index(line, from), slices.Index(line, to); a >= 0 && b >= 0 && b >= a {
					t.Errorf("%s imports %s, which comes after it in the line %s", from, to, strings.Join(line, " ← "))
				}
			}
			if strings.HasPrefix(to, from+"/") {
				continue
			}
			if server := serverOf(to); server != "" {
				if from != "cmd/citytally" && from != "configs" && serverOf(from) != server {
					t.Errorf("%s imports %s: only cmd/citytally and configs may", from, to)
				}
				continue
			}
			if serverOf(from) != "" {
				t.Errorf("%s imports %s: a server knows nothing of the pipeline", from, to)
			}
		}
	}
	for _, name := range slices.Concat(importLine, engineLine) {
		if !seen[name] {
			t.Errorf("the line names %s, which is no package", name)
		}
	}
}

func serverOf(path string) string {
	for _, s := range servers {
		if path == s || strings.HasPrefix(path, s+"/") {
			return s
		}
	}
	return ""
}
