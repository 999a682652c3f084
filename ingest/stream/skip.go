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

// SkipStage is the stage of letters by which a person has every stage pass over a
// message.
const SkipStage = "skip"

// ErrNoMessage is returned for a sequence at which a stream has no message.
var ErrNoMessage = errors.New("no such message")

// Skip has every stage pass over a message that stops it, from the stage's next
// start on: one of a layout that no version here can read. The reason and who gave it
// stay in DEAD for as long as the skip is in force; discarding the letter ends it. It
// returns ErrNoMessage where the stream has no message at the sequence.
func (l *Log) Skip(ctx context.Context, stream string, sequence uint64, reason, by string) error {
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
		Error: fmt.Sprintf("skipped by %s: %s", by, reason), Hash: hex.EncodeToString(sum[:]), Size: len(m.Data),
	}.Encode()
	if err != nil {
		return err
	}
	if _, err := l.Publish(ctx, Message{Subject: "dead." + SkipStage, Body: body}); err != nil {
		return fmt.Errorf("skip message %d of %s: %w", sequence, stream, err)
	}
	return nil
}

// skipped reports whether a person has had a message skipped. It reads all of DEAD,
// and is asked only about messages that would stop a stage.
func (l *Log) skipped(ctx context.Context, stream string, sequence uint64) (bool, error) {
	letters, err := l.Letters(ctx)
	if err != nil {
		return false, err
	}
	for i := range letters {
		if of := &letters[i]; of.Stage == SkipStage && of.Stream == stream && of.Sequence == sequence {
			return true, nil
		}
	}
	return false, nil
}

// handOver gives a delivery to its reader. One of a newer layout that was skipped is
// given once more without its body, which nobody can read either, so that the reader
// does with it what it does with damage.
func (l *Log) handOver(ctx context.Context, stream string, d *Delivery, reader func(*Delivery) error) error {
	err := reader(d)
	if !event.IsNewerLayout(err) {
		return err
	}
	skipped, failed := l.skipped(ctx, stream, d.Sequence)
	if failed != nil || !skipped {
		return errors.Join(err, failed)
	}
	d.Body = nil
	return reader(d)
}
