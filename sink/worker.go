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

var _ multipartBlock = (*totalsBlock)(nil)

// missingPartsWait is how long a worker waits for the missing parts of a flush before it
// fetches them from the log. The parts are stored together, and usually arrive together.
const missingPartsWait = 250 * time.Millisecond

// worker moves one stream into the store.
type worker struct {
	*Workers
	stream string
	block  block
	// minInterval is the least time between the starts of two inserts, unless the
	// second one's block is full.
	minInterval time.Duration
	logger      zerolog.Logger

	messages       int    // messages in the block
	newest         uint64 // sequence of the last message taken
	fetchedMissing bool   // whether missing parts of flushes have been fetched
	// incompleteSince is when the block was first seen to hold a flush in part.
	incompleteSince time.Time
	began           time.Time // when the last insert began
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

// Full reports whether the block has BatchRows rows. A block that holds a flush in part
// grows on until it is complete, unless a missing part lies before the last message: such a
// part is not delivered next.
func (w *worker) Full() bool {
	if w.block.rows() < w.config.BatchRows {
		return false
	}
	b, incomplete := w.incompleteBlock()
	return !incomplete || w.isPassedOver(b)
}

// isPassedOver reports whether a part that the block misses lies before the last message
// taken: that part is not delivered next.
func (w *worker) isPassedOver(b multipartBlock) bool {
	return slices.ContainsFunc(b.missingParts(), func(missing []uint64) bool { return missing[0] < w.newest })
}

// Linger returns how long to wait for the missing parts of a flush, or else until the next
// insert may begin.
func (w *worker) Linger() time.Duration {
	if b, incomplete := w.incompleteBlock(); incomplete {
		if w.incompleteSince.IsZero() {
			w.incompleteSince = w.now()
		}
		if w.isPassedOver(b) {
			return 0
		}
		return missingPartsWait - w.now().Sub(w.incompleteSince)
	}
	w.incompleteSince = time.Time{}
	if w.messages >= w.config.BatchMessages {
		return 0
	}
	return min(w.minInterval, w.minInterval-w.now().Sub(w.began))
}

// incompleteBlock returns the block and true when it holds a flush in part.
func (w *worker) incompleteBlock() (multipartBlock, bool) {
	b, ok := w.block.(multipartBlock)
	return b, ok && b.incomplete()
}

// CarryOut inserts the block.
func (w *worker) CarryOut(ctx context.Context, taken []stream.Delivery) (err error) {
	began := w.now()
	spans := w.tracer.StartBatch(ctx, "insert", taken)
	defer func() { spans.End(err) }()
	if err := w.permitted(ctx); err != nil {
		return err
	}
	if err := w.fetchMissing(ctx); err != nil {
		return err
	}
	w.began = began
	if err := w.block.store(ctx, w.store); err != nil {
		return err
	}
	w.countInsert(len(taken), began)
	w.logger.Debug().Int("messages", len(taken)).Int("rows", w.block.rows()).Dur("took", w.now().Sub(began)).Msg("inserted")
	w.Reset()
	return nil
}

// Reset empties the block.
func (w *worker) Reset() {
	w.block.reset()
	w.messages, w.newest, w.fetchedMissing, w.incompleteSince = 0, 0, false, time.Time{}
}

// fetchMissing fetches from the log the parts of flushes that were not delivered: after a
// crash of the broker only some parts of a flush may be delivered again. The block is
// inserted without parts that the log does not hold.
func (w *worker) fetchMissing(ctx context.Context) error {
	b, incomplete := w.incompleteBlock()
	if !incomplete || w.fetchedMissing {
		return nil
	}
	last, err := w.log.LastSequence(ctx, w.stream)
	if err != nil {
		return err
	}
	for _, missing := range b.missingParts() {
		if err := w.fetch(ctx, b, missing, last); err != nil {
			return err
		}
	}
	w.fetchedMissing = true
	if b.incomplete() {
		w.logger.Warn().Int("flushes", len(b.missingParts())).Msg("parts of a flush of totals are not in the log, the others are shown without them")
	}
	return nil
}

// fetch adds the missing parts of one flush from the log to the block; last is the log's
// last sequence. Since parts have consecutive sequences, a message among them that is no
// part shows that there is no such flush, and ends the search.
func (w *worker) fetch(ctx context.Context, b multipartBlock, missing []uint64, last uint64) error {
	for _, sequence := range missing {
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
		if err := b.addPart(m.Subject, m.Data, sequence); err != nil && !event.IsPermanent(err) && !event.IsNewerLayout(err) {
			return err
		}
		if slices.ContainsFunc(b.missingParts(), func(still []uint64) bool { return slices.Contains(still, sequence) }) {
			return nil
		}
	}
	return nil
}
