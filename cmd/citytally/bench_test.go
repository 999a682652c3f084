package main

import (
	"strings"
	"testing"
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
	if len(tenths) != 10 {
		t.Errorf("pipeline_tenths_figures_per_s: want 10 rates, got %v", tenths)
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

func TestBenchRefusesSizesItCannotMeasure(t *testing.T) {
	for _, args := range [][]string{
		{"--figures", "59"}, {"--http-figures", "1"}, {"--rate", "0"}, {"--duration", "10ms"}, {"--settle", "0s"}, {"--idle", "0s"}, {"--format", "xml"},
	} {
		if code, _, stderr := citytally(t, append([]string{"bench"}, args...)...); code != exitUsage || !strings.Contains(stderr, args[0]) {
			t.Errorf("bench %v: exit code %d, %q; want %d and a word on %s", args, code, stderr, exitUsage, args[0])
		}
	}
}
