package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/internal/load"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

const benchLong = `Measure the pipeline on this machine, with made-up submissions of 60 figures
each, and what it stands on, in one run on the same data:

  direct     the same rows written to the same ClickHouse in columns, and nothing
             else: the bound of everything below
  publish    the same submissions stored in SUBMISSIONS, and nothing else
  pipeline   from a backlog in SUBMISSIONS until every row and every city total
             is visible in ClickHouse; also in the first and the last tenth of it
  http       the same, from uploads over HTTP
  latency    from the start of an upload until its total is in totals_latest, at
             a steady rate, on top of what has been loaded
  recompute  all city totals anew, compared with ClickHouse
  ready      a process of its own, from its start until it serves, on that log;
             then its memory, and its processor time with nothing to do

Everything is on disk before it counts as done, as is the default. Ten areas
report fifty datasets for one year after the other; with --monthly for months,
from which totals of quarters, halves, years and years to date follow too: some
twenty totals for each that was reported, which is the hardest there is.

The data are made from --seed, in a temporary directory that is removed, or in a
new one below --dir that is left. Close other programs first: rates are those of
a machine with nothing else to do. Processor time for each figure is measured
beside them and says more on a busy one.

Where the time goes, by the profile of the pipeline phase (--cpu-profile), the
largest first:

  1. ClickHouse itself: inserts and the merges of three tables of some thirty
     columns each, a quarter of all processor time, three tenths at 20 million.
     Up to half of that are merges, although they yield to everything else.
  2. The broker: a quarter of the Go part, for its files, one each for SUBMISSIONS,
     ACCEPTED, VERDICTS and TOTALS, and for carrying what is in them to and fro.
  3. Totals and validation, a fifth of the Go part each. A total names its inputs,
     so that there are as many of them as figures; a submission's JSON is read, and
     each row judged by the catalogue and by what was accepted before. The rest is
     turning observations into columns, and garbage collection.`

type benchFlags struct {
	figures, httpFigures int
	rate                 int
	duration             time.Duration
	settle, idle         time.Duration
	seed                 uint64
	format               string
	profile              string
	monthly              bool
}

func newBench(g *globals) *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast the pipeline is on this machine",
		Long:  benchLong,
		Example: `  citytally bench
  citytally bench --figures 20000000 --http-figures 1000000
  citytally bench --figures 100000 --duration 5s --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.validate(); err != nil {
				return err
			}
			s, err := g.settings()
			if err != nil {
				return err
			}
			b, err := newBenchmark(cmd, g, s, f)
			if err != nil {
				return err
			}
			err = b.run(cmd.Context())
			if err = errors.Join(err, b.remove()); err != nil {
				return err
			}
			return b.result.print(cmd.OutOrStdout(), f.format)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.figures, "figures", 1_000_000, "figures to load, in submissions of 60")
	flags.IntVar(&f.httpFigures, "http-figures", 0, "figures to upload over HTTP; 0 is as many as --figures")
	flags.IntVar(&f.rate, "rate", 50, "submissions a second while latency is measured")
	flags.DurationVar(&f.duration, "duration", 20*time.Second, "how long latency is measured")
	flags.DurationVar(&f.settle, "settle", 40*time.Second, "how long that process may settle first: by then it has given back what its start took, and ClickHouse has merged what was left")
	flags.DurationVar(&f.idle, "idle", 10*time.Second, "how long a process with nothing to do is watched")
	flags.Uint64Var(&f.seed, "seed", 1, "`seed` of the data")
	flags.BoolVar(&f.monthly, "monthly", false, "report months, from which quarters, years and years to date follow, not years")
	flags.StringVar(&f.format, "format", "table", "table or json")
	flags.StringVar(&f.profile, "cpu-profile", "", "write a processor profile of the pipeline phase to this `file`")
	return cmd
}

func (f *benchFlags) validate() error {
	if err := oneOf("format", f.format, "table", "json"); err != nil {
		return err
	}
	if f.figures < load.Figures {
		return usage(fmt.Errorf("--figures: want at least %d, one submission, got %d", load.Figures, f.figures))
	}
	if f.httpFigures == 0 {
		f.httpFigures = f.figures
	}
	if f.httpFigures < load.Figures {
		return usage(fmt.Errorf("--http-figures: want at least %d, one submission, got %d", load.Figures, f.httpFigures))
	}
	if f.rate < 1 || f.rate > 10_000 {
		return usage(fmt.Errorf("--rate: want 1 to 10000, got %d", f.rate))
	}
	for name, d := range map[string]time.Duration{"duration": f.duration, "settle": f.settle, "idle": f.idle} {
		if d < time.Second {
			return usage(fmt.Errorf("--%s: want at least 1s, got %s", name, d))
		}
	}
	return nil
}

// benchmark is one run of citytally bench.
type benchmark struct {
	flags    benchFlags
	globals  *globals
	settings *configs.Settings
	set      load.Set
	dir      string
	remove   func() error
	logger   zerolog.Logger
	progress func(libchdb.Progress)
	say      func(format string, args ...any)
	result   benchResult
}

func newBenchmark(cmd *cobra.Command, g *globals, s *configs.Settings, f benchFlags) (*benchmark, error) {
	if g.level == "" {
		s.Log.Level = zerolog.WarnLevel.String()
	}
	logger, err := newLogger(cmd.ErrOrStderr(), s.Log)
	if err != nil {
		return nil, usage(err)
	}
	b := &benchmark{flags: f, globals: g, settings: s, set: load.Set{Seed: f.seed, Monthly: f.monthly}, logger: logger, remove: func() error { return nil }}
	b.say = func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...) }
	b.progress = libchdb.PrintProgress(cmd.ErrOrStderr())
	parent := ""
	if g.dir != "" {
		if err := os.MkdirAll(s.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("create data directory: %w", err)
		}
		parent = s.Dir
	}
	if b.dir, err = os.MkdirTemp(parent, "citytally-bench-*"); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	if g.dir == "" {
		b.remove = func() error { return os.RemoveAll(b.dir) }
	}
	// Beside what measures, nothing of an installation in use is touched.
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
		return nil, errors.Join(fmt.Errorf("write catalogue: %w", err), b.remove())
	}
	return b, nil
}

// run measures phase by phase.
func (b *benchmark) run(ctx context.Context) error {
	b.result = newBenchResult(b.flags, b.settings)
	if err := b.runLoaded(ctx); err != nil {
		return err
	}
	if err := b.runUploads(ctx); err != nil {
		return err
	}
	return b.runProcess(ctx)
}

// runLoaded measures all that goes to one pipeline.
func (b *benchmark) runLoaded(ctx context.Context) error {
	s, err := b.open(ctx, "loaded")
	if err != nil {
		return err
	}
	for _, phase := range []func(context.Context, *session) error{b.direct, b.publish, b.drain, b.latency, b.recompute} {
		if err := phase(s.ctx, s); err != nil {
			return errors.Join(err, s.end())
		}
	}
	return s.end()
}

func (b *benchmark) runUploads(ctx context.Context) error {
	s, err := b.open(ctx, "uploads")
	if err != nil {
		return err
	}
	return errors.Join(b.http(s.ctx, s), s.end())
}
