package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Waiting is a message that a consumer has not acknowledged.
type Waiting struct {
	Sequence uint64
	Origin   Origin
	StoredAt time.Time
	// Submission is its id, "" where the message names none.
	Submission string
}

// WaitingFor returns messages of the stream that the durable consumer has not
// acknowledged for certain, the oldest first, at most max of them: those after
// the sequence up to which it has acknowledged everything. It looks at no more
// than max messages.
func (l *Log) WaitingFor(ctx context.Context, stream, consumer string, most int) ([]Waiting, error) {
	position, err := l.Position(ctx, stream, consumer)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		// Nobody has begun: everything waits.
	case err != nil:
		return nil, err
	case position.Pending+position.Delivered == 0:
		return nil, nil
	}
	var waiting []Waiting
	enough := errors.New("enough")
	// The end is where the stream ends now.
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err = l.Follow(following, FollowConfig{Stream: stream, From: position.AckFloor + 1, HeadersOnly: true}, func(d Delivery) error {
		if len(waiting) == most {
			return enough
		}
		waiting = append(waiting, Waiting{
			Sequence: d.Sequence, Origin: OriginOf(d.Subject), StoredAt: d.StoredAt, Submission: d.Header(SubmissionHeader),
		})
		return nil
	}, caughtUp)
	if err != nil && !errors.Is(err, enough) {
		return nil, fmt.Errorf("look at what waits in %s: %w", stream, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return waiting, nil
}
