package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"

	"github.com/citytally/citytally/ingest/event"
)

// Answer is what became of one message: where it was stored, or why it was not,
// as far as the broker has said.
type Answer struct {
	Published
	Err error
}

const (
	// Up to so many messages are stored sooner one by one than as an atomic batch.
	// With an fsync for every write, a message takes a fifth of a millisecond, but a
	// batch, for which the broker makes a store of files and removes it again,
	// four milliseconds on a quiet machine and twenty on a busy one.
	fewMessages = 16
	// How many messages go out one by one before the first has to be answered.
	maxAhead = 256
)

// PublishEach stores messages of one stream that do not depend on each other, and
// returns when each is durable or refused: the answers stand in the order of the
// messages. It takes whichever way is quickest. The messages are stored in the
// order given, but any of them may be missing.
func (l *Log) PublishEach(ctx context.Context, messages ...Message) []Answer {
	answers := make([]Answer, len(messages))
	sound := make([]Message, 0, len(messages))
	places := make([]int, 0, len(messages)) // of the sound ones in answers
	for i := range messages {
		if answers[i].Err = l.check(&messages[i]); answers[i].Err == nil {
			sound, places = append(sound, messages[i]), append(places, i)
		}
	}
	for len(sound) > 0 {
		n := chunkLength(sound)
		for i, answer := range l.publishEach(ctx, sound[:n]) {
			answers[places[i]] = answer
		}
		sound, places = sound[n:], places[n:]
	}
	return answers
}

func (l *Log) publishEach(ctx context.Context, chunk []Message) []Answer {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if len(chunk) > fewMessages {
		stored, err := l.publishAtomic(ctx, chunk)
		if err = refusal(err); !refused(err) {
			return together(len(chunk), stored, err)
		}
		// One message's fault is not the others'.
	}
	var answers []Answer
	for ahead := range slices.Chunk(chunk, maxAhead) {
		answers = append(answers, l.publishAhead(ctx, ahead)...)
	}
	return answers
}

// together spells out what a batch was answered.
func together(n int, stored []Published, err error) []Answer {
	answers := make([]Answer, n)
	for i := range answers {
		if answers[i].Err = err; err == nil {
			answers[i].Published = stored[i]
		}
	}
	return answers
}

// publishAhead sends every message off before it waits for answers.
func (l *Log) publishAhead(ctx context.Context, messages []Message) []Answer {
	answers := make([]Answer, len(messages))
	pending := make([]jetstream.PubAckFuture, len(messages))
	span := trace.SpanContextFromContext(ctx)
	for i := range messages {
		pending[i], answers[i].Err = l.js.PublishMsgAsync(messages[i].nats(span))
	}
	for i, p := range pending {
		if p != nil {
			answers[i] = await(ctx, p)
		}
		if err := answers[i].Err; err != nil {
			answers[i].Err = refusal(fmt.Errorf("publish to %s: %w", messages[i].Subject, err))
		}
	}
	return answers
}

func await(ctx context.Context, p jetstream.PubAckFuture) Answer {
	select {
	case ack := <-p.Ok():
		return Answer{Published: Published{Sequence: ack.Sequence, Duplicate: ack.Duplicate}}
	case err := <-p.Err():
		return Answer{Err: err}
	case <-ctx.Done():
		return Answer{Err: context.Cause(ctx)}
	}
}

// refused reports whether an error is about the messages and not about the
// broker.
func refused(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, ErrConflict) || event.IsPermanent(err) || errors.As(err, &api) && api.Code/100 == 4
}
