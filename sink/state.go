package sink

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// state is what the workers tell of themselves while they run.
type state struct {
	mu      sync.Mutex
	waiting int               // for their consumers
	paused  map[string]string // stream to why
	ready   chan struct{}
}

// How many streams the workers move.
const movedStreams = 4

func newState() *state {
	return &state{waiting: movedStreams, paused: map[string]string{}, ready: make(chan struct{})}
}

// begun notes that one more worker receives its stream.
func (s *state) begun() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting--; s.waiting == 0 {
		close(s.ready)
	}
}

// pause notes why a stream's rows are not taken; "" is that they are again.
func (s *state) pause(of, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why == "" {
		delete(s.paused, of)
		return
	}
	s.paused[of] = why
}

// Ready is closed when the workers receive every stream they move.
func (w *Workers) Ready() <-chan struct{} { return w.state.ready }

// Paused returns nil, or which streams wait because ClickHouse does not take
// their rows, and what to do about it.
func (w *Workers) Paused() error {
	w.state.mu.Lock()
	defer w.state.mu.Unlock()
	var errs []error
	for of, why := range w.state.paused {
		errs = append(errs, fmt.Errorf("%s waits: %s", of, why))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
