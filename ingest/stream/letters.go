package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// Letter is a dead letter as DEAD keeps it.
type Letter struct {
	// Number is its place in DEAD, by which people name it.
	Number uint64 `json:"number"`
	event.DeadLetter
	// copies are letters for the same message: a burial is repeated when its
	// acknowledgement was lost.
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
			return fmt.Errorf("read letter %d: %w", d.Sequence, err)
		}
		of := message{letter.Stage, letter.Stream, letter.Sequence}
		if at, ok := first[of]; ok {
			letters[at].copies = append(letters[at].copies, d.Sequence)
			return nil
		}
		first[of] = len(letters)
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
