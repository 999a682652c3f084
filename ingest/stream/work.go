package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
)

// WorkConfig says which messages a worker receives and how it treats them.
type WorkConfig struct {
	// Stage names the worker in letters and metrics. What says in the log what it does
	// with a batch: a verb and its object.
	Stage, What string

	Consumer ConsumerConfig
	// Batch is how many messages are received at once, at most.
	Batch int
	// Gather receives by [Consumer.Gather], for larger batches while there is a backlog.
	Gather bool
	// AttemptTimeout bounds one attempt at carrying a batch out; 0 is no bound.
	AttemptTimeout time.Duration
	// DrainFor is how long an attempt that has begun may go on after a stop was asked
	// for. The messages of an attempt that is cut off are delivered again.
	DrainFor time.Duration
	Retry    RetryConfig
	// Receiving, when set, is called once messages can arrive.
	Receiving func()
	Logger    zerolog.Logger
}

// Work receives the messages of a durable consumer and has the task process them until
// ctx ends. Then it finishes the attempt under way, returns the messages that were not
// processed to the broker, and returns nil. It alone decides what becomes of a
// message:
//
//   - done: the message is acknowledged;
//   - permanent (a [event.Permanent] error): a letter that refers to the message is
//     stored in DEAD, then the message is acknowledged;
//   - passing (any other error): [Log.Retry] repeats the attempt with growing pauses;
//   - fatal (an [event.NewerLayout] error): nothing is acknowledged, and Work returns
//     the error, which says what to do. Where a person had the message skipped
//     ([Log.Skip]), it is treated as permanent instead.
func (l *Log) Work(stopping context.Context, config WorkConfig, task Task) error {
	// The cause of a stop, which may be another worker's permanent error, says nothing of
	// this worker's messages.
	ctx, stop := context.WithCancel(context.WithoutCancel(stopping))
	defer stop()
	defer context.AfterFunc(stopping, stop)()
	consumer, err := l.startConsumer(ctx, &config)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	w := &worker{log: l, config: &config, task: task, consumer: consumer}
	defer func() { w.consumer.Stop() }()
	if config.Receiving != nil {
		config.Receiving()
	}
	defer w.nakUnprocessed()
	for {
		err := w.step(ctx)
		if errors.Is(err, errConsumerGone) && !l.nc.IsClosed() {
			err = w.startAgain(ctx)
		}
		if err != nil {
			return unlessStopped(ctx, err)
		}
	}
}

// startAgain creates the consumer anew after somebody has deleted it. The stream's messages
// are delivered again from the first one on, which every task has to cope with.
func (w *worker) startAgain(ctx context.Context) error {
	w.config.Logger.Warn().Str("stream", w.config.Consumer.Stream).Str("consumer", w.config.Consumer.Name).
		Msg("the consumer was deleted in the broker; it is created anew and receives the stream from its start")
	w.endKeepAlives()
	w.task.Reset()
	w.taken, w.received = nil, nil
	w.consumer.Stop()
	consumer, err := w.log.startConsumer(ctx, w.config)
	if err != nil {
		return err
	}
	w.consumer = consumer
	return nil
}

// unlessStopped returns nil where err comes of ctx's end, which is a stop as asked for.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// startConsumer creates the consumer, and waits for the broker for as long as it is
// away.
func (l *Log) startConsumer(ctx context.Context, config *WorkConfig) (consumer *Consumer, err error) {
	err = l.Retry(ctx, config.attempt("start the consumer", nil), func(ctx context.Context) (err error) {
		consumer, err = l.Consume(ctx, config.Consumer)
		if err != nil && isDenied(err) {
			return event.Permanentf("%w", err)
		}
		return err
	})
	return consumer, err
}

// attempt describes an attempt of the worker for Retry; d is the oldest message that
// waits for it, or nil.
func (c *WorkConfig) attempt(what string, d *Delivery) Attempt {
	a := Attempt{What: what, Stage: c.Stage, Stream: c.Consumer.Stream, Retry: c.Retry, Logger: c.Logger}
	if d != nil {
		a.Sequence, a.StoredAt = d.Sequence, d.StoredAt
	}
	return a
}

// worker is the state of one call of Work.
type worker struct {
	log        *Log
	config     *WorkConfig
	task       Task
	consumer   *Consumer
	received   []Delivery // received and not taken yet
	taken      []Delivery // in the task's batch
	keepAlives []func()   // each ends the signs of life for one received batch
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

// take has the task take a message, or writes a letter for one that it cannot take.
func (w *worker) take(ctx context.Context, d Delivery) error {
	err := w.log.deliver(ctx, w.config.Consumer.Stream, &d, w.task.Take)
	if err == nil {
		w.taken = append(w.taken, d)
		return nil
	}
	if event.IsNewerLayout(err) || !event.IsPermanent(err) {
		w.received = append([]Delivery{d}, w.received...)
		return fmt.Errorf("read message %d of %s: %w", d.Sequence, w.config.Consumer.Stream, err)
	}
	if err := w.putAside(ctx, &d, err); err != nil {
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

// receive waits for messages: for ever while the batch is empty, else for the task's
// Linger. It reports false when none came and the batch is to be carried out.
func (w *worker) receive(ctx context.Context) (more bool, err error) {
	var batch []Delivery
	switch linger := w.lingerTime(); {
	case len(w.taken) == 0:
		w.endKeepAlives()
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
	w.keepAlives = append(w.keepAlives, w.consumer.KeepAlive(batch))
	return true, nil
}

func (w *worker) lingerTime() time.Duration {
	if len(w.taken) == 0 {
		return 0
	}
	return w.task.Linger()
}

// endKeepAlives ends the signs of life. It is called when every message received has been
// acknowledged.
func (w *worker) endKeepAlives() {
	for _, done := range w.keepAlives {
		done()
	}
	w.keepAlives = w.keepAlives[:0]
}

// carryOut gives the batch its effect and acknowledges its messages. When the batch as a
// whole fails with a Permanent error, each of its messages is tried alone, so that one
// bad message does not take others to DEAD.
func (w *worker) carryOut(ctx context.Context) error {
	err := w.attempt(ctx)
	if !event.IsPermanent(err) || len(w.taken) < 2 || asRefusals(err) != nil {
		return w.conclude(ctx, err)
	}
	batch := w.taken
	w.task.Reset()
	for i, d := range batch {
		w.taken = nil
		if err := w.take(ctx, d); err != nil {
			w.received = append(batch[i+1:len(batch):len(batch)], w.received...)
			return err
		}
		if len(w.taken) == 0 {
			continue
		}
		if err := w.conclude(ctx, w.attempt(ctx)); err != nil {
			w.received = append(batch[i+1:len(batch):len(batch)], w.received...)
			return err
		}
	}
	return nil
}

func (w *worker) attempt(ctx context.Context) error {
	attempt := w.config.attempt(w.config.What, oldest(w.taken))
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

// conclude acknowledges the messages taken, after writing letters for those that err
// names, or for all of them when err is Permanent and names none.
func (w *worker) conclude(ctx context.Context, err error) error {
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
			if err := w.putAside(ctx, &w.taken[i], cause); err != nil {
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

// acknowledge tells the broker that a message is done. When the acknowledgement is lost,
// the message is delivered again, which every task has to cope with.
func (w *worker) acknowledge(d *Delivery) {
	if err := d.Ack(); err != nil {
		w.config.Logger.Debug().Err(err).Str("stream", w.config.Consumer.Stream).Uint64("sequence", d.Sequence).Msg("acknowledgement lost")
	}
}

// putAside writes a letter for the message into DEAD, and waits for the broker for as
// long as it is away.
func (w *worker) putAside(ctx context.Context, d *Delivery, cause error) error {
	err := w.log.Retry(ctx, w.config.attempt("put a message aside", d), func(ctx context.Context) error {
		return w.log.writeLetter(ctx, w.config.Stage, w.config.Consumer.Stream, d, cause)
	})
	if event.IsPermanent(err) {
		// A letter that DEAD refuses must not stop the stage; the log line stands for it.
		w.config.Logger.Error().Err(err).AnErr("cause", cause).Str("stream", w.config.Consumer.Stream).Uint64("sequence", d.Sequence).
			Msg("DEAD does not take the letter for a message that cannot be processed; the message is passed over")
		err = nil
	}
	if err == nil {
		w.log.health.countLetter(stageStream{w.config.Stage, w.config.Consumer.Stream})
	}
	return err
}

// nakUnprocessed returns the messages that were not processed to the broker.
func (w *worker) nakUnprocessed() {
	w.endKeepAlives()
	nakAll(w.taken)
	nakAll(w.received)
}
