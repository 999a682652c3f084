package stream

import "context"

// Group is a group commit: it publishes the messages that many callers hand over at the
// same time together, so that the callers share round trips and, when they are many,
// an fsync. Run has to run for as long as Publish is called.
type Group struct {
	log      *Log
	requests chan publishRequest
}

type publishRequest struct {
	message Message
	result  chan<- PublishResult
}

// NewGroup returns a group that publishes to the log.
func NewGroup(log *Log) *Group { return &Group{log: log, requests: make(chan publishRequest)} }

// Publish hands one message over and returns when it is durable. When ctx ends first,
// the message may or may not be stored.
func (g *Group) Publish(ctx context.Context, m Message) (Published, error) {
	// The messages of a batch belong to different traces, so each carries its own.
	m.Header = InjectTrace(ctx, m.Header)
	result := make(chan PublishResult, 1)
	select {
	case g.requests <- publishRequest{message: m, result: result}:
	case <-ctx.Done():
		return Published{}, context.Cause(ctx)
	}
	select {
	case r := <-result:
		return r.Published, r.Err
	case <-ctx.Done():
		return Published{}, context.Cause(ctx)
	}
}

// Run publishes until ctx ends and returns nil. While one batch is being stored, the
// next one gathers. A message that comes alone is published at once.
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

func (g *Group) gather(first publishRequest) []publishRequest {
	batch := []publishRequest{first}
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

// publish answers every request, also when ctx has ended: a caller that handed a message
// over learns what became of it even while the program stops.
func (g *Group) publish(ctx context.Context, batch []publishRequest) {
	messages := make([]Message, len(batch))
	for i := range batch {
		messages[i] = batch[i].message
	}
	for i, r := range g.log.PublishEach(context.WithoutCancel(ctx), messages...) {
		batch[i].result <- r
	}
}
