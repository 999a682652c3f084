package sink

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/stream"
)

// The durable consumers, one for each stream. A consumer's position says up to which message
// of its stream ClickHouse has the rows.
const (
	AcceptedConsumer = "sink-accepted"
	VerdictsConsumer = "sink-verdicts"
	TotalsConsumer   = "sink-totals"
	ReleasesConsumer = "sink-releases"
)

// Workers move the log into the store.
type Workers struct {
	log    *stream.Log
	store  *Store
	config Config
	logger zerolog.Logger
	now    func() time.Time

	metrics   *Metrics
	tracer    *stream.Tracer
	permitted func(context.Context) error
	readiness *readiness
}

// NewWorkers returns workers that move ACCEPTED, VERDICTS, TOTALS and RELEASES
// into the store, once their Run is called.
func NewWorkers(log *stream.Log, store *Store, config Config, logger zerolog.Logger, options ...Option) (*Workers, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	w := &Workers{log: log, store: store, config: config, logger: logger, now: time.Now, metrics: NewMetrics(nil), readiness: newState(),
		permitted: func(context.Context) error { return nil }}
	for _, option := range options {
		option(w)
	}
	return w, nil
}

// trickleInterval is the least time between the starts of two inserts of rows that only
// analysts read. It leaves the processors to the totals while few messages come in. After a
// pause the first insert begins at once.
const trickleInterval = 250 * time.Millisecond

// Run moves rows until ctx ends. Then it finishes the inserts under way, acknowledges their
// messages, returns all others to the broker, and returns nil. Any number of processes may
// run workers at the same time.
func (w *Workers) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return w.move(ctx, stream.Accepted, AcceptedConsumer, false, trickleInterval, &observationBlock{fills: w.store})
	})
	group.Go(func() error {
		return w.move(ctx, stream.Verdicts, VerdictsConsumer, false, trickleInterval, &verdictBlock{})
	})
	// One worker has to receive all parts of a flush.
	group.Go(func() error { return w.move(ctx, stream.Totals, TotalsConsumer, true, 0, &totalsBlock{}) })
	group.Go(func() error { return w.move(ctx, stream.Releases, ReleasesConsumer, false, 0, &releaseBlock{}) })
	group.Go(func() error { return w.keepSchema(ctx) })
	group.Go(func() error { return w.keepProgress(ctx) })
	return group.Wait()
}

// move moves one stream into the store, block by block.
func (w *Workers) move(ctx context.Context, name, consumer string, single bool, minInterval time.Duration, b block) error {
	logger := w.logger.With().Str("stream", name).Logger()
	return w.log.Work(ctx, stream.WorkConfig{
		Stage: "sink", What: "insert into ClickHouse", Logger: w.logger,
		Consumer: stream.ConsumerConfig{
			Stream: name, Name: consumer, AckWait: w.config.AckWait, MaxPending: w.config.BatchMessages, Single: single,
		},
		Batch: w.config.BatchMessages, Gather: true, Receiving: w.readiness.receiving,
		AttemptTimeout: w.config.InsertTimeout, DrainFor: w.config.InsertTimeout,
		Retry: stream.RetryConfig{From: w.config.RetryFrom, To: w.config.RetryTo, Advice: Advice, Failed: func(err error) { w.recordAttempt(name, err) }},
	}, &worker{Workers: w, stream: name, block: b, minInterval: minInterval, logger: logger})
}

// Option changes workers under construction.
type Option func(*Workers)

// WithMetrics makes the workers count what they do.
func WithMetrics(m *Metrics) Option { return func(w *Workers) { w.metrics = m } }

// WithTracer makes the workers record spans of the inserts of what is traced.
func WithTracer(t *stream.Tracer) Option { return func(w *Workers) { w.tracer = t } }

// WithPermission has the workers ask before each insert. While the answer is an error they
// store nothing, and say why.
func WithPermission(ask func(context.Context) error) Option {
	return func(w *Workers) { w.permitted = ask }
}
