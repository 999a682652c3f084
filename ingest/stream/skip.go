package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// SkipStage is the stage in a letter by which a person tells every stage to pass over a
// message.
const SkipStage = "skip"

// ErrNoMessage is returned for a sequence at which a stream has no message.
var ErrNoMessage = errors.New("no such message")

// Skip makes every stage pass over a message of a newer layout, at which it would stop.
// It takes effect when the stage starts again. The reason and who gave it are kept in
// a letter in DEAD; discarding the letter ends the skip. Skip returns ErrNoMessage
// where the stream has no message at the sequence.
func (l *Log) Skip(ctx context.Context, stream string, sequence uint64, reason string, by event.Person) error {
	if r, found := event.ControlIn(reason, ""); found {
		return fmt.Errorf("reason: take the control character %U out", r)
	}
	m, err := l.Get(ctx, stream, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("message %d of %s: %w", sequence, stream, ErrNoMessage)
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(m.Data)
	body, err := event.DeadLetter{
		Stage: SkipStage, Stream: stream, Sequence: sequence, Subject: m.Subject, StoredAt: m.Time.UTC(), DiedAt: time.Now().UTC(),
		Error: fmt.Sprintf("skipped by %s: %s", by, reason), Hash: hex.EncodeToString(sum[:]), Size: len(m.Data), Person: by,
	}.Encode()
	if err != nil {
		return err
	}
	if _, err := l.Publish(ctx, Message{Subject: "dead." + SkipStage, Body: body}); err != nil {
		return fmt.Errorf("skip message %d of %s: %w", sequence, stream, err)
	}
	return nil
}

// isSkipped reports whether a person has had a message skipped. It reads all of DEAD;
// this is done only for messages that would stop a stage.
func (l *Log) isSkipped(ctx context.Context, stream string, sequence uint64) (bool, error) {
	letters, err := l.Letters(ctx)
	if err != nil {
		return false, err
	}
	for i := range letters {
		if letter := &letters[i]; letter.Stage == SkipStage && letter.Stream == stream && letter.Sequence == sequence {
			return true, nil
		}
	}
	return false, nil
}

// deliver gives a delivery to its reader. When its layout is newer and a person has had
// it skipped, the reader gets it once more with an empty body, and treats it like any
// other message that cannot be read.
func (l *Log) deliver(ctx context.Context, stream string, d *Delivery, reader func(*Delivery) error) error {
	err := reader(d)
	if !event.IsNewerLayout(err) {
		return err
	}
	skipped, failed := l.isSkipped(ctx, stream, d.Sequence)
	if failed != nil || !skipped {
		if failed != nil {
			// In words alone: that DEAD cannot be read says nothing of the message.
			err = fmt.Errorf("%w (whether it was skipped is not known: %v)", err, failed)
		}
		return err
	}
	empty := *d
	empty.Body = nil
	return reader(&empty)
}
