package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Get reads one message of a stream by its sequence. It returns
// jetstream.ErrMsgNotFound when the stream does not hold the message.
func (l *Log) Get(ctx context.Context, stream string, sequence uint64) (*jetstream.RawStreamMsg, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	m, err := s.GetMsg(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("get message %d of %s: %w", sequence, stream, err)
	}
	return m, nil
}

// GetLast reads the newest message on a subject. It returns
// jetstream.ErrMsgNotFound when there is none.
func (l *Log) GetLast(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("get the last message on %s: %w", subject, err)
	}
	return m, nil
}
