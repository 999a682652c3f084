package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/transform"
)

// The stages that run --only chooses from.
const (
	stageIngest    = "ingest"
	stageTransform = "transform"
	stageSink      = "sink"
	stageSchedule  = "schedule"
)

func allStages() []string { return []string{stageIngest, stageTransform, stageSink, stageSchedule} }

// pipeline is the program at work: the servers it embeds and the stages on top
// of them.
type pipeline struct {
	settings  *configs.Settings
	stages    []string
	logger    zerolog.Logger
	progress  func(chdb.Progress)
	closers   []func() error // in the order of opening
	instance  instance
	catalogue *catalogue.Catalogue
	tokens    *ingest.Tokens
	engine    *chdb.Server
	conn      *nats.Conn
	log       *stream.Log
	store     *sink.Store
	patient   bool          // a ClickHouse of one's own that is away does not keep the other stages from work
	prepared  chan struct{} // closed when the store is ready for the sink
	transform *transform.Stage
	gateway   *ingest.Gateway

	registry    *prometheus.Registry
	instruments *instruments
	tracer      *stream.Tracer // nil traces nothing
	health      *health
	running     []runningStage
}

// open takes the data directory, starts the embedded servers, connects, and
// prepares the stages. What was opened is closed by close, also after an error.
func (p *pipeline) open(ctx context.Context) error {
	p.prepared = make(chan struct{})
	release, err := occupy(p.settings.Dir)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, release)
	if err := p.openOperations(ctx); err != nil {
		return err
	}
	if p.catalogue, err = p.settings.LoadCatalogue(); err != nil {
		return usage(err)
	}
	if err := p.openBroker(ctx); err != nil {
		return err
	}
	if p.has(stageTransform) || p.has(stageSink) {
		if err := p.openStore(ctx); err != nil {
			return err
		}
	}
	if p.has(stageTransform) {
		projection := &sink.Projection{Store: p.store, Log: p.log}
		p.transform, err = transform.New(p.log, p.catalogue, projection, p.settings.Transform, p.child(stageTransform), time.Now,
			transform.WithMetrics(p.instruments.transform), transform.WithTracer(p.tracer))
		if err != nil {
			return usage(err)
		}
		p.health.watchTransform(p.transform, p.log)
	}
	if p.has(stageIngest) {
		if err := p.openGateway(ctx); err != nil {
			return err
		}
	}
	p.instance.PID, p.instance.StartedAt, p.instance.Version = os.Getpid(), time.Now().UTC().Truncate(time.Second), version()
	if err := p.openStages(); err != nil {
		return err
	}
	p.health.complete()
	return p.instance.record(p.settings.Dir)
}

func (p *pipeline) has(stage string) bool { return slices.Contains(p.stages, stage) }

func (p *pipeline) child(stage string) zerolog.Logger {
	return p.logger.With().Str("stage", stage).Logger()
}

func (p *pipeline) openBroker(ctx context.Context) error {
	url, extra := p.settings.NATS.URL, []nats.Option{}
	if url == "" {
		server, err := natsd.Start(ctx, p.settings.EmbeddedNATS(), p.child("broker"))
		if err != nil {
			return portHint(err, "--nats-port")
		}
		p.closers = append(p.closers, server.Close)
		extra = append(extra, server.InProcess())
		p.instance.NATS = server.ClientURL()
	} else {
		p.instance.NATS = url
	}
	var err error
	if p.conn, err = connectBroker(p.settings.NATS, url, p.logger, extra...); err != nil {
		return err
	}
	p.closers = append(p.closers, func() error { p.conn.Close(); return nil })
	if p.log, err = stream.Open(ctx, p.conn, p.settings.Streams, p.logger); err != nil {
		return err
	}
	p.health.watchBroker(p.log)
	watchLog(p.registry, p.log, p.logger)
	return nil
}

func (p *pipeline) openStore(ctx context.Context) error {
	dsn := p.settings.ClickHouse.DSN
	if dsn == "" {
		var err error
		if dsn, err = p.openEngine(ctx); err != nil {
			return err
		}
	}
	p.instance.ClickHouse = dsn
	var err error
	if p.store, err = sink.Dial(dsn, p.settings.Sink, p.child(stageSink)); err != nil {
		return err
	}
	p.closers = append(p.closers, p.store.Close)
	p.health.needs("clickhouse", p.store.Ping)
	if p.engine == nil && p.patient {
		return nil
	}
	return p.prepareStore(ctx)
}

// prepareStore makes the store ready for the sink.
func (p *pipeline) prepareStore(ctx context.Context) error {
	if err := p.store.Prepare(ctx, p.catalogue, p.settings.Sink); err != nil {
		return err
	}
	close(p.prepared)
	return nil
}

// whenPrepared puts work off until the store is ready.
func (p *pipeline) whenPrepared(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-p.prepared:
			return work(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// openEngine starts the embedded ClickHouse, fetching it first where that has
// not been done yet.
func (p *pipeline) openEngine(ctx context.Context) (dsn string, err error) {
	c := p.settings.EmbeddedClickHouse()
	c.Logger = p.child("clickhouse")
	if c.Library == "" {
		c.Library, err = chdb.Fetch(ctx, chdb.FetchConfig{Logger: c.Logger, Progress: p.progress})
		if err != nil {
			return "", err
		}
	}
	if p.engine, err = chdb.Start(ctx, c); err != nil {
		return "", portHint(err, "--clickhouse-port and --clickhouse-http-port")
	}
	p.closers = append(p.closers, p.engine.Close)
	watchEngine(p.registry, p.engine.Restarts)
	p.health.living("engine", func(context.Context) error { return ended(p.engine) })
	p.instance.ClickHouseHTTP, p.instance.ClickHouseNative = p.engine.HTTPURL(), p.engine.NativeAddr()
	for _, user := range c.Users {
		if !user.ReadOnly {
			return p.engine.DSN(user.Name), nil
		}
	}
	return "", errors.New("clickhouse.embedded.users: want one who may write")
}

func (p *pipeline) openGateway(ctx context.Context) error {
	c := p.settings.Ingest
	var err error
	if c.TokensFile == "" {
		c.TokensFile = p.settings.TokensFile()
		if _, err := os.Stat(c.TokensFile); errors.Is(err, fs.ErrNotExist) {
			if _, err := ingest.GenerateTokens(p.catalogue, c.TokensFile); err != nil {
				return err
			}
			p.logger.Info().Str("file", c.TokensFile).Msg("tokens made, one for each area")
		}
	}
	if p.tokens, err = ingest.LoadTokens(c.TokensFile); err != nil {
		return usage(err)
	}
	if p.gateway, err = ingest.New(p.log, p.catalogue, p.tokens, c, p.child(stageIngest), ingest.WithReadiness(p.ready),
		ingest.WithMetrics(p.instruments.gateway), ingest.WithTracer(p.tracer)); err != nil {
		return usage(err)
	}
	if err := p.gateway.Listen(ctx); err != nil {
		return portHint(err, "--http")
	}
	p.instance.HTTP = "http://" + p.gateway.Addr()
	p.health.needs("gateway", done(p.gateway.Ready(), "the gateway has yet to catch up with the log"))
	return nil
}

// ready says why the program cannot take submissions through to totals yet.
func (p *pipeline) ready(context.Context) error {
	if !p.conn.IsConnected() {
		return errors.New("the broker is away")
	}
	if p.transform != nil {
		select {
		case <-p.transform.Ready():
		default:
			return errors.New("the ledger is being replayed")
		}
	}
	return nil
}

// run works until ctx ends, then drains: every stage finishes what it began.
func (p *pipeline) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		(&remainder{}).run(ctx)
		return nil
	})
	for _, stage := range p.running {
		group.Go(func() error { return stage.life.run(ctx, stage.ready, stage.work) })
	}
	if p.store != nil && p.engine == nil && p.patient {
		group.Go(func() error {
			if err := p.prepareStore(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	if p.settings.NATS.URL != "" {
		group.Go(func() error { return p.log.Watch(ctx) })
	}
	if p.engine != nil {
		group.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-p.engine.Done():
				return fmt.Errorf("the embedded ClickHouse ended: %w", p.engine.Err())
			}
		})
	}
	return group.Wait()
}

// close tears down in the reverse order of opening.
func (p *pipeline) close() error {
	var errs []error
	for _, c := range slices.Backward(p.closers) {
		errs = append(errs, c())
	}
	p.closers = nil
	for _, stage := range p.running {
		stage.life.stopped()
	}
	p.running = nil
	return errors.Join(errs...)
}
