package stream

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// shelf is what a consumer has received and nobody has asked for yet. While its
// reader is busy, with an insert that takes long, the broker is told that work
// on these goes on too; otherwise it would deliver them again, and make the
// reader the busier.
type shelf struct {
	mu    sync.Mutex
	since map[jetstream.Msg]time.Time
}

func (s *shelf) put(m jetstream.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since[m] = time.Now()
}

func (s *shelf) take(m jetstream.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.since, m)
}

// keep gives signs of life until ctx ends, or nothing is received any more.
func (s *shelf) keep(ctx context.Context, closed <-chan struct{}, every time.Duration) {
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
		for _, m := range s.lying(every) {
			_ = m.InProgress()
		}
	}
}

// lying returns what has lain there for longer than this.
func (s *shelf) lying(longer time.Duration) []jetstream.Msg {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lying []jetstream.Msg
	for m, since := range s.since {
		if time.Since(since) > longer {
			lying = append(lying, m)
		}
	}
	return lying
}
