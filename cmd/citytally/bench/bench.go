package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/bench/load"
	"github.com/citytally/citytally/configs"
)

// Config says what is measured.
type Config struct {
	// Figures are loaded through the broker, and HTTPFigures uploaded, in
	// submissions of load.Figures; 0 HTTPFigures are as many as Figures.
	Figures, HTTPFigures int
	// Rate is submissions a second while latency is measured, for Duration.
	Rate     int
	Duration time.Duration
	// Settle is how long a process with nothing to do may settle before it is
	// watched, for Idle.
	Settle, Idle time.Duration
	// Seed is the seed of the data. Monthly reports months instead of years.
	Seed    uint64
	Monthly bool
	// Odd has the rules remark on every second row.
	Odd bool
	// Readers is how many read without a pause, as much as they may, while latency is measured once
	// more; 0 measures it once.
	Readers int
	// TLS has the gateway and ClickHouse speak TLS with their clients.
	TLS bool
	// CPUProfile is the file to write a processor profile of the pipeline phase to;
	// "" writes none.
	CPUProfile string
	// Dir is the directory below which a new one keeps the data; "" is a temporary
	// directory, which is removed.
	Dir string
	// SettingsFile is the settings file that the started process reads; "" is none.
	SettingsFile string
}

// Validate returns a UsageError for sizes that cannot be measured, and sets
// HTTPFigures where it is 0.
func (c *Config) Validate() error {
	if c.Figures < load.Figures {
		return app.Usage(fmt.Errorf("--figures: want at least %d, one submission, got %d", load.Figures, c.Figures))
	}
	if c.HTTPFigures == 0 {
		c.HTTPFigures = c.Figures
	}
	if c.HTTPFigures < load.Figures {
		return app.Usage(fmt.Errorf("--http-figures: want at least %d, one submission, got %d", load.Figures, c.HTTPFigures))
	}
	if c.Readers < 0 || c.Readers > 1000 {
		return app.Usage(fmt.Errorf("--readers: want 0 to 1000, got %d", c.Readers))
	}
	if c.Rate < 1 || c.Rate > 10_000 {
		return app.Usage(fmt.Errorf("--rate: want 1 to 10000, got %d", c.Rate))
	}
	for name, d := range map[string]time.Duration{"duration": c.Duration, "settle": c.Settle, "idle": c.Idle} {
		if d < time.Second {
			return app.Usage(fmt.Errorf("--%s: want at least 1s, got %s", name, d))
		}
	}
	return nil
}

// benchmark is one run of all phases.
type benchmark struct {
	config   Config
	settings configs.Settings
	set      load.Set
	dir      string
	logger   zerolog.Logger
	progress io.Writer
	result   Result
	secure   *tls.Config  // of clients; nil without TLS
	uploader *http.Client // nil is the default one
}

// Run measures phase by phase and prints each result to progress at once. The config
// has to be valid.
func Run(ctx context.Context, s *configs.Settings, c Config, logger zerolog.Logger, progress io.Writer) (result *Result, err error) {
	b := &benchmark{config: c, settings: *s, set: load.Set{Seed: c.Seed, Monthly: c.Monthly, Odd: c.Odd}, logger: logger, progress: progress}
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("create data directory: %w", err)
		}
	}
	if b.dir, err = os.MkdirTemp(c.Dir, "citytally-bench-*"); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	if c.Dir == "" {
		defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	}
	if err := b.isolate(); err != nil {
		return nil, err
	}
	b.result = newResult(c, &b.settings)
	for _, phases := range []func(context.Context) error{b.runLoaded, b.runUploads, b.runProcess} {
		if err := phases(ctx); err != nil {
			return nil, err
		}
	}
	return &b.result, nil
}

// isolate sets what is measured apart from an installation in use: embedded servers
// on free ports, and the catalogue of the made-up data.
func (b *benchmark) isolate() error {
	s := &b.settings
	s.Catalogue = filepath.Join(b.dir, "catalogue.yaml")
	s.NATS.URL, s.ClickHouse.DSN, s.Ingest.TokensFile = "", "", ""
	s.Ingest.Address = "127.0.0.1:0"
	s.NATS.Embedded.Dir, s.NATS.Embedded.Port = "", 0
	s.ClickHouse.Embedded.Dir, s.ClickHouse.Embedded.NativePort, s.ClickHouse.Embedded.HTTPPort = "", 0, 0
	text, err := load.Catalogue()
	if err == nil {
		err = os.WriteFile(s.Catalogue, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write catalogue: %w", err)
	}
	if b.config.TLS {
		return b.encrypt()
	}
	return nil
}

// printf prints a line of progress.
func (b *benchmark) printf(format string, args ...any) {
	fmt.Fprintf(b.progress, format+"\n", args...)
}

// runLoaded measures the phases that share one pipeline.
func (b *benchmark) runLoaded(ctx context.Context) error {
	s, err := b.open(ctx, loadedDir)
	if err != nil {
		return err
	}
	for _, phase := range []func(context.Context, *session) error{b.direct, b.publish, b.pipeline, b.latency, b.latencyAmongReaders, b.recompute} {
		if err := phase(s.ctx, s); err != nil {
			return errors.Join(err, s.stop())
		}
	}
	return s.stop()
}

func (b *benchmark) runUploads(ctx context.Context) error {
	s, err := b.open(ctx, "uploads")
	if err != nil {
		return err
	}
	return errors.Join(b.http(s.ctx, s), s.stop())
}

// loadedDir is the directory, below that of the run, of the pipeline that takes the
// backlog.
const loadedDir = "loaded"
