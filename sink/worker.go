package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// block gathers the rows of one insert.
type block interface {
	// add takes a message's rows. When it returns a *poison it has taken all but
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
	// open reports whether some are still absent, absent which by sequence.
	open() bool
	absent() []uint64
	take(subject string, body []byte, sequence uint64) error
}

var _ assembly = (*totalsBlock)(nil)

func (b *totalsBlock) open() bool       { return b.flushes.open() }
func (b *totalsBlock) absent() []uint64 { return b.flushes.absent() }

// How long a worker waits for the rest of a flush before it fetches it: parts
// are stored together and arrive together.
const restWithin = 250 * time.Millisecond

// worker moves one stream into the store.
type worker struct {
	*Workers
	stream   string
	consumer *stream.Consumer
	block    block
	// apart is how long after an insert the next begins at the earliest, unless
	// its block is full.
	apart  time.Duration
	logger zerolog.Logger

	queue    []stream.Delivery // received, not in the block yet
	gathered []stream.Delivery // in the block, to be acknowledged
	holds    []func()
	began    time.Time // the last insert
}

// run works until ctx ends and returns nil.
func (w *worker) run(ctx context.Context) error {
	for {
		if len(w.queue) == 0 {
			more, err := w.receive(ctx)
			if err != nil {
				return w.end(ctx, err)
			}
			if !more {
				if err := w.flush(ctx); err != nil {
					return w.end(ctx, err)
				}
			}
			continue
		}
		d := w.queue[0]
		w.queue = w.queue[1:]
		if err := w.block.add(&d); err != nil {
			if !event.IsPermanent(err) {
				return w.end(ctx, fmt.Errorf("read message %d of %s: %w", d.Sequence, w.stream, err))
			}
			taken, err := w.bury(ctx, &d, err)
			if err != nil {
				return w.end(ctx, err)
			}
			if !taken {
				continue
			}
		}
		w.gathered = append(w.gathered, d)
		if w.block.rows() < w.config.BatchRows {
			continue
		}
		if w.passedOver(d.Sequence) {
			if err := w.complete(ctx); err != nil {
				return w.end(ctx, err)
			}
		} else if w.isOpen() {
			continue
		}
		if err := w.flush(ctx); err != nil {
			return w.end(ctx, err)
		}
	}
}

// end tells an ordinary stop from a failure.
func (w *worker) end(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, errStopped) {
		return nil
	}
	return err
}

func (w *worker) isOpen() bool {
	a, ok := w.block.(assembly)
	return ok && a.open()
}

// passedOver reports whether the block lacks parts of a flush that lie before the
// message: they are not delivered next, and a full block cannot grow until they
// are.
func (w *worker) passedOver(sequence uint64) bool {
	a, ok := w.block.(assembly)
	return ok && a.open() && slices.Min(a.absent()) < sequence
}

// receive fills the queue: it waits for messages when the block is empty, and
// for the rest of a flush when that is due. It reports false when there is a
// block to insert instead.
func (w *worker) receive(ctx context.Context) (bool, error) {
	switch {
	case len(w.gathered) == 0:
		w.letGo()
	case w.isOpen():
		rest, cancel := context.WithTimeout(ctx, restWithin)
		defer cancel()
		if batch, err := w.consumer.Batch(rest, w.config.BatchMessages); err == nil {
			w.take(batch)
			return true, nil
		}
		return false, w.complete(ctx)
	default:
		return w.linger(ctx)
	}
	batch, err := w.consumer.Gather(ctx, w.config.BatchMessages)
	if err != nil {
		return false, err
	}
	w.take(batch)
	return true, nil
}

// linger waits for more where the last insert has only just begun. It reports
// false when it is time for the next.
func (w *worker) linger(ctx context.Context) (bool, error) {
	rest := min(w.apart, w.apart-w.now().Sub(w.began))
	if rest <= 0 || len(w.gathered) >= w.config.BatchMessages {
		return false, nil
	}
	waiting, cancel := context.WithTimeout(ctx, rest)
	defer cancel()
	batch, err := w.consumer.Batch(waiting, w.config.BatchMessages)
	if err != nil {
		if waiting.Err() != nil {
			return false, nil
		}
		return false, err
	}
	w.take(batch)
	return true, nil
}

func (w *worker) take(batch []stream.Delivery) {
	w.queue = batch
	w.holds = append(w.holds, w.consumer.Hold(batch))
}

// letGo ends the signs of life, once nothing received is unacknowledged.
func (w *worker) letGo() {
	for _, done := range w.holds {
		done()
	}
	w.holds = nil
}

// complete fetches from the log the parts of a flush that were not delivered:
// after a crash of the broker only some of a flush may come again. What is not
// there any more, or is no part of the flush, cannot be waited for.
func (w *worker) complete(ctx context.Context) error {
	a := w.block.(assembly)
	for _, sequence := range a.absent() {
		m, err := w.fetch(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := a.take(m.Subject, m.Data, sequence); err != nil && !event.IsPermanent(err) {
			return err
		}
	}
	if a.open() {
		w.logger.Warn().Uints64("absent", a.absent()).Msg("parts of a flush of totals are no longer in the log, the others are shown without them")
	}
	return nil
}

// fetch reads a message from the log, however long the broker is away.
func (w *worker) fetch(ctx context.Context, sequence uint64) (*jetstream.RawStreamMsg, error) {
	pause := newBackoff(w.config)
	for {
		m, err := w.log.Get(ctx, w.stream, sequence)
		if err == nil || errors.Is(err, jetstream.ErrMsgNotFound) {
			return m, err
		}
		w.logger.Warn().Err(err).Uint64("sequence", sequence).Msg("the rest of a flush cannot be fetched yet")
		if !pause.wait(ctx) {
			return nil, errStopped
		}
	}
}

// flush inserts the block, however long that takes, and acknowledges its
// messages.
func (w *worker) flush(ctx context.Context) (err error) {
	w.began = w.now()
	spans := w.tracer.StartBatch(ctx, "insert", w.gathered)
	defer func() { spans.End(err) }()
	err = persist(ctx, w.config, w.logger, func(ctx context.Context) error { return w.attempted(w.block.store(ctx, w.store)) })
	if err != nil {
		return err
	}
	if err := stream.AckAll(w.gathered); err != nil {
		// The messages come again and change nothing.
		w.logger.Debug().Err(err).Msg("acknowledgement lost")
	}
	w.inserted(w.began)
	w.logger.Debug().Int("messages", len(w.gathered)).Int("rows", w.block.rows()).Dur("took", w.now().Sub(w.began)).Msg("inserted")
	w.gathered = w.gathered[:0]
	w.block.reset()
	return nil
}

// bury puts a bad message aside, or the bad part of one, however long the broker
// takes. It reports whether the block has taken the rest of the message.
func (w *worker) bury(ctx context.Context, d *stream.Delivery, cause error) (taken bool, err error) {
	var part *poison
	taken = errors.As(cause, &part)
	pause := newBackoff(w.config)
	for {
		err := limited(ctx, w.config.InsertTimeout, func(ctx context.Context) error {
			if taken {
				return w.log.BuryPart(ctx, "sink", w.stream, d, part.body, cause, w.now())
			}
			return w.log.Bury(ctx, "sink", w.stream, d, cause, w.now())
		})
		if err == nil {
			w.metrics.dead.WithLabelValues(w.stream).Inc()
			return taken, nil
		}
		w.logger.Warn().Err(err).Uint64("sequence", d.Sequence).Msg("a bad message cannot be put aside yet")
		if !pause.wait(ctx) {
			_ = d.Release(0)
			return false, errStopped
		}
	}
}

// giveBack returns to the broker what was received and not inserted.
func (w *worker) giveBack() {
	w.letGo()
	for _, rest := range [][]stream.Delivery{w.gathered, w.queue} {
		for i := range rest {
			_ = rest[i].Release(0)
		}
	}
}
