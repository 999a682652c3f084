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
	views   error             // why views that are not as they should be stay so
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

// judgeViews records why the views could not be compared or defined anew; nil is that they
// are as they should be.
func (s *readiness) judgeViews(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views = err
}

// Ready returns a channel that is closed when the workers receive all their streams.
func (w *Workers) Ready() <-chan struct{} { return w.readiness.ready }

// Paused returns nil, or which streams wait because ClickHouse does not take their rows and
// which views are not as they should be, and what to do about it.
func (w *Workers) Paused() error {
	w.readiness.mu.Lock()
	defer w.readiness.mu.Unlock()
	var errs []error
	for stream, why := range w.readiness.paused {
		errs = append(errs, fmt.Errorf("%s waits: %s", stream, why))
	}
	if err := w.readiness.views; err != nil {
		errs = append(errs, fmt.Errorf("views: %s: %w", Advice(err), err))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
