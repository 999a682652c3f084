package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
	"go.opentelemetry.io/otel/trace"

	"github.com/citytally/citytally/ingest/event"
)

// publishTimeout is how long a publish may take before the broker counts as away.
const publishTimeout = 10 * time.Second

const (
	// maxAtomic is the broker's limit on the messages of one atomic batch.
	maxAtomic = 1000
	// maxAtomicBytes is this program's limit on the bytes of one atomic batch. The broker
	// drops messages once 128 MiB wait to be written, and a batch has to be stored
	// within publishTimeout.
	maxAtomicBytes = 32 << 20
)

// ErrConflict is returned by Publish when a subject's last sequence was not the
// expected one: somebody else published there first.
var ErrConflict = errors.New("another message was published on the subject first")

// Message is one message to publish.
type Message struct {
	Subject string
	// ID is the Nats-Msg-Id: within the deduplication window the broker drops a second
	// message with the same one. "" is none.
	ID     string
	Header map[string]string
	Body   []byte
	// ExpectLast, when set, is the sequence that the last message on the subject has to
	// have, 0 for a subject without messages; otherwise Publish returns ErrConflict.
	ExpectLast *uint64
}

// Published says where a message was stored.
type Published struct {
	Sequence uint64
	// Duplicate is true when the broker already had a message with the ID, which is
	// the one at Sequence.
	Duplicate bool
}

// Publish stores messages of one stream and returns when they are durable. Several go
// out as atomic batches of up to 1,000 messages and 32 MiB; each batch shares an fsync
// and is stored whole or not at all. When a batch holds an ID that the broker has
// seen, its messages are published one by one instead. Messages that do not depend on
// each other are stored faster by [Log.PublishEach]. The error is a Permanent where
// the broker will always refuse, as for a message too large or a subject of no stream.
func (l *Log) Publish(ctx context.Context, messages ...Message) ([]Published, error) {
	for i := range messages {
		if err := l.check(ctx, &messages[i]); err != nil {
			return nil, err
		}
	}
	published := make([]Published, 0, len(messages))
	for len(messages) > 0 {
		n := chunkLength(messages)
		chunk := messages[:n]
		messages = messages[n:]
		stored, err := l.publishChunk(ctx, chunk)
		if err != nil {
			return published, err
		}
		published = append(published, stored...)
	}
	return published, nil
}

// PublishTogether stores messages of one stream all or none, and returns when they are durable.
// They are at most [MaxTogether]. A message whose ID the broker has seen is stored once more:
// who reads the stream has to know it by its content.
func (l *Log) PublishTogether(ctx context.Context, messages ...Message) ([]Published, error) {
	if len(messages) > MaxTogether {
		return nil, event.Permanentf("publish %d messages together, and the broker takes %d", len(messages), MaxTogether)
	}
	size := 0
	for i := range messages {
		if err := l.check(ctx, &messages[i]); err != nil {
			return nil, err
		}
		size += len(messages[i].Body)
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutFor(size))
	defer cancel()
	stored, err := l.publishAtomic(ctx, messages)
	if errors.Is(err, jetstreamext.ErrBatchPublishDuplicateMsgID) {
		again := slices.Clone(messages)
		for i := range again {
			again[i].ID += "." + rand.Text()
		}
		stored, err = l.publishAtomic(ctx, again)
	}
	return stored, classify(err)
}

// MaxTogether is how many messages can be stored all or none.
const MaxTogether = maxAtomic

// timeoutFor returns how long a publish of many bytes may take: a disk takes at least 4 MiB a
// second.
func timeoutFor(bytes int) time.Duration {
	return publishTimeout + time.Duration(bytes>>20)*time.Second/4
}

// chunkLength returns how many of the messages go into one batch, at least one.
func chunkLength(messages []Message) int {
	size := 0
	for i := range messages[:min(len(messages), maxAtomic)] {
		if size += len(messages[i].Body); size > maxAtomicBytes && i > 0 {
			return i
		}
	}
	return min(len(messages), maxAtomic)
}

func (l *Log) publishChunk(ctx context.Context, chunk []Message) ([]Published, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if len(chunk) > 1 {
		stored, err := l.publishAtomic(ctx, chunk)
		if !errors.Is(err, jetstreamext.ErrBatchPublishDuplicateMsgID) {
			return stored, classify(err)
		}
	}
	ctx, done := l.Deniable(ctx, family(chunk[0].Subject))
	stored, err := l.publishSingly(ctx, chunk)
	return stored, classify(done(err))
}

// publishSingly publishes one message after the other.
func (l *Log) publishSingly(ctx context.Context, chunk []Message) ([]Published, error) {
	stored := make([]Published, 0, len(chunk))
	span := trace.SpanContextFromContext(ctx)
	for i := range chunk {
		ack, err := l.js.PublishMsg(ctx, chunk[i].nats(span))
		if err != nil {
			return stored, fmt.Errorf("publish to %s: %w", chunk[i].Subject, err)
		}
		stored = append(stored, Published{Sequence: ack.Sequence, Duplicate: ack.Duplicate})
	}
	return stored, nil
}

func (l *Log) publishAtomic(ctx context.Context, chunk []Message) ([]Published, error) {
	batch := make([]*nats.Msg, len(chunk))
	span := trace.SpanContextFromContext(ctx)
	for i := range chunk {
		batch[i] = chunk[i].nats(span)
	}
	ctx, done := l.Deniable(ctx, family(chunk[0].Subject))
	ack, err := jetstreamext.PublishMsgBatch(ctx, l.js, batch, jetstreamext.BatchFlowControl{AckEvery: ackEvery(chunk), AckTimeout: publishTimeout})
	if err = done(err); err != nil {
		return nil, fmt.Errorf("publish %d messages from %s on: %w", len(chunk), chunk[0].Subject, err)
	}
	stored := make([]Published, len(chunk))
	for i := range stored {
		stored[i].Sequence = ack.Sequence - uint64(len(chunk)-1-i)
	}
	return stored, nil
}

// ackEvery returns after how many messages of a batch an acknowledgement is awaited; 0 is after
// the last one. It bounds what waits in the broker to be written.
func ackEvery(chunk []Message) int {
	size := 0
	for i := range chunk {
		size += len(chunk[i].Body)
	}
	if size <= maxAtomicBytes {
		return 0
	}
	return max(1, len(chunk)*(maxAtomicBytes/4)/size)
}

// nats returns the message in the client library's form, with the span's trace.
func (m *Message) nats(span trace.SpanContext) *nats.Msg {
	msg := nats.NewMsg(m.Subject)
	msg.Data = m.Body
	if m.ID != "" {
		msg.Header.Set(jetstream.MsgIDHeader, m.ID)
	}
	for key, value := range m.Header {
		msg.Header.Set(key, value)
	}
	if m.ExpectLast != nil {
		msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(*m.ExpectLast, 10))
	}
	injectMessage(span, msg)
	return msg
}

// check returns a Permanent error for a message that the broker cannot take, and a [*HeldError] for one
// that is not to be published now.
func (l *Log) check(ctx context.Context, m *Message) error {
	to, err := streamOf(m.Subject)
	if err != nil {
		return err
	}
	if to == Submissions || to == Accepted || to == Verdicts {
		if held := l.IntakeHeld(ctx); held != nil {
			return held
		}
	}
	size := len(m.Body)
	for key, value := range m.Header {
		size += len(key) + len(value)
	}
	if largest := l.MaxMessage(); largest > 0 && int64(size) > largest {
		return event.Permanentf("publish to %s: a message of %d bytes, and the broker takes %d: %w", m.Subject, size, largest, nats.ErrMaxPayload)
	}
	return nil
}

// The error codes of the broker (server/errors.json of nats-server) for which its
// client library has no name.
const (
	// wrongLastSequenceConstant is the answer to an atomic batch with a wrong ExpectLast.
	wrongLastSequenceConstant jetstream.ErrorCode = 10164
	messageTooLarge           jetstream.ErrorCode = 10054
	headerTooLarge            jetstream.ErrorCode = 10097
)

// classify returns ErrConflict for a wrong ExpectLast, a Permanent for what the broker
// will always refuse, and any other error, which may pass, as it is.
func classify(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, nats.ErrBadSubject):
		return &event.Permanent{Err: err}
	case !errors.As(err, &api):
		return err
	case api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence, api.ErrorCode == wrongLastSequenceConstant:
		return ErrConflict
	case api.ErrorCode == messageTooLarge, api.ErrorCode == headerTooLarge:
		return &event.Permanent{Err: err}
	}
	return err
}
