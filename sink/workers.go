package sink

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/stream"
)

// The durable consumers, one for each stream. Their positions in the log say
// how far ClickHouse has come.
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

	metrics *Metrics
	tracer  *stream.Tracer
	state   *state
}

// NewWorkers returns workers that move ACCEPTED, VERDICTS, TOTALS and RELEASES
// into the store, once their Run is called.
func NewWorkers(log *stream.Log, store *Store, config Config, logger zerolog.Logger, options ...Option) (*Workers, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	w := &Workers{log: log, store: store, config: config, logger: logger, now: time.Now, metrics: NewMetrics(nil), state: newState()}
	for _, option := range options {
		option(w)
	}
	return w, nil
}

// trickleInterval is the least time between the starts of two inserts of what only
// analysts read: while it trickles in, the processors are left to the totals. After
// a pause the first insert begins at once.
const trickleInterval = 250 * time.Millisecond

// Run works until ctx ends, finishes the inserts that are under way,
// acknowledges them, gives the rest back to the broker and returns nil. Any
// number of processes may run workers at once.
func (w *Workers) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return w.move(ctx, stream.Accepted, AcceptedConsumer, false, trickleInterval, &observationBlock{})
	})
	group.Go(func() error {
		return w.move(ctx, stream.Verdicts, VerdictsConsumer, false, trickleInterval, &verdictBlock{})
	})
	// The parts of a flush have to come to one worker.
	group.Go(func() error { return w.move(ctx, stream.Totals, TotalsConsumer, true, 0, &totalsBlock{}) })
	group.Go(func() error { return w.move(ctx, stream.Releases, ReleasesConsumer, false, 0, &releaseBlock{}) })
	return group.Wait()
}

// move moves one stream into the store, block by block.
func (w *Workers) move(ctx context.Context, of, consumer string, single bool, minInterval time.Duration, b block) error {
	logger := w.logger.With().Str("stream", of).Logger()
	return w.log.Work(ctx, stream.WorkConfig{
		Stage: "sink", What: "insert into ClickHouse", Logger: w.logger,
		Consumer: stream.ConsumerConfig{
			Stream: of, Name: consumer, AckWait: w.config.AckWait, MaxPending: w.config.BatchMessages, Single: single,
		},
		Batch: w.config.BatchMessages, Gather: true, Receiving: w.state.begun,
		AttemptTimeout: w.config.InsertTimeout, DrainFor: w.config.InsertTimeout,
		Retry: stream.RetryConfig{From: w.config.RetryFrom, To: w.config.RetryTo, Advice: Advice, Failed: func(err error) { w.attempted(of, err) }},
	}, &worker{Workers: w, stream: of, block: b, minInterval: minInterval, logger: logger})
}
