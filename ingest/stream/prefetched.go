package stream

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// prefetched are the messages that a consumer has received and no batch holds yet, with
// the time of receipt. While the reader is busy, say with a slow insert, the broker is
// told that work on them goes on; otherwise it would deliver them again, and add to the
// reader's load.
type prefetched struct {
	mu         sync.Mutex
	receivedAt map[jetstream.Msg]time.Time
}

func (s *prefetched) add(m jetstream.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receivedAt[m] = time.Now()
}

func (s *prefetched) remove(m jetstream.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.receivedAt, m)
}

// keepAlive sends signs of life until ctx ends or the consumer is closed.
func (s *prefetched) keepAlive(ctx context.Context, closed <-chan struct{}, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-closed:
			return
		case <-tick.C:
		}
		for _, m := range s.olderThan(every) {
			_ = m.InProgress()
		}
	}
}

// olderThan returns the messages that were received longer ago than the duration.
func (s *prefetched) olderThan(age time.Duration) []jetstream.Msg {
	s.mu.Lock()
	defer s.mu.Unlock()
	var old []jetstream.Msg
	for m, since := range s.receivedAt {
		if time.Since(since) > age {
			old = append(old, m)
		}
	}
	return old
}
