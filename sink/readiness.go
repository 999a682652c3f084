package sink

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// readiness is the state of running workers, for health checks.
type readiness struct {
	mu      sync.Mutex
	waiting int               // workers without a consumer
	paused  map[string]string // the reason, by stream
	ready   chan struct{}
}

// movedStreams is how many streams the workers move.
const movedStreams = 4

func newState() *readiness {
	return &readiness{waiting: movedStreams, paused: map[string]string{}, ready: make(chan struct{})}
}

// receiving records that one more worker receives its stream.
func (s *readiness) receiving() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting--; s.waiting == 0 {
		close(s.ready)
	}
}

// pause records why ClickHouse does not take a stream's rows; "" is that it takes them.
func (s *readiness) pause(stream, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why == "" {
		delete(s.paused, stream)
		return
	}
	s.paused[stream] = why
}

// Ready returns a channel that is closed when the workers receive all their streams.
func (w *Workers) Ready() <-chan struct{} { return w.readiness.ready }

// Paused returns nil, or which streams wait because ClickHouse does not take
// their rows, and what to do about it.
func (w *Workers) Paused() error {
	w.readiness.mu.Lock()
	defer w.readiness.mu.Unlock()
	var errs []error
	for stream, why := range w.readiness.paused {
		errs = append(errs, fmt.Errorf("%s waits: %s", stream, why))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
