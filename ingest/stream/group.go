package stream

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Group publishes what many callers hand it at the same time as one batch, so
// that they share an fsync. Make one with NewGroup and keep Run going.
type Group struct {
	log      *Log
	requests chan request
}

type request struct {
	message Message
	answer  chan<- answer
}

type answer struct {
	published Published
	err       error
}

// NewGroup returns a group that publishes to the log.
func NewGroup(log *Log) *Group { return &Group{log: log, requests: make(chan request)} }

// Publish hands one message over and returns when it is durable. When ctx ends
// first the message may or may not have been stored.
func (g *Group) Publish(ctx context.Context, m Message) (Published, error) {
	// The batch goes out for many callers, each with a trace of its own.
	m.Header = Traced(ctx, m.Header)
	answers := make(chan answer, 1)
	select {
	case g.requests <- request{message: m, answer: answers}:
	case <-ctx.Done():
		return Published{}, context.Cause(ctx)
	}
	select {
	case a := <-answers:
		return a.published, a.err
	case <-ctx.Done():
		return Published{}, context.Cause(ctx)
	}
}

// Run publishes until ctx ends and returns nil. While one batch is on its way
// to disk the next gathers: a lone caller waits for nobody.
func (g *Group) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case first := <-g.requests:
			g.publish(ctx, g.gather(first))
		}
	}
}

func (g *Group) gather(first request) []request {
	batch := []request{first}
	for len(batch) < maxAtomic {
		select {
		case r := <-g.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// publish answers every request. The batch outlives ctx: what was handed over
// gets its answer even while the program is stopping.
func (g *Group) publish(ctx context.Context, batch []request) {
	ctx = context.WithoutCancel(ctx)
	messages := make([]Message, len(batch))
	for i := range batch {
		messages[i] = batch[i].message
	}
	published, err := g.log.Publish(ctx, messages...)
	for i := range batch {
		switch {
		case i < len(published):
			batch[i].answer <- answer{published: published[i]}
		case len(batch) > 1 && refused(err):
			// The callers do not know of each other: one's mistake is not the
			// others'.
			g.publish(ctx, batch[i:i+1])
		default:
			batch[i].answer <- answer{err: err}
		}
	}
}

// refused reports whether an error is about the messages and not about the
// broker.
func refused(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, ErrConflict) || errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) ||
		errors.As(err, &api) && api.Code/100 == 4
}
