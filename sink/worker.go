package sink

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// block gathers the rows of one insert.
type block interface {
	// add takes a message's rows. After a *stream.PartlyTaken it has taken all but
	// those named there; after any other permanent error the message is bad and
	// nothing was taken. Any other error ends the stage.
	add(*stream.Delivery) error
	// rows is a measure of how large the insert is.
	rows() int
	// store inserts the rows; it may be repeated.
	store(context.Context, *Store) error
	reset()
}

// assembly is a block some of whose messages have to go in together.
type assembly interface {
	// open reports whether some are still absent, absent which: their sequences in
	// order, for each group that goes in together.
	open() bool
	absent() [][]uint64
	take(subject string, body []byte, sequence uint64) error
}

var _ assembly = (*totalsBlock)(nil)

func (b *totalsBlock) open() bool         { return b.flushes.open() }
func (b *totalsBlock) absent() [][]uint64 { return b.flushes.absent() }

// How long a worker waits for the rest of a flush before it fetches it: parts
// are stored together and arrive together.
const restWithin = 250 * time.Millisecond

// worker moves one stream into the store.
type worker struct {
	*Workers
	stream string
	block  block
	// minInterval is the least time between the starts of two inserts, unless the
	// second one's block is full.
	minInterval time.Duration
	logger      zerolog.Logger

	messages  int       // in the block
	newest    uint64    // the sequence of the last message taken
	completed bool      // the rest of a flush has been fetched
	began     time.Time // the last insert
}

var _ stream.Task = (*worker)(nil)

// Take adds a message's rows to the block.
func (w *worker) Take(d *stream.Delivery) error {
	err := w.block.add(d)
	var part *stream.PartlyTaken
	if err == nil || errors.As(err, &part) {
		w.messages++
		w.newest = d.Sequence
	}
	return err
}

// Full reports whether the block has as many rows as an insert takes. A block that
// holds a flush in part grows on, unless the rest was passed over: parts that lie
// before the last message are not delivered next.
func (w *worker) Full() bool {
	if w.block.rows() < w.config.BatchRows {
		return false
	}
	a, open := w.openAssembly()
	return !open || slices.ContainsFunc(a.absent(), func(absent []uint64) bool { return absent[0] < w.newest })
}

// Linger is how long the rest of a flush is waited for, or else how long it is
// until the next insert may begin.
func (w *worker) Linger() time.Duration {
	if _, open := w.openAssembly(); open {
		return restWithin
	}
	if w.messages >= w.config.BatchMessages {
		return 0
	}
	return min(w.minInterval, w.minInterval-w.now().Sub(w.began))
}

func (w *worker) openAssembly() (assembly, bool) {
	a, ok := w.block.(assembly)
	return a, ok && a.open()
}

// CarryOut inserts the block.
func (w *worker) CarryOut(ctx context.Context, taken []stream.Delivery) (err error) {
	began := w.now()
	spans := w.tracer.StartBatch(ctx, "insert", taken)
	defer func() { spans.End(err) }()
	if err := w.complete(ctx); err != nil {
		return err
	}
	w.began = began
	if err := w.block.store(ctx, w.store); err != nil {
		return err
	}
	w.inserted(len(taken), began)
	w.logger.Debug().Int("messages", len(taken)).Int("rows", w.block.rows()).Dur("took", w.now().Sub(began)).Msg("inserted")
	w.Reset()
	return nil
}

// Reset empties the block.
func (w *worker) Reset() {
	w.block.reset()
	w.messages, w.newest, w.completed = 0, 0, false
}

// complete fetches from the log the parts of a flush that were not delivered:
// after a crash of the broker only some of a flush may come again. What is not
// there any more, or is no part of the flush, cannot be waited for.
func (w *worker) complete(ctx context.Context) error {
	a, open := w.openAssembly()
	if !open || w.completed {
		return nil
	}
	last, err := w.log.LastSequence(ctx, w.stream)
	if err != nil {
		return err
	}
	for _, absent := range a.absent() {
		if err := w.fetch(ctx, a, absent, last); err != nil {
			return err
		}
	}
	w.completed = true
	if a.open() {
		w.logger.Warn().Int("flushes", len(a.absent())).Msg("parts of a flush of totals are not in the log, the others are shown without them")
	}
	return nil
}

// fetch takes the absent parts of one flush from the log, whose last sequence it is
// given. The parts of a flush lie side by side, so a message between them that is none
// shows that there never was such a flush.
func (w *worker) fetch(ctx context.Context, a assembly, absent []uint64, last uint64) error {
	for _, sequence := range absent {
		if sequence > last {
			return nil
		}
		m, err := w.log.Get(ctx, w.stream, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := a.take(m.Subject, m.Data, sequence); err != nil && !event.IsPermanent(err) {
			return err
		}
		if slices.ContainsFunc(a.absent(), func(still []uint64) bool { return slices.Contains(still, sequence) }) {
			return nil
		}
	}
	return nil
}
