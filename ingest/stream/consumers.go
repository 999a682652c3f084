package stream

import (
	"context"
	"fmt"
)

// Position is how far a durable consumer has come.
type Position struct {
	// AckFloor is the sequence up to which everything is acknowledged.
	AckFloor uint64
	// Delivered counts messages delivered and not yet acknowledged, Pending those
	// not delivered yet, Redelivered those delivered more than once and open.
	Delivered, Pending, Redelivered int
}

// Position returns how far the durable consumer of the stream has come.
func (l *Log) Position(ctx context.Context, stream, consumer string) (Position, error) {
	c, err := l.js.Consumer(ctx, stream, consumer)
	if err != nil {
		return Position{}, fmt.Errorf("look at consumer %s of %s: %w", consumer, stream, err)
	}
	info := c.CachedInfo()
	return Position{
		AckFloor: info.AckFloor.Stream, Delivered: info.NumAckPending,
		Pending: int(info.NumPending), Redelivered: info.NumRedelivered,
	}, nil
}
