package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest/event"
)

// A Task is what one consumer of the log does with its messages: it takes them one by
// one into a batch, and carries the batch out as a whole. [Log.Work] calls its methods
// from one goroutine.
type Task interface {
	// Take adds a message to the batch. After a [PartlyTaken] error the good part of
	// the message is in the batch; after any other Permanent error nothing of it is.
	// An error that is not Permanent stops the worker.
	Take(d *Delivery) error
	// Full reports whether the batch has to be carried out before more is taken.
	Full() bool
	// Linger returns how long to wait for more messages before a batch that is not
	// full is carried out.
	Linger() time.Duration
	// CarryOut gives the messages taken their effect, durably, and empties the batch.
	// After an error that may pass it is called again with the same messages. After
	// [Refusals] all messages but those named have had their effect; after any other
	// Permanent error none has. A newer layout is met in Take, where a skip is heeded; an
	// [event.NewerLayout] from here stops the worker whatever was skipped.
	CarryOut(ctx context.Context, taken []Delivery) error
	// Reset empties the batch without an effect.
	Reset()
}

// batchTask is a Task that leaves the work on a batch to a function.
type batchTask struct {
	size, taken int
	work        func(context.Context, []Delivery) error
}

func (b *batchTask) Take(*Delivery) error { b.taken++; return nil }

func (b *batchTask) Full() bool { return b.taken >= b.size }

func (b *batchTask) Linger() time.Duration { return 0 }

func (b *batchTask) Reset() { b.taken = 0 }

func (b *batchTask) CarryOut(ctx context.Context, taken []Delivery) error {
	err := b.work(ctx, taken)
	if err == nil {
		b.taken = 0
	}
	return err
}

// NewBatchTask returns a Task that takes every message, and calls work with batches of
// up to size messages. It does not wait for a batch to fill.
func NewBatchTask(size int, work func(ctx context.Context, batch []Delivery) error) Task {
	return &batchTask{size: size, work: work}
}

// PartlyTaken is a Permanent error about the bad part of a message; the task has taken
// the good part.
type PartlyTaken struct{ Err error }

// Error returns the cause's text.
func (p *PartlyTaken) Error() string { return p.Err.Error() }

// Unwrap returns the cause, marked permanent.
func (p *PartlyTaken) Unwrap() error { return &event.Permanent{Err: p.Err} }

// Refusals are the messages of a batch that can never have their effect, by their
// sequence in the stream, each with the reason. All other messages of the batch have
// had their effect.
type Refusals map[uint64]error

// Error lists every message with its reason.
func (r Refusals) Error() string {
	var text strings.Builder
	for i, sequence := range slices.Sorted(maps.Keys(r)) {
		if i > 0 {
			text.WriteString("; ")
		}
		fmt.Fprintf(&text, "message %d: %v", sequence, r[sequence])
	}
	return text.String()
}

// Unwrap makes the error a Permanent one.
func (r Refusals) Unwrap() error { return &event.Permanent{Err: errors.New("refused")} }

func asRefusals(err error) Refusals {
	var r Refusals
	errors.As(err, &r)
	return r
}
