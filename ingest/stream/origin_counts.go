package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// OriginCounts says how many messages of each origin a stream holds at one moment.
type OriginCounts struct {
	First, Last uint64 // sequences of the oldest and the newest message
	Messages    map[event.Origin]int64
}

// CountByOrigin counts a stream's messages by origin. The call is cheap, because the
// broker keeps these counts.
func (l *Log) CountByOrigin(ctx context.Context, stream string) (*OriginCounts, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return nil, fmt.Errorf("count subjects of %s: %w", stream, err)
	}
	c := &OriginCounts{First: info.State.FirstSeq, Last: info.State.LastSeq, Messages: map[event.Origin]int64{}}
	for subject, n := range info.State.Subjects {
		c.Messages[event.OriginOf(subject)] += int64(n)
	}
	return c, nil
}
