package ingest

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// logPosition is where the messages about one submission are in the log.
type logPosition struct {
	// submissionSequence is the place in SUBMISSIONS of the newest message with this
	// content, 0 when only a verdict names the id. storedAt is when the broker stored
	// that message, in Unix nanoseconds.
	submissionSequence uint64
	storedAt           int64
	// verdictSequence is the place in VERDICTS of the first verdict that accepted rows,
	// or else of the newest verdict; 0 is none. acceptedSome is true in the first case.
	verdictSequence uint64
	acceptedSome    bool
}

// index has the position of every submission in the log. It is filled only by following
// the log.
type index struct {
	mu        sync.Mutex
	positions map[event.SubmissionID]logPosition
	waiters   map[event.SubmissionID][]chan struct{}
	// ready is closed when every message that was in the log at the start is in the index.
	ready chan struct{}
}

func newIndex() *index {
	return &index{positions: map[event.SubmissionID]logPosition{}, waiters: map[event.SubmissionID][]chan struct{}{}, ready: make(chan struct{})}
}

func (x *index) lookup(id event.SubmissionID) (logPosition, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.positions[id]
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

// await returns the position as soon as done reports true for it. It reports false when
// ctx ends first.
func (x *index) await(ctx context.Context, id event.SubmissionID, done func(logPosition) bool) (logPosition, bool) {
	for {
		x.mu.Lock()
		e := x.positions[id]
		if done(e) {
			x.mu.Unlock()
			return e, true
		}
		change := make(chan struct{})
		x.waiters[id] = append(x.waiters[id], change)
		x.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			x.removeWaiter(id, change)
			return e, false
		}
	}
}

func (x *index) removeWaiter(id event.SubmissionID, change chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var rest []chan struct{}
	for _, c := range x.waiters[id] {
		if c != change {
			rest = append(rest, c)
		}
	}
	if rest == nil {
		delete(x.waiters, id)
		return
	}
	x.waiters[id] = rest
}

// update changes a position and wakes those who wait for it.
func (x *index) update(id event.SubmissionID, change func(*logPosition)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.positions[id]
	change(&e)
	x.positions[id] = e
	for _, c := range x.waiters[id] {
		close(c)
	}
	delete(x.waiters, id)
}

func (x *index) addSubmission(d stream.Delivery) {
	if id, err := event.ParseSubmissionID(d.Header(event.SubmissionHeader)); err == nil {
		x.update(id, func(e *logPosition) { e.submissionSequence, e.storedAt = d.Sequence, d.StoredAt.UnixNano() })
	}
}

func (x *index) addVerdict(d stream.Delivery) {
	id, err := event.ParseSubmissionID(d.Header(event.SubmissionHeader))
	if err != nil {
		return
	}
	outcome := event.Outcome(d.Header(event.OutcomeHeader))
	x.update(id, func(e *logPosition) {
		if !e.acceptedSome {
			e.verdictSequence, e.acceptedSome = d.Sequence, outcome == event.AllAccepted || outcome == event.Partial
		}
	})
}

// follow adds to the index what comes into the log until ctx ends, and returns nil.
func (x *index) follow(ctx context.Context, log *stream.Log) error {
	var behind sync.WaitGroup
	behind.Add(2)
	group, ctx := errgroup.WithContext(ctx)
	for name, add := range map[string]func(stream.Delivery){
		stream.Submissions: x.addSubmission, stream.Verdicts: x.addVerdict,
	} {
		caughtUp := sync.OnceFunc(behind.Done)
		group.Go(func() error {
			// When the program stops, the goroutine that waits for both streams has to end.
			defer caughtUp()
			return log.Follow(ctx, stream.FollowConfig{Stream: name, HeadersOnly: true, Stage: stage}, func(d stream.Delivery) error { add(d); return nil }, caughtUp)
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
