package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// Unacknowledged is a submission in a message that a consumer has not acknowledged.
type Unacknowledged struct {
	Sequence uint64
	Origin   event.Origin
	StoredAt time.Time
	// Submission is the submission's id, "" where the message names none.
	Submission string
}

// UnacknowledgedBy returns the submissions in messages of the stream that the durable
// consumer may not have acknowledged, the oldest first: those after the sequence up to
// which it has acknowledged everything. It reads at most limit messages.
func (l *Log) UnacknowledgedBy(ctx context.Context, stream, consumer string, limit int) ([]Unacknowledged, error) {
	position, err := l.Position(ctx, stream, consumer)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		// The consumer has never run, so no message is acknowledged.
	case err != nil:
		return nil, err
	case position.Pending+position.Delivered == 0:
		return nil, nil
	}
	var found []Unacknowledged
	enough := errors.New("enough")
	// Reading ends where the stream ends now.
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err = l.Follow(following, FollowConfig{Stream: stream, From: position.AckFloor + 1, HeadersOnly: true}, func(d Delivery) error {
		if len(found) == limit {
			return enough
		}
		found = append(found, Unacknowledged{
			Sequence: d.Sequence, Origin: event.OriginOf(d.Subject), StoredAt: d.StoredAt, Submission: d.Header(event.SubmissionHeader),
		})
		return nil
	}, caughtUp)
	if err != nil && !errors.Is(err, enough) {
		return nil, fmt.Errorf("list unacknowledged messages of %s: %w", stream, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return l.identifySubmissions(ctx, stream, found)
}

// identifySubmissions reads the messages whose headers name no submission, and returns
// one element for each submission in them: messages of ACCEPTED may hold several, and
// a district that publishes to the broker directly sets no header.
func (l *Log) identifySubmissions(ctx context.Context, stream string, messages []Unacknowledged) ([]Unacknowledged, error) {
	var all []Unacknowledged
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
		all = append(all, w.submissionsIn(stream, m.Data)...)
	}
	return all, nil
}

// submissionsIn returns one element for each submission in the message's body, or w as
// it is where the body cannot be read.
func (w Unacknowledged) submissionsIn(stream string, body []byte) []Unacknowledged {
	if stream == Submissions {
		if s, err := event.DecodeSubmission(body); err == nil {
			w.Submission = s.ID()
		}
		return []Unacknowledged{w}
	}
	batch, err := event.DecodeAccepted(body)
	if err != nil || len(batch.Submissions) == 0 {
		return []Unacknowledged{w}
	}
	all := make([]Unacknowledged, len(batch.Submissions))
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		all[i] = Unacknowledged{Sequence: w.Sequence, StoredAt: w.StoredAt, Origin: event.Origin{Area: s.Area, Dataset: s.Dataset}, Submission: s.ID}
	}
	return all
}
