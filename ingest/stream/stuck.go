package stream

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Stuck is work that keeps failing with a passing error, and the oldest message
// that waits for it.
type Stuck struct {
	Stage, Stream string
	// Sequence and StoredAt are the message's; 0 where the work is for none.
	Sequence uint64
	StoredAt time.Time
	// Since is when the work first failed.
	Since time.Time
	What  string
	Err   error
	// Advice says what a person can do about it; "" is nothing in particular.
	Advice string
}

// String says what is stuck, why, and what to do.
func (s Stuck) String() string {
	text := s.Stage
	if s.Stream != "" {
		text += " " + s.Stream
	}
	if s.Sequence > 0 {
		text += fmt.Sprintf(" message %d", s.Sequence)
	}
	text += fmt.Sprintf(": cannot %s since %s: %v", s.What, s.Since.UTC().Format(time.TimeOnly), s.Err)
	if s.Advice != "" {
		text += "; " + s.Advice
	}
	return text
}

// source is a stage and the stream whose messages it processes.
type source struct{ stage, stream string }

// health is the account of one process: which work keeps failing, and how many
// messages were put aside.
type health struct {
	mu      sync.Mutex
	failing map[*trouble]Stuck
	failed  map[source]bool // has ever kept failing
	letters map[source]int
}

func newHealth() *health {
	return &health{failing: map[*trouble]Stuck{}, failed: map[source]bool{}, letters: map[source]int{}}
}

func (h *health) note(t *trouble, stuck Stuck) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing[t] = stuck
	h.failed[source{stuck.Stage, stuck.Stream}] = true
}

func (h *health) forget(t *trouble) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.failing, t)
}

func (h *health) bury(of source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.letters[of]++
}

func (h *health) buried() map[source]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.letters)
}

// stuckSeconds returns how long the oldest failing work of each source has failed.
func (h *health) stuckSeconds(now time.Time) map[source]float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := map[source]float64{}
	for of := range h.failed {
		oldest[of] = 0
	}
	for _, s := range h.failing {
		of := source{s.Stage, s.Stream}
		oldest[of] = max(oldest[of], now.Sub(s.Since).Seconds())
	}
	return oldest
}

// Stuck returns the work of this process that keeps failing now, the longest
// first.
func (l *Log) Stuck() []Stuck {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.health.failing), func(a, b Stuck) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Stream, b.Stream))
	})
}
