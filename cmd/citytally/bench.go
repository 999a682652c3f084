package main

import (
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/bench"
	"github.com/citytally/citytally/cmd/citytally/present"
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
  readers    the same, while --readers read without a pause, as much as they may
  recompute  all city totals anew, compared with ClickHouse
  ready      a process of its own, from its start until it serves, on that log;
             then its memory, and its processor time with nothing to do

Everything is on disk before it counts as done, as is the default. Ten areas
report fifty datasets for one year after the other; with --monthly for months,
from which totals of quarters, halves, years and years to date follow too: some
twenty totals for each that was reported, which is the hardest there is.

Figures are such as a city sends: each grows from year to year, counts are whole,
and no part exceeds its whole, so that the rules find hardly anything. With --odd
they are drawn at random and the rules remark on every second row, as on a bad
file.

The data are made from --seed, in a temporary directory that is removed, or in a
new one below --dir that is left. Close other programs first: rates are those of
a machine with nothing else to do. With --tls the gateway and ClickHouse speak TLS
with whoever uploads and reads; run it in turns with one without. Processor time for each figure is measured
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

func newBench(g *globals) *cobra.Command {
	var c bench.Config
	var format *choice
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast the pipeline is on this machine",
		Long:  benchLong,
		Example: `  citytally bench
  citytally bench --figures 20000000 --http-figures 1000000
  citytally bench --figures 100000 --duration 5s --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.Validate(); err != nil {
				return err
			}
			s, err := g.settings()
			if err != nil {
				return err
			}
			if g.level.value == "" {
				s.Log.Level = zerolog.WarnLevel.String()
			}
			logger, err := app.NewLogger(cmd.ErrOrStderr(), s.Log)
			if err != nil {
				return err
			}
			if c.SettingsFile = g.config; g.dir != "" {
				c.Dir = s.Dir
			}
			result, err := bench.Run(cmd.Context(), s, c, logger, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return result.Print(cmd.OutOrStdout(), format.value)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&c.Figures, "figures", 1_000_000, "figures to load, in submissions of 60")
	flags.IntVar(&c.HTTPFigures, "http-figures", 0, "figures to upload over HTTP; 0 is as many as --figures")
	flags.IntVar(&c.Rate, "rate", 50, "submissions a second while latency is measured")
	flags.DurationVar(&c.Duration, "duration", 20*time.Second, "how long latency is measured")
	flags.DurationVar(&c.Settle, "settle", 40*time.Second, "how long that process may settle first: by then it has given back what its start took, and ClickHouse has merged what was left")
	flags.DurationVar(&c.Idle, "idle", 10*time.Second, "how long a process with nothing to do is watched")
	flags.Uint64Var(&c.Seed, "seed", 1, "`seed` of the data")
	flags.BoolVar(&c.Monthly, "monthly", false, "report months, from which quarters, years and years to date follow, not years")
	flags.BoolVar(&c.Odd, "odd", false, "draw figures at random, so that the rules remark on every second row")
	flags.IntVar(&c.Readers, "readers", 8, "how many greedy readers there are while latency is measured once more; 0 for none")
	flags.BoolVar(&c.TLS, "tls", false, "have every server speak TLS with its clients")
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	flags.StringVar(&c.CPUProfile, "cpu-profile", "", "write a processor profile of the pipeline phase to this `file`")
	return cmd
}
