package tally

import (
	"context"
	"fmt"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/rs/zerolog"
)

// Worker publishes the totals that newly accepted observations touch. One is
// active at a time. Two that overlap during a hand-over publish the same totals
// twice, which readers tell by their basis.
type Worker struct {
	log       *stream.Log
	ledger    *ledger.Ledger
	ackWait   time.Duration
	logger    zerolog.Logger
	publisher *Publisher
	now       func() time.Time
	metrics   *Metrics
	tracer    *stream.Tracer

	recovered      bool
	pendingChanges []ledger.Cell // those that changed since totals were last published
	publishedBasis uint64        // the sequence of ACCEPTED up to which they have been
}

// Consumer is the durable consumer by which the tally's progress is known.
const Consumer = "tally"

// How many messages of ACCEPTED are covered together at most. While a backlog is
// worked off, the more there are the fewer totals are published twice: those that
// a year's figures touch and then the next year's.
const batchMessages = 2000

// NewWorker returns a worker that reads figures from the ledger, which somebody
// else fills. AckWait is how long the broker waits for a sign of life before it
// gives a message to somebody else. The tracer may be nil.
func NewWorker(log *stream.Log, l *ledger.Ledger, p *Publisher, ackWait time.Duration, logger zerolog.Logger, now func() time.Time, metrics *Metrics, tracer *stream.Tracer) *Worker {
	return &Worker{log: log, ledger: l, publisher: p, ackWait: ackWait, logger: logger, now: now, metrics: metrics, tracer: tracer}
}

// Run tallies until ctx ends. It is to be called once the ledger has caught up.
func (t *Worker) Run(ctx context.Context) error {
	return t.log.Work(ctx, stream.WorkConfig{
		Stage: "tally", What: "publish totals", Batch: batchMessages, Gather: true, DrainFor: stream.DrainFor, Logger: t.logger,
		Consumer: stream.ConsumerConfig{
			Stream: stream.Accepted, Name: Consumer, AckWait: t.ackWait, MaxPending: 2 * batchMessages, Single: true,
		},
	}, stream.Batches(batchMessages, t.flush))
}

// flush publishes every total that the batch touches, and those that whatever
// the ledger is ahead touches: what it shows of a cell has to agree with what it
// shows of others. What it has published with a batch before it does not repeat.
// It refuses the messages that the ledger could not read.
func (t *Worker) flush(ctx context.Context, batch []stream.Delivery) (err error) {
	began, spans := t.now(), t.tracer.StartBatch(ctx, "tally", batch)
	defer func() { spans.End(err) }()
	ctx = spans.Context(ctx)
	var last uint64
	for i := range batch {
		last = max(last, batch[i].Sequence)
	}
	refused := stream.Refusals{}
	if last > t.publishedBasis {
		err := t.publishPending(ctx, last)
		switch {
		case event.IsPermanent(err):
			// The totals of later messages do not wait for what can never be published.
			refused[last] = fmt.Errorf("publish the totals up to this message: %w", err)
			t.pendingChanges = t.pendingChanges[:0]
		case err != nil:
			return err
		}
	}
	for i := range batch {
		if err := t.ledger.Unreadable(batch[i].Sequence); err != nil {
			refused[batch[i].Sequence] = err
		}
	}
	t.metrics.batch.Observe(float64(len(batch)))
	t.metrics.duration.Observe(t.now().Sub(began).Seconds())
	if len(refused) > 0 {
		return refused
	}
	return nil
}

func addCells(body []byte, into map[ledger.Cell]bool) error {
	batch, err := event.DecodeAccepted(body)
	if err != nil {
		return err
	}
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		cells, err := ledger.CellsOf(s)
		if err != nil {
			return err
		}
		for _, cell := range cells {
			into[cell] = true
		}
	}
	return nil
}
