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
)

// Workers move the log into the store.
type Workers struct {
	log    *stream.Log
	store  *Store
	config Config
	logger zerolog.Logger
	now    func() time.Time
}

// NewWorkers returns workers that move ACCEPTED, VERDICTS and TOTALS into the
// store, once their Run is called.
func NewWorkers(log *stream.Log, store *Store, config Config, logger zerolog.Logger) (*Workers, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return &Workers{log: log, store: store, config: config, logger: logger, now: time.Now}, nil
}

// Run works until ctx ends, finishes the inserts that are under way,
// acknowledges them, gives the rest back to the broker and returns nil. Any
// number of processes may run workers at once.
func (w *Workers) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, of := range []struct {
		stream, consumer string
		single           bool
		block            block
	}{
		{stream.Accepted, AcceptedConsumer, false, &observationBlock{}},
		{stream.Verdicts, VerdictsConsumer, false, &verdictBlock{}},
		// The parts of a flush have to come to one process.
		{stream.Totals, TotalsConsumer, true, &totalsBlock{}},
	} {
		group.Go(func() error {
			consumer, err := w.log.Consume(ctx, stream.ConsumerConfig{
				Stream: of.stream, Name: of.consumer, AckWait: w.config.AckWait, MaxPending: w.config.BatchMessages, Single: of.single,
			})
			if ctx.Err() != nil && err != nil {
				return nil
			}
			if err != nil {
				return err
			}
			defer consumer.Stop()
			one := &worker{
				Workers: w, stream: of.stream, consumer: consumer, block: of.block,
				logger: w.logger.With().Str("stream", of.stream).Logger(),
			}
			defer one.giveBack()
			return one.run(ctx)
		})
	}
	return group.Wait()
}
