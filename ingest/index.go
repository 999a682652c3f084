package ingest

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// entry is where the log speaks of a submission.
type entry struct {
	// submission is the sequence in SUBMISSIONS of the newest message with this
	// content, stored when the broker stored it (Unix nanoseconds); 0 when only
	// the verdict names the id.
	submission uint64
	stored     int64
	// verdict is the sequence in VERDICTS of the first verdict that accepted
	// something, or else of the newest; 0 is none.
	verdict uint64
	settled bool
}

// index knows of every submission where the log speaks of it. It is filled by
// following the log, and by nothing else.
type index struct {
	mu      sync.Mutex
	entries map[event.SubmissionID]entry
	changed map[event.SubmissionID][]chan struct{}
	// ready is closed when what was in the log at the start is in the index.
	ready chan struct{}
}

func newIndex() *index {
	return &index{entries: map[event.SubmissionID]entry{}, changed: map[event.SubmissionID][]chan struct{}{}, ready: make(chan struct{})}
}

func (x *index) lookup(id event.SubmissionID) (entry, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.entries[id]
	return e, ok
}

func (x *index) caughtUp() bool {
	select {
	case <-x.ready:
		return true
	default:
		return false
	}
}

// await returns the entry as soon as done is satisfied with it. It reports false
// when ctx ends first.
func (x *index) await(ctx context.Context, id event.SubmissionID, done func(entry) bool) (entry, bool) {
	for {
		x.mu.Lock()
		e := x.entries[id]
		if done(e) {
			x.mu.Unlock()
			return e, true
		}
		change := make(chan struct{})
		x.changed[id] = append(x.changed[id], change)
		x.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			x.forget(id, change)
			return e, false
		}
	}
}

func (x *index) forget(id event.SubmissionID, change chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var rest []chan struct{}
	for _, c := range x.changed[id] {
		if c != change {
			rest = append(rest, c)
		}
	}
	if rest == nil {
		delete(x.changed, id)
		return
	}
	x.changed[id] = rest
}

// update changes an entry and wakes those who wait for it.
func (x *index) update(id event.SubmissionID, change func(*entry)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.entries[id]
	change(&e)
	x.entries[id] = e
	for _, c := range x.changed[id] {
		close(c)
	}
	delete(x.changed, id)
}

func (x *index) addSubmission(d stream.Delivery) {
	if id, err := event.ParseSubmissionID(d.Header(event.SubmissionHeader)); err == nil {
		x.update(id, func(e *entry) { e.submission, e.stored = d.Sequence, d.StoredAt.UnixNano() })
	}
}

func (x *index) addVerdict(d stream.Delivery) {
	id, err := event.ParseSubmissionID(d.Header(event.SubmissionHeader))
	if err != nil {
		return
	}
	outcome := event.Outcome(d.Header(event.OutcomeHeader))
	x.update(id, func(e *entry) {
		if !e.settled {
			e.verdict, e.settled = d.Sequence, outcome == event.AllAccepted || outcome == event.Partial
		}
	})
}

// follow keeps the index up with the log until ctx ends and returns nil.
func (x *index) follow(ctx context.Context, log *stream.Log) error {
	var behind sync.WaitGroup
	behind.Add(2)
	group, ctx := errgroup.WithContext(ctx)
	for name, add := range map[string]func(stream.Delivery){
		stream.Submissions: x.addSubmission, stream.Verdicts: x.addVerdict,
	} {
		caughtUp := sync.OnceFunc(behind.Done)
		group.Go(func() error {
			// Whoever waits for both streams is not kept waiting when the program stops.
			defer caughtUp()
			return log.Follow(ctx, stream.FollowConfig{Stream: name, HeadersOnly: true, Stage: "ingest"}, func(d stream.Delivery) error { add(d); return nil }, caughtUp)
		})
	}
	group.Go(func() error {
		behind.Wait()
		if ctx.Err() == nil {
			close(x.ready)
		}
		return nil
	})
	return group.Wait()
}
