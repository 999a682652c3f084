package stream

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/citytally/citytally/configs/bilingual"
)

// Stuck is work that keeps failing with errors that may pass, and the oldest message
// that waits for it.
type Stuck struct {
	Stage, Stream string
	// Sequence and StoredAt are the message's; zero where the work is for no message.
	Sequence uint64
	StoredAt time.Time
	// Since is when the work first failed.
	Since time.Time
	What  string
	Err   error
	// Advice says what a person can do about Err, if anything is known.
	Advice bilingual.Text
}

// String says what is stuck, why, and what a person can do.
func (s Stuck) String() string {
	text := s.Stage
	if s.Stream != "" {
		text += " " + s.Stream
	}
	if s.Sequence > 0 {
		text += fmt.Sprintf(" message %d", s.Sequence)
	}
	text += fmt.Sprintf(": cannot %s since %s: %v", s.What, s.Since.UTC().Format(time.RFC3339), s.Err)
	if s.Advice.EN != "" {
		text += "; " + s.Advice.EN
	}
	return text
}

// Reason returns what String says as an error, in both languages.
func (s Stuck) Reason() error {
	text := s.Stage
	if s.Stream != "" {
		text += " " + s.Stream
	}
	if s.Sequence > 0 {
		text += fmt.Sprintf(" 第 %d 条消息", s.Sequence)
	}
	text += fmt.Sprintf("：自 %s 起处理（%s）一直失败：%s", s.Since.UTC().Format(time.RFC3339), s.What, bilingual.Chinese(s.Err))
	if s.Advice.ZH != "" {
		text += "；" + s.Advice.ZH
	}
	return &bilingual.Error{Text: bilingual.Text{ZH: text, EN: s.String()}, Err: s.Err}
}

// stageStream is a stage and the stream whose messages it processes.
type stageStream struct{ stage, stream string }

// health is the account of one process: which work keeps failing, how many letters it
// has written, and what the broker denies it.
type health struct {
	mu      sync.Mutex
	failing map[*failureStreak]Stuck
	failed  map[stageStream]bool // work of the source that has failed since the start
	letters map[stageStream]int
	denied  map[string]denial                // by subject
	outage  func() error                     // why the broker is away; nil is not known
	held    func(context.Context) *HeldError // why nothing is taken in and judged; nil holds nothing
	// missed are the sequences, by stream, at which readers got no message; newlyMissed has a
	// value when there are more.
	missed      map[string][]Range
	newlyMissed chan struct{}
	writtenOver map[uint64]string // submissions that were lost, by the place that another has now
	direct      knownDirect
	original    knownOriginal
}

func newHealth() *health {
	return &health{failing: map[*failureStreak]Stuck{}, failed: map[stageStream]bool{}, letters: map[stageStream]int{}, denied: map[string]denial{},
		missed: map[string][]Range{}, newlyMissed: make(chan struct{}, 1), writtenOver: map[uint64]string{}}
}

func (h *health) setFailing(t *failureStreak, stuck Stuck) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing[t] = stuck
	h.failed[stageStream{stuck.Stage, stuck.Stream}] = true
}

func (h *health) clearFailing(t *failureStreak) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.failing, t)
}

func (h *health) countLetter(of stageStream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.letters[of]++
}

func (h *health) letterCounts() map[stageStream]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.letters)
}

// stuckSeconds returns how long the oldest failing work of each source has failed.
func (h *health) stuckSeconds(now time.Time) map[stageStream]float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := map[stageStream]float64{}
	for of := range h.failed {
		oldest[of] = 0
	}
	for _, s := range h.failing {
		of := stageStream{s.Stage, s.Stream}
		oldest[of] = max(oldest[of], now.Sub(s.Since).Seconds())
	}
	return oldest
}

// Stuck returns the work of this process that fails now, beginning with what has failed
// longest.
func (l *Log) Stuck() []Stuck {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.health.failing), func(a, b Stuck) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Stream, b.Stream))
	})
}
