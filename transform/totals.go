package transform

import (
	"context"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/rs/zerolog"
)

// tallier publishes the totals that newly accepted observations touch. One is
// active at a time. Two that overlap during a hand-over publish the same totals
// twice, which readers tell by their basis.
type tallier struct {
	log    *stream.Log
	ledger *Ledger
	config Config
	logger zerolog.Logger
	press  press
	now    func() time.Time

	metrics *Metrics
	tracer  *stream.Tracer

	begun   bool
	due     []Cell // those that changed since totals were last published
	covered uint64 // the sequence of ACCEPTED up to which they have been
}

// TallyConsumer is the durable consumer by which the tally's progress is known.
const TallyConsumer = "tally"

// How many messages of ACCEPTED are covered together at most. While a backlog is
// worked off, the more there are the fewer totals are published twice: those that
// a year's figures touch and then the next year's.
const tallyBatch = 2000

// run tallies until ctx ends. It is to be called once the ledger has caught up.
func (t *tallier) run(ctx context.Context) error {
	consumer, err := t.log.Consume(ctx, stream.ConsumerConfig{
		Stream: stream.Accepted, Name: TallyConsumer, AckWait: t.config.AckWait, MaxPending: 2 * tallyBatch, Single: true,
	})
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer consumer.Stop()
	for {
		batch, err := consumer.Gather(ctx, tallyBatch)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		done := consumer.Hold(batch)
		err = finish(ctx, t.logger, "tally", func(ctx context.Context) error { return t.flush(ctx, batch) })
		done()
		if err != nil {
			return err
		}
	}
}

// flush publishes every total that the batch touches, and those that whatever
// the ledger is ahead touches: what it shows of a cell has to agree with what it
// shows of others. What it has published with a batch before it does not repeat.
func (t *tallier) flush(ctx context.Context, batch []stream.Delivery) (err error) {
	began, spans := t.now(), t.tracer.StartBatch(ctx, "tally", batch)
	defer func() { spans.End(err) }()
	ctx = spans.Context(ctx)
	var last uint64
	for i := range batch {
		last = max(last, batch[i].Sequence)
	}
	if last > t.covered {
		if err := t.cover(ctx, last); err != nil {
			return err
		}
	}
	whole := batch[:0:0]
	for i := range batch {
		d := &batch[i]
		if err := t.ledger.Unreadable(d.Sequence); err != nil {
			if err := t.log.Bury(ctx, "tally", stream.Accepted, d, err, t.now()); err != nil {
				return err
			}
			t.metrics.dead.WithLabelValues(stream.Accepted).Inc()
			continue
		}
		whole = append(whole, *d)
	}
	t.metrics.tally.batch.Observe(float64(len(batch)))
	t.metrics.tally.duration.Observe(t.now().Sub(began).Seconds())
	return stream.AckAll(whole)
}

func cellsOf(body []byte, into map[Cell]bool) error {
	batch, err := event.DecodeAccepted(body)
	if err != nil {
		return err
	}
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		periods, err := s.Periods()
		if err != nil {
			return err
		}
		for row := range s.Len() {
			into[Cell{s.IndicatorWords[s.Indicator[row]], periods[s.Period[row]]}] = true
		}
	}
	return nil
}
