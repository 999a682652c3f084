package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/bilingual"
)

// Position is how far a durable consumer has come.
type Position struct {
	// AckFloor is the sequence up to which everything is acknowledged.
	AckFloor uint64 `json:"ack_floor"`
	// Delivered counts the messages delivered and not yet acknowledged, Pending those
	// not delivered yet, and Redelivered those of Delivered that were delivered more
	// than once.
	Delivered   int `json:"delivered"`
	Pending     int `json:"pending"`
	Redelivered int `json:"redelivered"`
}

// Position returns how far the durable consumer of the stream has come.
func (l *Log) Position(ctx context.Context, stream, consumer string) (Position, error) {
	c, err := l.js.Consumer(ctx, stream, consumer)
	if err != nil {
		return Position{}, fmt.Errorf("look at consumer %s of %s: %w", consumer, stream, err)
	}
	return position(c.CachedInfo()), nil
}

// Status is the state of one stream and of its durable consumers.
type Status struct {
	Stream   string    `json:"stream"`
	Messages uint64    `json:"messages"`
	Bytes    uint64    `json:"bytes"`
	Last     uint64    `json:"last_sequence"`
	LastAt   time.Time `json:"last_at,omitzero"`
	// Consumers maps a durable consumer's name to what it has yet to do.
	Consumers map[string]Position `json:"consumers,omitempty"`
}

// Statuses returns the state of every stream, in the order of the flow; with an error, of those that
// could be looked at.
func (l *Log) Statuses(ctx context.Context) ([]Status, error) {
	var all []Status
	var errs []error
	for _, name := range Names() {
		s, err := l.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			errs = append(errs, &bilingual.Error{Err: err, Text: bilingual.Text{
				ZH: "消息服务器中没有 " + name + " 流；如何恢复见 citytally docs recovery",
				EN: "the broker has no stream " + name + "; citytally docs recovery says how to bring it back",
			}})
			continue
		}
		if err != nil {
			return all, errors.Join(append(errs, fmt.Errorf("look at stream %s: %w", name, err))...)
		}
		state := s.CachedInfo().State
		status := Status{
			Stream: name, Messages: state.Msgs, Bytes: state.Bytes, Last: state.LastSeq, LastAt: state.LastTime.UTC(),
			Consumers: map[string]Position{},
		}
		consumers := s.ListConsumers(ctx)
		for info := range consumers.Info() {
			if info.Config.Durable != "" {
				status.Consumers[info.Config.Durable] = position(info)
			}
		}
		if err := consumers.Err(); err != nil {
			return all, errors.Join(append(errs, fmt.Errorf("list consumers of %s: %w", name, err))...)
		}
		all = append(all, status)
	}
	return all, errors.Join(errs...)
}

func position(info *jetstream.ConsumerInfo) Position {
	return Position{
		AckFloor: info.AckFloor.Stream, Delivered: info.NumAckPending,
		Pending: int(info.NumPending), Redelivered: info.NumRedelivered,
	}
}
