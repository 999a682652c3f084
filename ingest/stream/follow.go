package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Follow hands every message of the stream from the sequence on to handle, in
// order, one at a time, and goes on with new ones until ctx ends; then it
// returns nil. It calls caughtUp once, as soon as everything that was there at
// the start has been handled. An error from handle ends it.
func (l *Log) Follow(ctx context.Context, config FollowConfig, handle func(Delivery) error, caughtUp func()) error {
	stream, err := l.js.Stream(ctx, config.Stream)
	if err != nil {
		return fmt.Errorf("look at stream %s: %w", config.Stream, err)
	}
	oc := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy, HeadersOnly: config.HeadersOnly, FilterSubjects: config.Subjects}
	if config.From > 1 {
		oc.DeliverPolicy, oc.OptStartSeq = jetstream.DeliverByStartSequencePolicy, config.From
	}
	consumer, err := stream.OrderedConsumer(ctx, oc)
	if err != nil {
		return fmt.Errorf("follow stream %s: %w", config.Stream, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(followAhead))
	if err != nil {
		return fmt.Errorf("follow stream %s: %w", config.Stream, err)
	}
	defer messages.Stop()

	info, err := consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("look at consumer of %s: %w", config.Stream, err)
	}
	behind := info.NumPending + info.Delivered.Consumer
	if behind == 0 {
		caughtUp()
	}
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow stream %s: %w", config.Stream, err)
		}
		d, err := newDelivery(m)
		if err != nil {
			return err
		}
		if err := handle(d); err != nil {
			return err
		}
		if behind > 0 {
			if behind--; behind == 0 {
				caughtUp()
			}
		}
	}
}

// How many messages Follow asks the broker for ahead of handling them.
const followAhead = 2000

// FollowConfig says what to follow.
type FollowConfig struct {
	Stream string
	// Subjects bound what is followed; none is everything.
	Subjects []string
	// From is the first sequence wanted; 0 is the first there is.
	From uint64
	// HeadersOnly leaves out the bodies.
	HeadersOnly bool
}

// Get reads one message of a stream by its sequence. It returns
// jetstream.ErrMsgNotFound when the stream does not have it any more.
func (l *Log) Get(ctx context.Context, stream string, sequence uint64) (*jetstream.RawStreamMsg, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	m, err := s.GetMsg(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("get message %d of %s: %w", sequence, stream, err)
	}
	return m, nil
}

// GetLast reads the newest message on a subject. It returns
// jetstream.ErrMsgNotFound when there is none.
func (l *Log) GetLast(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("get the last message on %s: %w", subject, err)
	}
	return m, nil
}
