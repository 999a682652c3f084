package app

import (
	"context"
	"errors"
	"iter"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/libchdb"
	"github.com/citytally/citytally/sink/coverage"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/schedule"
)

// The stages of the pipeline. Each process runs all or some of them.
const (
	StageIngest    = "ingest"
	StageCollect   = "collect"
	StageTransform = "transform"
	StageSink      = "sink"
	StageSchedule  = "schedule"
)

// Stages returns every stage, in the order in which a figure passes them.
func Stages() []string {
	return []string{StageIngest, StageCollect, StageTransform, StageSink, StageSchedule}
}

// Options are what a pipeline needs besides its settings.
type Options struct {
	// Stages are those that run in this process.
	Stages []string
	Logger zerolog.Logger
	// Progress is told how far the ClickHouse engine has been fetched; nil tells
	// nobody.
	Progress func(libchdb.Progress)
	// StoreMayBeAway opens the pipeline although ClickHouse does not answer, the server
	// that the settings name or the embedded one: the sink waits for it, the other
	// stages work.
	StoreMayBeAway bool
	// Tracer takes the spans; nil sends them to the collector of the settings, if they
	// name one.
	Tracer *stream.Tracer
	// SettingsFile is where the settings come from; "" is no file. Backups take it along.
	SettingsFile string
}

// Pipeline is the stages of one process and the servers that it embeds for them.
// A field that these stages do not need is nil.
type Pipeline struct {
	Instance Instance
	// Catalogue is that in force when the pipeline was opened.
	Catalogue *catalogue.Catalogue
	Tokens    *token.File // nil where there is none
	Log       *stream.Log // as the first stage of this process sees it
	Store     *sink.Store
	Engine    *chdb.Server // nil where the settings name a ClickHouse server

	settings *configs.Settings
	calendar *calendar.Calendar
	options  Options
	serves   string // the server that runs here alone; "" where stages run
	// firstCatalogue is in force from the log's beginning on, and Catalogue since inForceSince.
	// Of the rules in force in the log the text is "" where it has none.
	firstCatalogue *catalogue.Catalogue
	rulesInForce   edition.Rules
	inForceSince   time.Time
	closers        []func() error         // in the order of opening
	starting       *startingEngine        // nil where this process needs no engine
	districts      *districts             // nil where the settings name a broker
	conn           *nats.Conn             // of Log
	logs           map[string]*stream.Log // by user of the broker
	brokerOptions  []nats.Option          // of every connection to the broker
	prepared       chan struct{}          // closed when the store is ready for the sink
	transform      *transform.Stage
	gateway        *ingest.Gateway

	registry    *prometheus.Registry
	instruments *instruments
	tracer      *stream.Tracer // nil traces nothing
	health      *health
	continuity  *continuity
	running     []runningStage
}

// Open takes the data directory, starts the embedded servers, connects, and
// prepares the stages, which begin to work with Run. The caller closes the
// pipeline; after an error nothing is left open.
func Open(ctx context.Context, s *configs.Settings, o Options) (*Pipeline, error) {
	p := &Pipeline{settings: s, options: o, tracer: o.Tracer, prepared: make(chan struct{})}
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// begin takes the data directory, opens the address of operations, and begins to start the engine.
func (p *Pipeline) begin(ctx context.Context) error {
	release, err := LockDir(p.settings.Dir)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, release)
	if err := p.openOperations(ctx); err != nil {
		return err
	}
	return p.beginEngine(ctx)
}

func (p *Pipeline) open(ctx context.Context) error {
	if err := p.begin(ctx); err != nil {
		return err
	}
	fromSettings, err := p.settings.LoadCatalogue()
	if err != nil {
		return Usage(err)
	}
	if err := p.openBroker(ctx); err != nil {
		return err
	}
	if err := p.openCatalogue(ctx, fromSettings); err != nil {
		return err
	}
	if p.calendar, err = p.settings.LoadCalendar(p.Catalogue); err != nil {
		return Usage(err)
	}
	if p.has(StageTransform) || p.has(StageSink) {
		if err := p.openStore(ctx); err != nil {
			return err
		}
	}
	p.watchContinuity()
	if p.has(StageTransform) {
		set, err := p.rules()
		if err != nil {
			return Usage(err)
		}
		log, err := p.LogAs(stageUser(StageTransform))
		if err != nil {
			return err
		}
		snapshots, err := openSnapshots(p.settings.Dir)
		if err != nil {
			return err
		}
		projection := &sink.Projection{Store: p.Store, Log: log}
		reminding, err := p.reminding()
		if err != nil {
			return Usage(err)
		}
		p.transform, err = transform.New(log, p.firstCatalogue, projection, p.settings.Transform, p.child(StageTransform), time.Now,
			transform.WithMetrics(p.instruments.transform), transform.WithRules(set), transform.WithTracer(p.tracer),
			transform.WithSnapshots(snapshots),
			transform.WithScores(func(ctx context.Context, year int) ([]inquiry.Score, error) {
				return coverage.Scores(ctx, projection, year)
			}),
			transform.WithCalendar(reminding, p.settings.Remind), transform.WithJob(schedule.Backup, p.backups()))
		if err != nil {
			return Usage(err)
		}
		p.health.watchTransform(p.transform, log)
	}
	if p.has(StageIngest) || p.collects() {
		if err := p.openGateway(ctx); err != nil {
			return err
		}
	}
	if err := p.openStages(); err != nil {
		return err
	}
	return p.record()
}

// record says that everything is open, in the data directory too.
func (p *Pipeline) record() error {
	p.Instance.PID, p.Instance.StartedAt, p.Instance.Version = os.Getpid(), time.Now().UTC().Truncate(time.Second), Version()
	if err := p.recordListeners(); err != nil {
		return err
	}
	p.health.setComplete()
	return p.Instance.record(p.settings.Dir)
}

// watchContinuity adds the comparison of the log with itself and, where this process has a
// store, with that.
func (p *Pipeline) watchContinuity() {
	var projection reconcile.Projection
	if p.Store != nil {
		projection = &sink.Projection{Store: p.Store, Log: p.Log}
	}
	p.continuity = newContinuity(p.Log, projection, p.prepared, p.options.Logger)
	if p.districts != nil {
		p.continuity.lostFiles = p.districts.server.LostFiles
	}
	p.Log.HoldIntake(p.continuity.intakeHeld)
	p.health.addReadiness("log", p.continuity.ready)
	watchDivergences(p.registry, p.continuity.count)
}

func (p *Pipeline) has(stage string) bool { return slices.Contains(p.options.Stages, stage) }

func (p *Pipeline) child(stage string) zerolog.Logger {
	return p.options.Logger.With().Str("stage", stage).Logger()
}

// TransformReady returns a channel that is closed once the transform stage has
// caught up with the log. The stage has to be one of this process.
func (p *Pipeline) TransformReady() <-chan struct{} { return p.transform.Ready() }

// ready returns why the program cannot make totals of submissions yet.
func (p *Pipeline) ready(context.Context) error {
	if err := p.Log.Outage(); stream.IsFullDisk(err) {
		return errors.New("the broker's disk is full")
	} else if err != nil {
		return err
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

// Run runs the stages until ctx ends or one of them fails, and returns when every
// stage has finished what it began.
func (p *Pipeline) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		(&memoryReleaser{}).run(ctx)
		return nil
	})
	if p.districts != nil {
		group.Go(func() error { return p.districts.run(ctx) })
	}
	if p.serves != "" {
		return group.Wait()
	}
	group.Go(func() error { return p.runStages(ctx) })
	group.Go(func() error { return p.continuity.run(ctx) })
	if p.Store != nil && !p.isPrepared() {
		group.Go(func() error { return p.prepareLater(ctx) })
	}
	if p.settings.NATS.URL != "" {
		for log := range p.distinctLogs() {
			group.Go(func() error { return log.Watch(ctx) })
		}
	}
	return group.Wait()
}

// distinctLogs returns the log over each connection of this process.
func (p *Pipeline) distinctLogs() iter.Seq[*stream.Log] {
	distinct := map[*stream.Log]bool{}
	for _, log := range p.logs {
		distinct[log] = true
	}
	return maps.Keys(distinct)
}

// Close closes everything that Open has opened, in the reverse order.
func (p *Pipeline) Close() error {
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
