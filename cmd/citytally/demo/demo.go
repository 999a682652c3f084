package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/sample"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb/libchdb"
	"github.com/citytally/citytally/transform/reconcile"
)

// reportedPeriod is what the demo reports.
const reportedPeriod = "2021"

// Isolate sets free ports, and the demo's own directory and log level where none
// were given, so that the demo leaves a pipeline in use alone.
func Isolate(s *configs.Settings, dirGiven, levelGiven bool) {
	if !dirGiven {
		s.Dir = app.DefaultDir("demo")
	}
	if !levelGiven {
		s.Log.Level = zerolog.WarnLevel.String()
	}
	s.Ingest.Address = "127.0.0.1:0"
	s.NATS.Embedded.Port = 0
	s.Operations.Address = "127.0.0.1:0"
	s.ClickHouse.Embedded.NativePort, s.ClickHouse.Embedded.HTTPPort = 0, 0
}

// demo is one run of the demo.
type demo struct {
	settings *configs.Settings
	out      io.Writer
	keep     bool
	language present.Language
	words    *present.DemoWords
	pipeline *app.Pipeline
}

var errDone = errors.New("demo done")

// Run runs the demo and prints to out in the language. With keep the pipeline then
// runs until ctx ends.
func Run(ctx context.Context, s *configs.Settings, logger zerolog.Logger, out io.Writer, l present.Language, keep bool) (err error) {
	d := &demo{settings: s, out: out, keep: keep, language: l, words: &l.Words().Demo}
	began := time.Now()
	d.pipeline, err = app.Open(ctx, s, app.Options{Stages: app.Stages(), Logger: logger, Progress: libchdb.PrintProgress(out)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.pipeline.Close()) }()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.pipeline.Run(ctx) })
	group.Go(func() error { return d.show(ctx, began) })
	if err := group.Wait(); !errors.Is(err, errDone) {
		return err
	}
	return nil
}

func (d *demo) show(ctx context.Context, began time.Time) error {
	fmt.Fprintf(d.out, d.words.Running, time.Since(began).Seconds())
	began = time.Now()
	basis, rows, err := d.submit(ctx)
	if err != nil {
		return err
	}
	projection := &sink.Projection{Store: d.pipeline.Store, Log: d.pipeline.Log}
	if err := reconcile.Settle(ctx, d.pipeline.Log, projection, basis); err != nil {
		return err
	}
	fmt.Fprintf(d.out, d.words.Submitted, len(sample.Files()), rows, time.Since(began).Seconds())
	totals, err := d.pipeline.Store.Report(ctx, reportedPeriod)
	if err != nil {
		return err
	}
	printer := &present.Printer{Catalogue: d.pipeline.Catalogue, Language: d.language}
	if err := printer.Report(d.out, &present.Report{Period: reportedPeriod, Totals: totals}, present.FormatTable); err != nil {
		return err
	}
	d.printAddresses()
	if d.keep {
		<-ctx.Done()
		return nil
	}
	return errDone
}

// submit uploads every sample file with its area's token. It returns the highest
// sequence of ACCEPTED that followed from the files, and how many rows they have.
func (d *demo) submit(ctx context.Context) (basis uint64, rows int, err error) {
	select {
	case <-d.pipeline.TransformReady():
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
	}
	asking, err := d.pipeline.Instance.HTTPClient(d.settings)
	if err != nil {
		return 0, 0, err
	}
	for _, file := range sample.Files() {
		token, ok := d.pipeline.Tokens.Plain(file.Area)
		if !ok {
			return 0, 0, fmt.Errorf("%s holds no token in plain text for area %s", d.settings.TokensFile(), file.Area)
		}
		client := &sender.Client{BaseURL: d.pipeline.Instance.HTTP, Token: token, HTTP: asking}
		receipts, err := client.Submit(ctx, sender.Upload{
			Content: bytes.NewReader(file.CSV), ContentType: "text/csv", Area: file.Area, Dataset: file.Dataset,
			File: file.Name, Wait: time.Minute,
		})
		if err != nil {
			return 0, 0, err
		}
		for _, receipt := range receipts {
			rows += receipt.Rows
			verdict := receipt.Verdict
			if verdict == nil {
				return 0, 0, fmt.Errorf("%s: no verdict after a minute", file.Name)
			}
			// A remark keeps no figure out.
			if i := slices.IndexFunc(verdict.Findings, func(f event.Finding) bool { return f.Severity != event.Inform }); i >= 0 {
				return 0, 0, fmt.Errorf("%s: row %d: %s", file.Name, verdict.Findings[i].Row, present.Finding(&verdict.Findings[i], d.language))
			}
			basis = max(basis, verdict.AcceptedSequence)
		}
	}
	return basis, rows, nil
}

// exampleQuery is a query whose answer fits a terminal.
const exampleQuery = "SELECT indicator, value, unit, change FROM totals_latest WHERE period = '2021'"

// printAddresses prints where the pipeline listens, or how to keep it running.
func (d *demo) printAddresses() {
	i, dir := &d.pipeline.Instance, d.settings.Dir
	fmt.Fprint(d.out, d.words.Synthetic)
	if !d.keep {
		fmt.Fprintf(d.out, d.words.Keep, dir)
		return
	}
	fmt.Fprint(d.out, d.words.Until)
	fmt.Fprintf(d.out, d.words.Gateway, i.HTTP, d.settings.TokensFile())
	fmt.Fprintf(d.out, d.words.ClickHouse, i.ClickHouseHTTP, i.ClickHouseNative)
	fmt.Fprintf(d.out, d.words.NATS, configs.Mask(i.NATS), dir)
	fmt.Fprint(d.out, d.words.Try)
	fmt.Fprintf(d.out, "  citytally sql \"%s\" --dir %s\n", exampleQuery, dir)
	fmt.Fprintf(d.out, "  citytally status --dir %s\n", dir)
}
