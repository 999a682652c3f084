package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Get reads one message of a stream by its sequence. It returns
// jetstream.ErrMsgNotFound when the stream does not hold the message.
func (l *Log) Get(ctx context.Context, stream string, sequence uint64) (*jetstream.RawStreamMsg, error) {
	m, err := l.from(ctx, stream, func(s jetstream.Stream) (*jetstream.RawStreamMsg, error) { return s.GetMsg(ctx, sequence) })
	if err != nil {
		return nil, fmt.Errorf("get message %d of %s: %w", sequence, stream, err)
	}
	return m, nil
}

// GetLast reads the newest message on a subject. It returns
// jetstream.ErrMsgNotFound when there is none.
func (l *Log) GetLast(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	m, err := l.from(ctx, stream, func(s jetstream.Stream) (*jetstream.RawStreamMsg, error) {
		return s.GetLastMsgForSubject(ctx, subject)
	})
	if err != nil {
		return nil, fmt.Errorf("get the last message on %s: %w", subject, err)
	}
	return m, nil
}

// from reads a message of a stream. It looks at the stream once, and again where a message could not be read: the stream
// may be gone since.
func (l *Log) from(ctx context.Context, name string, get func(jetstream.Stream) (*jetstream.RawStreamMsg, error)) (*jetstream.RawStreamMsg, error) {
	if known, is := l.read.Load(name); is {
		m, err := get(known.(jetstream.Stream))
		if err == nil || errors.Is(err, jetstream.ErrMsgNotFound) {
			return m, err
		}
		l.read.Delete(name)
	}
	s, err := l.js.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", name, err)
	}
	l.read.Store(name, s)
	return get(s)
}

// GetLastOfEach reads the newest message on each subject of the stream that fits a pattern.
func (l *Log) GetLastOfEach(ctx context.Context, stream, pattern string) ([]*jetstream.RawStreamMsg, error) {
	messages, err := jetstreamext.GetLastMsgsFor(ctx, l.js, stream, []string{pattern})
	if errors.Is(err, jetstreamext.ErrNoMessages) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get the last messages on %s: %w", pattern, err)
	}
	var last []*jetstream.RawStreamMsg
	for m, err := range messages {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("get the last messages on %s: %w", pattern, err)
		}
		last = append(last, m)
	}
	return last, nil
}
