package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
)

// A Task is what one consumer of the log does with its messages: it takes them
// one by one into a batch, and carries the batch out as a whole. [Log.Work] drives
// it, from one goroutine.
type Task interface {
	// Take adds a message to the batch. An error that is Permanent says that the
	// message is bad and not in the batch, or, when it is a [PartlyTaken], that the
	// rest of it is. Any other error stops the worker.
	Take(d *Delivery) error
	// Full reports whether the batch has to be carried out before more is taken.
	Full() bool
	// Linger returns how long to wait for more messages before a batch that is not
	// full is carried out.
	Linger() time.Duration
	// CarryOut gives the messages taken their effect, durably, and empties the
	// batch. It is repeated, with the same messages, as long as its error is a
	// passing one. With [Refusals] all messages but those named have had their
	// effect; with any other Permanent none has.
	CarryOut(ctx context.Context, taken []Delivery) error
	// Reset empties the batch without an effect.
	Reset()
}

// WorkConfig says which messages a worker receives and how it treats them.
type WorkConfig struct {
	// Stage names the worker in letters and metrics; What is what it does with a
	// batch, for the log: a verb and its object.
	Stage, What string

	Consumer ConsumerConfig
	// Batch is how many messages are asked for at once.
	Batch int
	// Gather waits a moment for a batch to grow while a backlog is worked off.
	Gather bool
	// AttemptTimeout bounds one attempt at carrying a batch out; 0 bounds nothing.
	AttemptTimeout time.Duration
	// DrainFor is how long an attempt that has begun may go on after a stop was
	// asked for. What is cut off then is delivered again.
	DrainFor time.Duration
	Retry    RetryConfig
	// Receiving, when set, is called once messages can arrive.
	Receiving func()
	Logger    zerolog.Logger
}

// batches is a Task whose batches are carried out by a function.
type batches struct {
	size, taken int
	work        func(context.Context, []Delivery) error
}

// Batches returns a Task that takes every message, and carries out batches of up to
// size messages by the function, as soon as no more have been received.
func Batches(size int, work func(ctx context.Context, batch []Delivery) error) Task {
	return &batches{size: size, work: work}
}

func (b *batches) Take(*Delivery) error  { b.taken++; return nil }
func (b *batches) Full() bool            { return b.taken >= b.size }
func (b *batches) Linger() time.Duration { return 0 }
func (b *batches) Reset()                { b.taken = 0 }

func (b *batches) CarryOut(ctx context.Context, taken []Delivery) error {
	err := b.work(ctx, taken)
	if err == nil {
		b.taken = 0
	}
	return err
}

// Work receives the messages of a durable consumer and has the task process them
// until ctx ends; then it finishes the attempt under way, gives back what it has
// not processed, and returns nil. It is the one place that decides what becomes
// of a message:
//
//   - done: the message is acknowledged;
//   - permanent (a [event.Permanent] error): a letter that refers to the message is
//     stored in DEAD, then the message is acknowledged;
//   - passing (any other error): the attempt is repeated with growing pauses, as
//     [Log.Retry] does;
//   - fatal (an [event.NewerLayout] error): nothing is acknowledged, and Work returns
//     the error, which says what to do; or, where a person had the message skipped
//     ([Log.Skip]), it is treated as permanent.
func (l *Log) Work(ctx context.Context, config WorkConfig, task Task) error {
	consumer, err := l.startConsumer(ctx, &config)
	if err != nil {
		return endOf(ctx, err)
	}
	defer consumer.Stop()
	if config.Receiving != nil {
		config.Receiving()
	}
	w := &worker{log: l, config: &config, task: task, consumer: consumer}
	defer w.giveBack()
	for {
		if err := w.step(ctx); err != nil {
			return endOf(ctx, err)
		}
	}
}

// endOf is what a worker returns: nil when it was stopped.
func endOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// startConsumer creates the consumer, however long the broker is away.
func (l *Log) startConsumer(ctx context.Context, config *WorkConfig) (consumer *Consumer, err error) {
	err = l.Retry(ctx, config.at("start the consumer", nil), func(ctx context.Context) (err error) {
		consumer, err = l.Consume(ctx, config.Consumer)
		if err != nil && denied(err) {
			return event.Permanentf("%w", err)
		}
		return err
	})
	return consumer, err
}

// at describes an attempt of the worker for Retry; d is the oldest message that
// waits for it, nil where none does.
func (c *WorkConfig) at(what string, d *Delivery) Attempt {
	a := Attempt{What: what, Stage: c.Stage, Stream: c.Consumer.Stream, Retry: c.Retry, Logger: c.Logger}
	if d != nil {
		a.Sequence, a.StoredAt = d.Sequence, d.StoredAt
	}
	return a
}

// worker is the state of one call of Work.
type worker struct {
	log      *Log
	config   *WorkConfig
	task     Task
	consumer *Consumer
	received []Delivery // not taken yet
	taken    []Delivery // in the task's batch
	holds    []func()   // each ends the signs of life for one batch of messages
}

// step takes one message, receives more, or carries the batch out.
func (w *worker) step(ctx context.Context) error {
	if len(w.received) > 0 {
		d := w.received[0]
		w.received = w.received[1:]
		if err := w.take(ctx, d); err != nil || !w.task.Full() {
			return err
		}
		return w.carryOut(ctx)
	}
	more, err := w.receive(ctx)
	if err != nil || more {
		return err
	}
	return w.carryOut(ctx)
}

// take has the task take a message, or puts it aside.
func (w *worker) take(ctx context.Context, d Delivery) error {
	err := w.log.handOver(ctx, w.config.Consumer.Stream, &d, w.task.Take)
	if err == nil {
		w.taken = append(w.taken, d)
		return nil
	}
	if !event.IsPermanent(err) {
		w.received = append([]Delivery{d}, w.received...)
		return fmt.Errorf("read message %d of %s: %w", d.Sequence, w.config.Consumer.Stream, err)
	}
	if err := w.bury(ctx, &d, err); err != nil {
		w.received = append([]Delivery{d}, w.received...)
		return err
	}
	var part *PartlyTaken
	if errors.As(err, &part) {
		w.taken = append(w.taken, d)
		return nil
	}
	w.acknowledge(&d)
	return nil
}

// receive waits for messages: for as long as it takes where the batch is empty,
// else while the task lingers. It reports false when the batch is to be carried
// out instead.
func (w *worker) receive(ctx context.Context) (more bool, err error) {
	var batch []Delivery
	switch linger := w.lingers(); {
	case len(w.taken) == 0:
		w.letGo()
		if w.config.Gather {
			batch, err = w.consumer.Gather(ctx, w.config.Batch)
		} else {
			batch, err = w.consumer.Batch(ctx, w.config.Batch)
		}
	case linger <= 0:
		return false, nil
	default:
		waiting, cancel := context.WithTimeout(ctx, linger)
		defer cancel()
		if batch, err = w.consumer.Batch(waiting, w.config.Batch); err != nil && waiting.Err() != nil && ctx.Err() == nil {
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	w.received = batch
	w.holds = append(w.holds, w.consumer.Hold(batch))
	return true, nil
}

func (w *worker) lingers() time.Duration {
	if len(w.taken) == 0 {
		return 0
	}
	return w.task.Linger()
}

// letGo ends the signs of life, once every message received is acknowledged.
func (w *worker) letGo() {
	for _, done := range w.holds {
		done()
	}
	w.holds = w.holds[:0]
}

// carryOut gives the batch its effect and acknowledges its messages. When the
// whole batch is refused for good, each message is tried alone, so that one bad
// message costs itself and no other.
func (w *worker) carryOut(ctx context.Context) error {
	err := w.attempt(ctx)
	if !event.IsPermanent(err) || len(w.taken) < 2 || asRefusals(err) != nil {
		return w.settle(ctx, err)
	}
	together := w.taken
	w.task.Reset()
	for i, d := range together {
		w.taken = nil
		if err := w.take(ctx, d); err != nil {
			w.received = append(together[i+1:len(together):len(together)], w.received...)
			return err
		}
		if len(w.taken) == 0 {
			continue
		}
		if err := w.settle(ctx, w.attempt(ctx)); err != nil {
			w.received = append(together[i+1:len(together):len(together)], w.received...)
			return err
		}
	}
	return nil
}

func (w *worker) attempt(ctx context.Context) error {
	attempt := w.config.at(w.config.What, oldest(w.taken))
	attempt.Timeout, attempt.DrainFor = w.config.AttemptTimeout, w.config.DrainFor
	return w.log.Retry(ctx, attempt, func(ctx context.Context) error { return w.task.CarryOut(ctx, w.taken) })
}

func oldest(batch []Delivery) *Delivery {
	var oldest *Delivery
	for i := range batch {
		if oldest == nil || batch[i].Sequence < oldest.Sequence {
			oldest = &batch[i]
		}
	}
	return oldest
}

// settle acknowledges the messages taken, and puts aside those that err names, or
// all of them when it is Permanent and names none.
func (w *worker) settle(ctx context.Context, err error) error {
	if err != nil && !event.IsPermanent(err) {
		return err
	}
	refused := asRefusals(err)
	for i := range w.taken {
		cause := err
		if refused != nil {
			cause = refused[w.taken[i].Sequence]
		}
		if cause != nil {
			if err := w.bury(ctx, &w.taken[i], cause); err != nil {
				w.taken = w.taken[i:]
				return err
			}
		}
		w.acknowledge(&w.taken[i])
	}
	if err != nil {
		w.task.Reset()
	}
	w.taken = w.taken[:0]
	return nil
}

// acknowledge tells the broker that a message is done. Where that is lost the
// message comes again, which every task has to bear.
func (w *worker) acknowledge(d *Delivery) {
	if err := d.Ack(); err != nil {
		w.config.Logger.Debug().Err(err).Str("stream", w.config.Consumer.Stream).Uint64("sequence", d.Sequence).Msg("acknowledgement lost")
	}
}

// bury puts a letter for the message into DEAD, however long the broker is away.
func (w *worker) bury(ctx context.Context, d *Delivery, cause error) error {
	err := w.log.Retry(ctx, w.config.at("put a message aside", d), func(ctx context.Context) error {
		return w.log.bury(ctx, w.config.Stage, w.config.Consumer.Stream, d, cause)
	})
	if event.IsPermanent(err) {
		// Burying always ends: the log line is all that remains of the letter.
		w.config.Logger.Error().Err(err).AnErr("cause", cause).Str("stream", w.config.Consumer.Stream).Uint64("sequence", d.Sequence).
			Msg("DEAD does not take the letter for a message that cannot be processed; the message is passed over")
		err = nil
	}
	if err == nil {
		w.log.health.bury(source{w.config.Stage, w.config.Consumer.Stream})
	}
	return err
}

// giveBack returns to the broker what was received and not processed.
func (w *worker) giveBack() {
	w.letGo()
	release(w.taken)
	release(w.received)
}

// PartlyTaken is a Permanent error about part of a message: the task has taken the
// rest of it.
type PartlyTaken struct{ Err error }

// Error returns the cause's text.
func (p *PartlyTaken) Error() string { return p.Err.Error() }

// Unwrap returns the cause, marked permanent.
func (p *PartlyTaken) Unwrap() error { return &event.Permanent{Err: p.Err} }

// Refusals are the messages of a batch, by their sequence in the stream, that can
// never have their effect, each with why. All others of the batch have had theirs.
type Refusals map[uint64]error

// Error names every message.
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

// Unwrap marks them permanent.
func (r Refusals) Unwrap() error { return &event.Permanent{Err: errors.New("refused")} }

func asRefusals(err error) Refusals {
	var r Refusals
	errors.As(err, &r)
	return r
}
