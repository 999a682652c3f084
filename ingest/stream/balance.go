package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// Census is how many messages a stream holds of each origin, at one moment.
type Census struct {
	First, Last uint64 // sequences of the oldest and the newest message
	Messages    map[event.Origin]int64
}

// Census counts a stream's messages by origin. The broker keeps these counts, so
// that it is cheap.
func (l *Log) Census(ctx context.Context, stream string) (*Census, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return nil, fmt.Errorf("count subjects of %s: %w", stream, err)
	}
	c := &Census{First: info.State.FirstSeq, Last: info.State.LastSeq, Messages: map[event.Origin]int64{}}
	for subject, n := range info.State.Subjects {
		c.Messages[event.OriginOf(subject)] += int64(n)
	}
	return c, nil
}
