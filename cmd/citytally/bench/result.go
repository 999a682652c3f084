package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/prometheus/procfs"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/bench/load"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs"
)

// Result is what was measured. Rates are per second, memory is in MiB.
type Result struct {
	Direct   float64 `json:"direct_insert_rows_per_s"`
	Publish  float64 `json:"publish_figures_per_s"`
	Pipeline float64 `json:"pipeline_figures_per_s"`
	ToDirect float64 `json:"pipeline_to_direct"`
	// Pace is the pipeline's rate in each tenth of its load, one after the other.
	Pace []float64 `json:"pipeline_tenths_figures_per_s"`
	// PipelineCPU is the processor time in microseconds that the pipeline and the
	// engine took for each figure, and DirectCPU that of the direct insert for each
	// row. Other programs on the machine disturb it less than the rates.
	PipelineCPU float64 `json:"pipeline_cpu_us_per_figure"`
	DirectCPU   float64 `json:"direct_insert_cpu_us_per_row"`
	HTTP        float64 `json:"http_figures_per_s"`
	P50         float64 `json:"latency_p50_ms"`
	P99         float64 `json:"latency_p99_ms"`
	Max         float64 `json:"latency_max_ms"`
	// ReadersP50 and ReadersP99 are the latency among Sizes.Readers greedy readers, and
	// ReadersToAlone is that p99 in parts of the one without; 0 without readers.
	ReadersP50     float64 `json:"readers_latency_p50_ms,omitempty"`
	ReadersP99     float64 `json:"readers_latency_p99_ms,omitempty"`
	ReadersToAlone float64 `json:"readers_latency_p99_to_alone,omitempty"`
	Recompute      float64 `json:"recompute_cells_per_s"`
	Ready          float64 `json:"ready_ms"`
	Idle           float64 `json:"idle_cpu_percent"`
	// Memory is the resident memory of each process: at their peaks this one, which
	// also makes the load, and its engine; idle, citytally run and its engine.
	Memory   map[string]float64 `json:"rss_mb"`
	Sizes    Sizes              `json:"sizes"`
	Settings SettingsUsed       `json:"settings"`
	Machine  Machine            `json:"machine"`
	Versions map[string]string  `json:"versions"`
	At       time.Time          `json:"at"`
}

type Sizes struct {
	Figures     int `json:"figures"`
	HTTPFigures int `json:"http_figures"`
	// Totals counts the versions of city totals that the pipeline phase made.
	Totals               uint64  `json:"totals"`
	FiguresPerSubmission int     `json:"figures_per_submission"`
	Areas                int     `json:"areas"`
	Datasets             int     `json:"datasets"`
	Rate                 int     `json:"rate_submissions_per_s"`
	Duration             float64 `json:"latency_duration_s"`
	Seed                 uint64  `json:"seed"`
	Monthly              bool    `json:"monthly"`
	Odd                  bool    `json:"odd"`
	Readers              int     `json:"readers"`
	TLS                  bool    `json:"tls"`
}

type SettingsUsed struct {
	SyncInterval   string `json:"nats_sync_interval"`
	TransformBatch int    `json:"transform_batch"`
	BatchRows      int    `json:"sink_batch_rows"`
	BatchMessages  int    `json:"sink_batch_messages"`
}

type Machine struct {
	System     string `json:"system"`
	Processors int    `json:"processors"`
	Model      string `json:"processor,omitempty"`
	Memory     string `json:"memory,omitempty"`
}

func newResult(c Config, s *configs.Settings) Result {
	r := Result{
		Memory: map[string]float64{}, At: time.Now().UTC().Truncate(time.Second),
		Sizes: Sizes{
			Figures: c.Figures / load.Figures * load.Figures, HTTPFigures: c.HTTPFigures / load.Figures * load.Figures,
			FiguresPerSubmission: load.Figures, Areas: load.Areas, Datasets: load.Datasets,
			Rate: c.Rate, Duration: c.Duration.Seconds(), Seed: c.Seed, Monthly: c.Monthly, Odd: c.Odd, Readers: c.Readers, TLS: c.TLS,
		},
		Settings: SettingsUsed{
			SyncInterval: s.NATS.Embedded.SyncInterval.String(), TransformBatch: s.Transform.Batch, BatchRows: s.Sink.BatchRows, BatchMessages: s.Sink.BatchMessages,
		},
		Machine:  machine(),
		Versions: map[string]string{"citytally": app.Version(), "go": runtime.Version()},
	}
	for _, m := range app.Dependencies("github.com/nats-io/nats-server/v2", "github.com/ClickHouse/clickhouse-go/v2") {
		r.Versions[m.Path] = m.Version
	}
	return r
}

// machine describes this machine, as far as /proc does.
func machine() Machine {
	m := Machine{System: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.GOMAXPROCS(0)}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return m
	}
	if processors, err := fs.CPUInfo(); err == nil && len(processors) > 0 {
		m.Model = processors[0].ModelName
	}
	if memory, err := fs.Meminfo(); err == nil && memory.MemTotal != nil {
		m.Memory = fmt.Sprintf("%d kB", *memory.MemTotal)
	}
	return m
}

func (r *Result) memory(name string, pid int) {
	if now, _, ok := ResidentMemory(pid); ok {
		r.Memory[name] = math.Round(now)
	}
}

func (r *Result) peakMemory(name string, pid int) {
	if _, peak, ok := ResidentMemory(pid); ok {
		r.Memory[name] = math.Round(peak)
	}
}

// Print prints the result as a table or as JSON.
func (r *Result) Print(w io.Writer, format string) error {
	if format == present.FormatJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	fmt.Fprintf(w, "%s, %d processors, %s, memory %s\n", r.Machine.System, r.Machine.Processors, r.Machine.Model, r.Machine.Memory)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(w, "%s %s\n", name, r.Versions[name])
	}
	fmt.Fprintf(w, "%d figures, %d in a submission, which made %d totals; seed %d; fsync %s\n\n", r.Sizes.Figures, r.Sizes.FiguresPerSubmission, r.Sizes.Totals, r.Sizes.Seed, r.Settings.SyncInterval)
	t := present.NewTable(w, table.Row{"measured", "", ""}, 2)
	line := func(what, verb string, value float64, unit string) {
		t.AppendRow(table.Row{what, fmt.Sprintf(verb, value), unit})
	}
	line("direct insert into ClickHouse", "%.0f", r.Direct, "rows/s")
	line("  processor time", "%.1f", r.DirectCPU, "µs/row")
	line("publish to SUBMISSIONS", "%.0f", r.Publish, "figures/s")
	line("pipeline, SUBMISSIONS to totals in ClickHouse", "%.0f", r.Pipeline, "figures/s")
	line("  of the direct insert", "%.2f", r.ToDirect, "")
	line("  in the first tenth of the load", "%.0f", r.Pace[0], "figures/s")
	line("  in the last tenth", "%.0f", r.Pace[paceParts-1], "figures/s")
	line("  processor time", "%.1f", r.PipelineCPU, "µs/figure")
	line("pipeline, HTTP to totals in ClickHouse", "%.0f", r.HTTP, "figures/s")
	at := fmt.Sprintf(" at %d submissions/s", r.Sizes.Rate)
	line("upload to total visible, p50", "%.0f", r.P50, "ms"+at)
	line("upload to total visible, p99", "%.0f", r.P99, "ms"+at)
	if r.Sizes.Readers > 0 {
		among := fmt.Sprintf("ms among %d greedy readers", r.Sizes.Readers)
		line("  p50", "%.0f", r.ReadersP50, among)
		line("  p99", "%.0f", r.ReadersP99, among)
		line("  p99, of that without", "%.2f", r.ReadersToAlone, "")
	}
	line("recompute", "%.0f", r.Recompute, "cells/s")
	line("start until ready", "%.0f", r.Ready, "ms")
	line("idle", "%.2f", r.Idle, "% of a core")
	for _, name := range slices.Sorted(maps.Keys(r.Memory)) {
		line("memory, "+strings.ReplaceAll(name, "_", " "), "%.0f", r.Memory[name], "MiB")
	}
	t.Render()
	return nil
}
