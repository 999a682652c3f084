package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/sample"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb/libchdb"
	"github.com/citytally/citytally/transform/reconcile"
)

// What the demo reports.
const demoPeriod = "2021"

func newDemo(g *globals) *cobra.Command {
	var a addresses
	var keep bool
	var lang string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole pipeline work, on sample figures of 淮安",
		Long: `Start everything, send the sample submissions of every area of 淮安 for 2020, 2021
and the months of 2021 over HTTP, wait until the city totals are in ClickHouse, and print the
report for 2021 from there. District figures are synthetic; they add up to the
city figures that were published.

The first run fetches the ClickHouse engine (about 178 MB) with npm, once.`,
		Example: `  citytally demo
  citytally demo --keep`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lang, err := language(lang)
			if err != nil {
				return err
			}
			s, err := g.settings()
			if err != nil {
				return err
			}
			if g.config == "" {
				demoSettings(g, s)
			}
			if err := a.apply(cmd, s); err != nil {
				return err
			}
			d := &demo{settings: s, out: cmd.OutOrStdout(), keep: keep, lang: lang}
			return d.run(cmd)
		},
	}
	a.flags(cmd)
	cmd.Flags().BoolVar(&keep, "keep", false, "leave it running until Ctrl-C")
	cmd.Flags().StringVar(&lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// demoSettings keeps the demo away from a pipeline that is in use: its own
// directory, any free ports, and a quiet log.
func demoSettings(g *globals, s *configs.Settings) {
	if g.dir == "" {
		s.Dir = defaultDir("demo")
	}
	if g.level == "" {
		s.Log.Level = zerolog.WarnLevel.String()
	}
	s.Ingest.Address = "127.0.0.1:0"
	s.NATS.Embedded.Port = 0
	s.Operations.Address = "127.0.0.1:0"
	s.ClickHouse.Embedded.NativePort, s.ClickHouse.Embedded.HTTPPort = 0, 0
}

type demo struct {
	settings *configs.Settings
	out      io.Writer
	keep     bool
	lang     string
	pipeline *pipeline
}

var errDemoDone = errors.New("demo done")

func (d *demo) run(cmd *cobra.Command) (err error) {
	logger, err := newLogger(cmd.ErrOrStderr(), d.settings.Log)
	if err != nil {
		return usage(err)
	}
	d.pipeline = &pipeline{settings: d.settings, stages: allStages(), logger: logger, progress: chdb.PrintProgress(d.out)}
	defer func() { err = errors.Join(err, d.pipeline.close()) }()
	began := time.Now()
	if err := d.pipeline.open(cmd.Context()); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(cmd.Context())
	group.Go(func() error { return d.pipeline.run(ctx) })
	group.Go(func() error { return d.show(ctx, began) })
	if err := group.Wait(); !errors.Is(err, errDemoDone) {
		return err
	}
	return nil
}

func (d *demo) show(ctx context.Context, began time.Time) error {
	d.say("✓  NATS JetStream、ClickHouse 和各环节均已运行（%.1f 秒）\n",
		"✓  NATS JetStream, ClickHouse and all stages run (%.1f s)\n", time.Since(began).Seconds())
	began = time.Now()
	basis, rows, err := d.submit(ctx)
	if err != nil {
		return err
	}
	projection := &sink.Projection{Store: d.pipeline.store, Log: d.pipeline.log}
	if err := reconcile.Settle(ctx, d.pipeline.log, projection, basis); err != nil {
		return err
	}
	d.say("✓  已通过 HTTP 报送 %d 个文件、%d 个数据，全市数已在 ClickHouse 中（%.1f 秒）\n\n",
		"✓  %d files with %d figures, pushed over HTTP; city totals are in ClickHouse (%.1f s)\n\n", len(sample.Files()), rows, time.Since(began).Seconds())
	totals, err := d.pipeline.store.Report(ctx, demoPeriod)
	if err != nil {
		return err
	}
	r := &report{Period: demoPeriod, Totals: totals, catalogue: d.pipeline.catalogue, lang: d.lang}
	if err := r.write(d.out, "table"); err != nil {
		return err
	}
	d.addresses()
	if d.keep {
		<-ctx.Done()
		return nil
	}
	return errDemoDone
}

// say prints in the reader's language; both formats take the same arguments.
func (d *demo) say(zh, en string, args ...any) {
	format := en
	if d.lang == "zh" {
		format = zh
	}
	fmt.Fprintf(d.out, format, args...)
}

// submit pushes every sample file as its area and returns the highest sequence
// of ACCEPTED that they led to.
func (d *demo) submit(ctx context.Context) (basis uint64, rows int, err error) {
	select {
	case <-d.pipeline.transform.Ready():
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
	}
	for _, file := range sample.Files() {
		token, ok := d.pipeline.tokens.Plain(file.Area)
		if !ok {
			return 0, 0, fmt.Errorf("%s holds no token in plain text for area %s", d.settings.TokensFile(), file.Area)
		}
		client := &ingest.Client{BaseURL: d.pipeline.instance.HTTP, Token: token}
		receipts, err := client.Submit(ctx, ingest.Upload{
			Content: bytes.NewReader(file.CSV), ContentType: "text/csv", Area: file.Area, Dataset: file.Dataset,
			File: file.Name, Wait: time.Minute,
		})
		if err != nil {
			return 0, 0, err
		}
		for _, receipt := range receipts {
			rows += receipt.Rows
			switch verdict := receipt.Verdict; {
			case verdict == nil:
				return 0, 0, fmt.Errorf("%s: no verdict after a minute", file.Name)
			case len(verdict.Findings) > 0:
				return 0, 0, fmt.Errorf("%s: row %d: %s", file.Name, verdict.Findings[0].Row, message(&verdict.Findings[0], d.lang))
			default:
				basis = max(basis, verdict.AcceptedSequence)
			}
		}
	}
	return basis, rows, nil
}

// glance is a query that fits a terminal.
const glance = "SELECT indicator, value, unit, change FROM totals_latest WHERE period = '2021' FORMAT PrettyCompact"

func (d *demo) addresses() {
	i, dir := &d.pipeline.instance, d.settings.Dir
	d.say("\n县区数据为合成示例，全市数为 2021 年公布数。\n\n", "\nDistrict figures are synthetic; city figures are those published for 2021.\n\n")
	if !d.keep {
		d.say("加 --keep 再次运行即可保持运行并连接。数据保存在 %s。\n", "Run it again with --keep to connect. The data stay in %s.\n", dir)
		return
	}
	d.say("持续运行，按 Ctrl-C 结束：\n", "It runs until Ctrl-C:\n")
	d.say("  接收网关    %s   令牌见 %s\n", "  gateway     %s   tokens in %s\n", i.HTTP, d.settings.TokensFile())
	d.say("  ClickHouse  %s   原生协议 %s\n", "  ClickHouse  %s   native protocol on %s\n", i.ClickHouseHTTP, i.ClickHouseNative)
	d.say("  NATS        %s\n", "  NATS        %s\n", configs.Mask(i.NATS))
	d.say("试一试：\n", "Try:\n")
	fmt.Fprintf(d.out, "  curl '%s/?database=citytally' --data-binary \"%s\"\n", i.ClickHouseHTTP, glance)
	fmt.Fprintf(d.out, "  citytally status --dir %s\n", dir)
}
