package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/citytally/citytally/"

// The import line: a package imports what stands before it, itself and what is
// below it. Packages in one place do not import each other. The servers in this
// process stand outside: only their hosts start them, and configs composes their
// settings.
var importLine = [][]string{
	{"configs/strict", "configs/hostport", "configs/credentials", "configs/tlsfiles", "configs/attempts", "configs/outbound", "configs/connections"},
	{"configs/httpguard"},
	{"configs/catalogue"},
	{"configs/calendar"},
	{"ingest/event"},
	{"ingest/stream"},
	{"ingest/edition", "ingest/backup"},
	{"ingest/token"},
	{"ingest/decode/charset", "ingest/decode/grid"},
	{"ingest/decode/foreign", "ingest/decode/divide", "ingest/decode/jsontext", "ingest/decode/wording"},
	{"ingest/decode"},
	{"ingest/inquiry", "ingest/template", "ingest/direct", "ingest/openapi"},
	{"ingest/page"},
	{"ingest"},
	{"ingest/client", "ingest/drop"},
	{"ingest/pull"},
	{"transform/ledger", "transform/rules", "transform/schedule"},
	{"transform/ledger/snapshot"},
	{"transform/tally"},
	{"transform/judge"},
	{"transform/reconcile", "transform/answer/published", "transform/answer/assess", "transform/answer/effect", "transform/answer", "transform/remind", "transform/closing"},
	{"transform/respond"},
	{"transform"},
	{"sink/resultset", "sink/coverage"},
	{"sink"},
	{"configs"},
	{"cmd/citytally/docs"},
	{"cmd/citytally/present"},
	{"cmd/citytally/access"},
	{"cmd/citytally/app"},
	{"cmd/citytally/client"},
	{"cmd/citytally/bench/load", "cmd/citytally/transfer"},
	{"cmd/citytally/demo", "cmd/citytally/bench"},
	{"cmd/citytally"},
}

var servers = []string{"ingest/natsd", "sink/chdb"}

// hosts are the packages that may import the servers.
var hosts = []string{"configs", "cmd/citytally/app", "cmd/citytally/demo", "cmd/citytally/bench", "cmd/citytally"}

// The import line of the embedded ClickHouse, read as the one above.
var engineLine = []string{
	"sink/chdb/procgroup", "sink/chdb/confine", "sink/chdb/libchdb", "sink/chdb/limits", "sink/chdb/exception", "sink/chdb/crowd", "sink/chdb/nativeformat", "sink/chdb/frame",
	"sink/chdb/judged", "sink/chdb/statement", "sink/chdb/engine", "sink/chdb/tables", "sink/chdb/httpinterface", "sink/chdb/nativeprotocol", "sink/chdb",
}

func TestImportLine(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	place := func(path string) int {
		return slices.IndexFunc(importLine, func(names []string) bool { return slices.Contains(names, path) })
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		from := strings.TrimPrefix(fields[0], module)
		seen[from] = true
		if strings.HasSuffix(from, "/internal/fixture") {
			continue // it serves tests, which may start a server
		}
		for _, imported := range fields[1:] {
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if a, b := slices.Index(engineLine, from), slices.Index(engineLine, to); a >= 0 && b >= 0 && b >= a {
				t.Errorf("%s imports %s, which comes after it in the line %s", from, to, strings.Join(engineLine, " ← "))
			}
			if strings.HasPrefix(to, from+"/") {
				continue
			}
			if server := serverOf(to); server != "" {
				if !slices.Contains(hosts, from) && serverOf(from) != server {
					t.Errorf("%s imports %s: only %s may", from, to, strings.Join(hosts, ", "))
				}
				continue
			}
			if a, b := place(from), place(to); a >= 0 && b >= 0 && b >= a {
				t.Errorf("%s imports %s, which does not come before it in the line %v", from, to, importLine)
			}
			if serverOf(from) != "" && to != "configs/hostport" && to != "configs/httpguard" && to != "configs/tlsfiles" && to != "configs/attempts" && to != "configs/connections" {
				t.Errorf("%s imports %s: a server knows nothing of the pipeline", from, to)
			}
		}
	}
	for _, name := range append(slices.Concat(importLine...), engineLine...) {
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
