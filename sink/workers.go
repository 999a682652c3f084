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

// What only analysts read may be a moment late: while it trickles in, its inserts
// begin so long apart, and leave the processors to the totals. After a pause the
// first goes at once.
const unhurried = 250 * time.Millisecond

// Run works until ctx ends, finishes the inserts that are under way,
// acknowledges them, gives the rest back to the broker and returns nil. Any
// number of processes may run workers at once.
func (w *Workers) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return w.move(ctx, stream.Accepted, AcceptedConsumer, false, unhurried, &observationBlock{})
	})
	group.Go(func() error { return w.move(ctx, stream.Verdicts, VerdictsConsumer, false, unhurried, &verdictBlock{}) })
	// The parts of a flush have to come to one worker.
	group.Go(func() error { return w.move(ctx, stream.Totals, TotalsConsumer, true, 0, &totalsBlock{}) })
	group.Go(func() error { return w.move(ctx, stream.Releases, ReleasesConsumer, false, 0, &releaseBlock{}) })
	return group.Wait()
}

// move moves one stream into the store, block by block.
func (w *Workers) move(ctx context.Context, of, consumer string, single bool, apart time.Duration, b block) error {
	c, err := w.log.Consume(ctx, stream.ConsumerConfig{
		Stream: of, Name: consumer, AckWait: w.config.AckWait, MaxPending: w.config.BatchMessages, Single: single,
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer c.Stop()
	w.state.begun()
	one := &worker{Workers: w, stream: of, consumer: c, block: b, apart: apart, logger: w.logger.With().Str("stream", of).Logger()}
	defer one.giveBack()
	return one.run(ctx)
}
