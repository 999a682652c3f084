package stream

import "context"

// Group publishes what many callers hand it at the same time together, so that
// they share round trips and, when they are many, an fsync. Make one with NewGroup
// and keep Run going.
type Group struct {
	log      *Log
	requests chan request
}

type request struct {
	message Message
	answer  chan<- Answer
}

// NewGroup returns a group that publishes to the log.
func NewGroup(log *Log) *Group { return &Group{log: log, requests: make(chan request)} }

// Publish hands one message over and returns when it is durable. When ctx ends
// first the message may or may not have been stored.
func (g *Group) Publish(ctx context.Context, m Message) (Published, error) {
	// The batch goes out for many callers, each with a trace of its own.
	m.Header = Traced(ctx, m.Header)
	answers := make(chan Answer, 1)
	select {
	case g.requests <- request{message: m, answer: answers}:
	case <-ctx.Done():
		return Published{}, context.Cause(ctx)
	}
	select {
	case a := <-answers:
		return a.Published, a.Err
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

// publish answers every request. What was handed over gets its answer even while
// the program is stopping, so it outlives ctx.
func (g *Group) publish(ctx context.Context, batch []request) {
	messages := make([]Message, len(batch))
	for i := range batch {
		messages[i] = batch[i].message
	}
	for i, a := range g.log.PublishEach(context.WithoutCancel(ctx), messages...) {
		batch[i].answer <- a
	}
}
