package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestBenchMeasuresEverything(t *testing.T) {
	// The idle process is one of the program's own.
	t.Setenv(actAsProgram, "1")
	dir := t.TempDir()
	text := must(t, "bench", "--dir", dir, "--figures", "6000", "--http-figures", "600", "--rate", "20", "--duration", "1s", "--settle", "1s", "--idle", "1s", "--format", "json")
	var result map[string]any
	decode(t, strings.NewReader(text), &result)
	for _, key := range []string{
		"direct_insert_rows_per_s", "publish_figures_per_s", "pipeline_figures_per_s", "pipeline_to_direct", "http_figures_per_s",
		"latency_p50_ms", "latency_p99_ms", "recompute_cells_per_s", "ready_ms",
	} {
		if value, ok := result[key].(float64); !ok || value <= 0 {
			t.Errorf("%s: want a positive number, got %v", key, result[key])
		}
	}
	tenths, _ := result["pipeline_tenths_figures_per_s"].([]any)
	if len(tenths) != paceParts {
		t.Errorf("pipeline_tenths_figures_per_s: want %d rates, got %v", paceParts, tenths)
	}
	sizes, ok := result["sizes"].(map[string]any)
	if !ok || sizes["figures"] != 6000.0 || sizes["http_figures"] != 600.0 {
		t.Errorf("sizes: got %v", result["sizes"])
	}
	for _, key := range []string{"rss_mb", "machine", "versions", "settings"} {
		if part, ok := result[key].(map[string]any); !ok || len(part) == 0 {
			t.Errorf("%s: got %v", key, result[key])
		}
	}
}

func TestPaceIsThatOfEachPart(t *testing.T) {
	arrivals := []arrival{{}, {0, 1 * time.Second}, {40, 2 * time.Second}, {40, 3 * time.Second}, {100, 4 * time.Second}}
	// A quarter has arrived after 1.625 s, a half after 3.167 s.
	want := []float64{25 / 1.625, 25 / (3 + 1./6 - 1.625), 60, 60}
	if diff := cmp.Diff(want, pace(arrivals, 4), cmpopts.EquateApprox(1e-6, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestBenchRefusesSizesItCannotMeasure(t *testing.T) {
	for _, args := range [][]string{
		{"--figures", "59"}, {"--http-figures", "1"}, {"--rate", "0"}, {"--duration", "10ms"}, {"--settle", "0s"}, {"--idle", "0s"}, {"--format", "xml"},
	} {
		if code, _, stderr := citytally(t, append([]string{"bench"}, args...)...); code != exitUsage || !strings.Contains(stderr, args[0]) {
			t.Errorf("bench %v: exit code %d, %q; want %d and a word on %s", args, code, stderr, exitUsage, args[0])
		}
	}
}

func TestBenchTable(t *testing.T) {
	var out strings.Builder
	r := &benchResult{Direct: 500_000, Pipeline: 200_000, ToDirect: 0.4, Pace: make([]float64, paceParts), Memory: map[string]float64{"idle": 100}, Sizes: benchSizes{Figures: 60, Rate: 50}}
	if err := r.print(&out, "table"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"500000", "200000", "0.40", "at 50 submissions/s", "memory, idle"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"pipeline_to_direct":0.4`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestProcessesAreWatched(t *testing.T) {
	self := os.Getpid()
	if now, peak, ok := memory(self); !ok || now < 1 || peak < now {
		if _, err := os.Stat(filepath.Join("/proc", "self", "status")); err != nil {
			t.Skip("this system has no /proc, and bench leaves memory out there")
		}
		t.Errorf("own memory: now %v, peak %v, %v", now, peak, ok)
	}
	p := start(t, nil, "version")
	<-p.ended
	if got := processorTime([]int{p.cmd.Process.Pid}); got != 0 {
		t.Errorf("processor time of a process that ended: %s", got)
	}
}
