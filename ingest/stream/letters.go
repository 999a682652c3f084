package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// Letter is a dead letter as DEAD keeps it.
type Letter struct {
	// Number is the letter's sequence in DEAD, by which people name it.
	Number uint64 `json:"number"`
	event.DeadLetter
	// copies are the sequences of further letters for the same message. They come about
	// when the acknowledgement of the first was lost and the letter was written again.
	copies []uint64
}

// Letters returns everything in DEAD, oldest first, one letter for each message
// and stage.
func (l *Log) Letters(ctx context.Context) ([]Letter, error) {
	type message struct {
		stage, stream string
		sequence      uint64
	}
	var letters []Letter
	first := map[message]int{}
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := l.Follow(reading, FollowConfig{Stream: Dead}, func(d Delivery) error {
		letter := Letter{Number: d.Sequence}
		if err := json.Unmarshal(d.Body, &letter.DeadLetter); err != nil {
			// Another program published this message; it is listed, so that a person
			// can discard it.
			letter.DeadLetter = event.DeadLetter{
				Stage: strings.TrimPrefix(d.Subject, "dead."), Stream: Dead, Sequence: d.Sequence, Subject: d.Subject,
				StoredAt: d.StoredAt, DiedAt: d.StoredAt, Error: fmt.Sprintf("no letter that this program can read: %v", err), Body: d.Body,
			}
		}
		about := message{letter.Stage, letter.Stream, letter.Sequence}
		if at, ok := first[about]; ok {
			letters[at].copies = append(letters[at].copies, d.Sequence)
			return nil
		}
		first[about] = len(letters)
		letters = append(letters, letter)
		return nil
	}, caughtUp)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read DEAD: %w", err)
	}
	return letters, nil
}

// ErrMessageGone is returned when the message of a letter is no longer in its stream,
// nor whole in the letter.
var ErrMessageGone = errors.New("the message is no longer in its stream")

// LetterMessage returns the body of the message that a letter is about, from its stream
// or, where the stream does not keep messages, from the letter. It returns
// ErrMessageGone where neither has it.
func (l *Log) LetterMessage(ctx context.Context, letter *Letter) ([]byte, error) {
	if letter.Hash == "" || !keepsMessages(letter.Stream) {
		if len(letter.Body) < letter.Size {
			return nil, fmt.Errorf("letter %d holds the first %d of %d bytes: %w", letter.Number, len(letter.Body), letter.Size, ErrMessageGone)
		}
		return letter.Body, nil
	}
	m, err := l.Get(ctx, letter.Stream, letter.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("message %d of %s: %w", letter.Sequence, letter.Stream, ErrMessageGone)
	}
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(m.Data); hex.EncodeToString(sum[:]) != letter.Hash {
		return nil, fmt.Errorf("message %d of %s is another one than the letter's: %w", letter.Sequence, letter.Stream, ErrMessageGone)
	}
	return m.Data, nil
}

// Discard removes a letter from DEAD. Removing it again is no error.
func (l *Log) Discard(ctx context.Context, letter *Letter) error {
	s, err := l.js.Stream(ctx, Dead)
	if err != nil {
		return fmt.Errorf("look at stream %s: %w", Dead, err)
	}
	for _, number := range append([]uint64{letter.Number}, letter.copies...) {
		if err := s.DeleteMsg(ctx, number); err != nil {
			if _, missing := s.GetMsg(ctx, number); errors.Is(missing, jetstream.ErrMsgNotFound) {
				continue
			}
			return fmt.Errorf("discard letter %d: %w", number, err)
		}
	}
	return nil
}

// writeLetter publishes a letter for a message that a stage cannot process, and returns
// when the letter is durable.
func (l *Log) writeLetter(ctx context.Context, stage, stream string, d *Delivery, cause error) error {
	sum := sha256.Sum256(d.Body)
	letter := event.DeadLetter{
		Stage: stage, Stream: stream, Sequence: d.Sequence, Subject: d.Subject, StoredAt: d.StoredAt,
		DiedAt: time.Now().UTC(), Error: cause.Error(), Hash: hex.EncodeToString(sum[:]), Size: len(d.Body),
	}
	if !keepsMessages(stream) {
		letter.Body = d.Body
	}
	body, err := letter.Encode()
	if err != nil {
		return err
	}
	// Without an id: a letter that was discarded has to be written again when its message
	// comes again. Letters takes copies for one.
	if _, err := l.Publish(ctx, Message{Subject: "dead." + stage, Body: body}); err != nil {
		return fmt.Errorf("write the letter for message %d of %s: %w", d.Sequence, stream, err)
	}
	l.logger.Warn().Str("stage", stage).Str("stream", stream).Uint64("sequence", d.Sequence).
		Str("subject", letter.Subject).AnErr("cause", cause).Msg("message put aside in DEAD")
	return nil
}
