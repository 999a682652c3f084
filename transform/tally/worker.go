package tally

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/rs/zerolog"
)

// Worker publishes the totals that newly accepted figures touch. Of all processes' one
// is active at a time. Two that overlap during a hand-over publish the same totals
// twice; readers keep those of the higher basis.
type Worker struct {
	log       *stream.Log
	ledger    *ledger.Ledger
	ackWait   time.Duration
	logger    zerolog.Logger
	publisher *Publisher
	now       func() time.Time
	metrics   *Metrics
	tracer    *stream.Tracer

	// recovered is true once pendingChanges holds what earlier processes left.
	recovered      bool
	pendingChanges []ledger.Cell // cells whose totals have yet to be published
	publishedBasis uint64        // sequence of ACCEPTED up to which all are published
}

// The most messages of ACCEPTED whose totals are published together. A total that
// two of them touch, such as next year's, is then published once: the larger the
// batch, the sooner a backlog is worked off.
const batchMessages = 2000

// NewWorker returns a worker that reads figures from the ledger, which the caller
// keeps up to date. AckWait is how long the broker waits for a sign of life before it
// gives a message to somebody else. The tracer may be nil.
func NewWorker(log *stream.Log, l *ledger.Ledger, p *Publisher, ackWait time.Duration, logger zerolog.Logger, now func() time.Time, metrics *Metrics, tracer *stream.Tracer) *Worker {
	return &Worker{log: log, ledger: l, publisher: p, ackWait: ackWait, logger: logger, now: now, metrics: metrics, tracer: tracer}
}

// Run publishes totals until ctx ends. Call it once the ledger has caught up with the
// log.
func (w *Worker) Run(ctx context.Context) error {
	return w.log.Work(ctx, stream.WorkConfig{
		Stage: "tally", What: "publish totals", Batch: batchMessages, Gather: true, DrainFor: stream.DrainFor, Logger: w.logger,
		Consumer: stream.ConsumerConfig{
			Stream: stream.Accepted, Name: Consumer, AckWait: w.ackWait, MaxPending: 2 * batchMessages, Single: true,
		},
	}, stream.NewBatchTask(batchMessages, w.flush))
}

// flush publishes every total that the batch touches. The ledger may be ahead of the
// batch; the totals that later messages touch are published with it, so that totals
// agree with each other. A batch whose totals went out with an earlier one needs
// nothing more. Messages that the ledger could not read are refused.
func (w *Worker) flush(ctx context.Context, batch []stream.Delivery) (err error) {
	began, spans := w.now(), w.tracer.StartBatch(ctx, "tally", batch)
	defer func() { spans.End(err) }()
	ctx = spans.Context(ctx)
	var last uint64
	for i := range batch {
		last = max(last, batch[i].Sequence)
	}
	refused := stream.Refusals{}
	if last > w.publishedBasis {
		err := w.publishPending(ctx, last)
		switch {
		case event.IsPermanent(err):
			refused[last] = fmt.Errorf("publish the totals up to this message: %w", err)
		case err != nil:
			return err
		}
	}
	for i := range batch {
		if err := w.ledger.Unreadable(batch[i].Sequence); err != nil {
			refused[batch[i].Sequence] = errors.Join(refused[batch[i].Sequence], err)
		}
	}
	w.metrics.batch.Observe(float64(len(batch)))
	w.metrics.duration.Observe(w.now().Sub(began).Seconds())
	if len(refused) > 0 {
		return refused
	}
	return nil
}

// eachCell calls f with the cells of every row in a message of ACCEPTED that the ledger has
// folded in, and of every figure that it holds or decides about.
func eachCell(l *ledger.Ledger, body []byte, f func(ledger.Cell)) error {
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
			f(cell)
		}
		for j := range s.Held {
			cellOfHold(l, s.Sequence, s.Held[j].Row, f)
		}
	}
	for i := range batch.Decisions {
		for _, row := range batch.Decisions[i].Rows {
			cellOfHold(l, batch.Decisions[i].Sequence, row, f)
		}
	}
	return nil
}

func cellOfHold(l *ledger.Ledger, sequence uint64, row uint32, f func(ledger.Cell)) {
	if h := l.Hold(event.HoldID{Sequence: sequence, Row: int(row)}); h != nil {
		f(h.Cell)
	}
}

// Consumer is the name of the tally worker's durable consumer of ACCEPTED, which tells
// how far it has come.
const Consumer = "tally"
