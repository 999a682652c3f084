package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

// listenFlags are the flags that say where the servers listen.
type listenFlags struct {
	http           string
	operations     string
	nats           int
	clickhouse     int
	clickhouseHTTP int
}

func (a *listenFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.http, "http", "", "`host:port` of the gateway; port 0 takes any free one")
	a.operationsFlag(cmd)
	a.natsFlag(cmd)
	a.clickhouseFlags(cmd)
}

func (a *listenFlags) operationsFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.operations, "operations", "", "`host:port` for metrics and health; port 0 takes any free one, \"\" does not listen")
}

func (a *listenFlags) natsFlag(cmd *cobra.Command) {
	cmd.Flags().IntVar(&a.nats, "nats-port", 0, "`port` of the embedded broker; 0 takes any free one")
}

func (a *listenFlags) clickhouseFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&a.clickhouse, "clickhouse-port", 0, "`port` of the embedded ClickHouse's native protocol; 0 takes any free one, for HTTP too")
	flags.IntVar(&a.clickhouseHTTP, "clickhouse-http-port", 0, "`port` of the embedded ClickHouse's HTTP interface; 0 takes any free one")
}

// apply sets in the settings what the flags that were given say.
func (a *listenFlags) apply(cmd *cobra.Command, s *configs.Settings) error {
	changed := cmd.Flags().Changed
	if changed("http") {
		if _, _, err := net.SplitHostPort(a.http); err != nil {
			return app.Usage(fmt.Errorf("--http: want host:port such as 127.0.0.1:8470, got %q", a.http))
		}
		s.Ingest.Address = a.http
	}
	if changed("operations") {
		if _, _, err := net.SplitHostPort(a.operations); err != nil && a.operations != "" {
			return app.Usage(fmt.Errorf("--operations: want host:port such as 127.0.0.1:8471, got %q", a.operations))
		}
		s.Operations.Address = a.operations
	}
	for _, port := range []struct {
		flag  string
		value int
	}{{"nats-port", a.nats}, {"clickhouse-port", a.clickhouse}, {"clickhouse-http-port", a.clickhouseHTTP}} {
		if port.value < 0 || port.value > 65535 {
			return app.Usage(fmt.Errorf("--%s: want 0 to 65535, got %d", port.flag, port.value))
		}
	}
	if changed("nats-port") {
		s.NATS.Embedded.Port = a.nats
	}
	if changed("clickhouse-port") {
		s.ClickHouse.Embedded.NativePort = a.clickhouse
		if a.clickhouse == 0 {
			s.ClickHouse.Embedded.HTTPPort = 0
		}
	}
	if changed("clickhouse-http-port") {
		s.ClickHouse.Embedded.HTTPPort = a.clickhouseHTTP
	}
	return nil
}

func newRun(g *globals) *cobra.Command {
	var a listenFlags
	var only []string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the pipeline until it is told to stop",
		Long: `Run the pipeline: the gateway, the transform and sink workers and the schedules,
on the embedded broker and ClickHouse unless the settings name others.

SIGTERM or Ctrl-C stops it: no new work is taken, what was begun is finished, and
everything else stays in the log for the next start. SIGHUP has it read the tokens
file again, and its settings, of which it tells what the next start would change.

On several machines each runs some of the stages (--only), all with the same
nats.url and clickhouse.dsn in their settings.`,
		Example: `  citytally run
  citytally run --dir /srv/citytally --http 0.0.0.0:8470
  citytally run --config citytally.yaml --only sink`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd, g, app.Open, only)
		},
	}
	a.flags(cmd)
	cmd.Flags().StringSliceVar(&only, "only", app.Stages(), "`stages` to run here")
	stages := cmd.Flags().Lookup("only")
	stages.Value = &choices{Value: stages.Value, words: app.Stages()}
	return cmd
}

// opening is app.Open, or what opens a part of the same.
type opening func(context.Context, *configs.Settings, app.Options) (*app.Pipeline, error)

// run runs stages, with the flags' settings, until the command's context ends.
func (a *listenFlags) run(cmd *cobra.Command, g *globals, open opening, stages []string) error {
	again := func() (*configs.Settings, error) {
		s, err := g.settings()
		if err == nil {
			err = a.apply(cmd, s)
		}
		return s, err
	}
	s, err := again()
	if err != nil {
		return err
	}
	return runPipeline(cmd, open, s, g.config, stages, again)
}

// runPipeline runs stages until the command's context ends. The settings are read again, without
// being put in force, when the process is told to.
func runPipeline(cmd *cobra.Command, open opening, s *configs.Settings, settingsFile string, stages []string, again func() (*configs.Settings, error)) error {
	hangups, ignore := notifyHangups()
	defer ignore()
	logger, err := app.NewLogger(cmd.ErrOrStderr(), s.Log)
	if err != nil {
		return err
	}
	o := app.Options{Stages: stages, Logger: logger, StoreMayBeAway: true, SettingsFile: settingsFile}
	if present.IsTerminal(cmd.ErrOrStderr()) {
		o.Progress = libchdb.PrintProgress(cmd.ErrOrStderr())
	}
	ctx := cmd.Context()
	p, err := open(ctx, s, o)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	i := &p.Instance
	logger.Info().Str("stages", strings.Join(stages, ",")).Str("dir", s.Dir).Str("http", i.HTTP).Str("nats", configs.Mask(i.NATS)).
		Str("operations", i.Operations).Str("clickhouse_http", i.ClickHouseHTTP).Str("clickhouse_native", i.ClickHouseNative).Msg("citytally runs")
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		onHangup(watching, hangups, s, again, p.Tokens, logger)
	}()
	err = p.Run(ctx)
	stop()
	<-watched
	if err == nil {
		logger.Info().Msg("citytally stopped")
	}
	return errors.Join(err, p.Close())
}
