package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// Waiting is a submission in a message that a consumer has not acknowledged.
type Waiting struct {
	Sequence uint64
	Origin   event.Origin
	StoredAt time.Time
	// Submission is its id, "" where the message names none.
	Submission string
}

// WaitingFor returns the submissions in messages of the stream that the durable
// consumer has not acknowledged for certain, the oldest first: those after the
// sequence up to which it has acknowledged everything. It looks at no more than
// so many messages.
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
			Sequence: d.Sequence, Origin: event.OriginOf(d.Subject), StoredAt: d.StoredAt, Submission: d.Header(event.SubmissionHeader),
		})
		return nil
	}, caughtUp)
	if err != nil && !errors.Is(err, enough) {
		return nil, fmt.Errorf("look at what waits in %s: %w", stream, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return l.named(ctx, stream, waiting)
}

// named tells the submissions in messages whose headers do not: those of
// ACCEPTED, which may hold several, and those of whoever publishes directly.
func (l *Log) named(ctx context.Context, stream string, messages []Waiting) ([]Waiting, error) {
	var all []Waiting
	for _, w := range messages {
		if w.Submission != "" || stream != Accepted && stream != Submissions {
			all = append(all, w)
			continue
		}
		m, err := l.Get(ctx, stream, w.Sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, w.in(stream, m.Data)...)
	}
	return all, nil
}

// in returns one of w for each submission in the message; w itself where it
// cannot be read.
func (w Waiting) in(stream string, body []byte) []Waiting {
	if stream == Submissions {
		if s, err := event.DecodeSubmission(body); err == nil {
			w.Submission = s.ID()
		}
		return []Waiting{w}
	}
	batch, err := event.DecodeAccepted(body)
	if err != nil || len(batch.Submissions) == 0 {
		return []Waiting{w}
	}
	all := make([]Waiting, len(batch.Submissions))
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		all[i] = Waiting{Sequence: w.Sequence, StoredAt: w.StoredAt, Origin: event.Origin{Area: s.Area, Dataset: s.Dataset}, Submission: s.ID}
	}
	return all
}
