package ingest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

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
	// verdictSequence is the place in VERDICTS of the newest verdict that is no
	// repetition, which changes nothing; 0 is none. newestVerdict counts repetitions too,
	// and repetition says whether it is one.
	verdictSequence uint64
	newestVerdict   uint64
	repetition      bool
	// judgedSequence is the place in SUBMISSIONS of what the newest verdict is about.
	judgedSequence uint64
	// area is whose it is by the subjects of its messages, "" where they do not agree: an id in a
	// header proves nothing.
	area     string
	disputed bool
}

// belongsTo notes an area that a message about the submission is of.
func (p *logPosition) belongsTo(area string) {
	switch {
	case p.disputed || p.area == area:
	case p.area == "":
		p.area = area
	default:
		p.area, p.disputed = "", true
	}
}

// newest returns the place in SUBMISSIONS of the newest message with this content.
func (p *logPosition) newest() uint64 { return max(p.submissionSequence, p.judgedSequence) }

// index has the position of every submission in the log. It is filled only by following
// the log.
type index struct {
	mu        sync.Mutex
	positions map[event.SubmissionID]logPosition
	waiters   map[event.SubmissionID][]chan struct{}
	// replaced are the places in VERDICTS of those in whose place a later verdict on the same
	// content is, the oldest first.
	replaced map[event.SubmissionID][]uint64
	// lastOfArea is the place in SUBMISSIONS of each area's newest message, and reached
	// that of the newest message in the index. Who waits for it has moved closed.
	lastOfArea map[string]uint64
	// lastUnlisted is that of each area's newest message without an id.
	lastUnlisted map[string]uint64
	// byArea has the submissions with an id of each area, in the order of the log.
	byArea  map[string][]listed
	reached uint64
	moved   chan struct{}
	// judged is closed, and made anew, when a verdict comes.
	judged   chan struct{}
	unjudged *unjudged
	log      *stream.Log // that is followed; nil before
	// ready is closed when every message that was in the log at the start is in the index.
	ready chan struct{}
}

func newIndex(u *unjudged) *index {
	return &index{
		positions: map[event.SubmissionID]logPosition{}, replaced: map[event.SubmissionID][]uint64{}, waiters: map[event.SubmissionID][]chan struct{}{},
		lastOfArea: map[string]uint64{}, lastUnlisted: map[string]uint64{}, byArea: map[string][]listed{}, ready: make(chan struct{}), judged: make(chan struct{}), unjudged: u,
	}
}

func (x *index) lookup(id event.SubmissionID) (logPosition, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.positions[id]
	return e, ok
}

// replacedOf returns the places in VERDICTS of the newest verdicts on a submission that a later one
// took the place of, the newest first.
func (x *index) replacedOf(id event.SubmissionID, most int) []uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := x.replaced[id]
	newest := slices.Clone(all[max(0, len(all)-most):])
	slices.Reverse(newest)
	return newest
}

// newestOf returns the place in SUBMISSIONS of an area's newest message, once the index has
// the messages up to a sequence. It reports false when ctx ends first.
func (x *index) newestOf(ctx context.Context, area string, upTo uint64) (sequence uint64, ok bool) {
	for {
		x.mu.Lock()
		if x.reached >= upTo {
			defer x.mu.Unlock()
			return x.lastOfArea[area], true
		}
		if x.moved == nil {
			x.moved = make(chan struct{})
		}
		moved := x.moved
		x.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return 0, false
		}
	}
}

// nothingSince reports whether an area's messages from behind a place up to its newest are all of
// submissions with the ids.
func (x *index) nothingSince(area string, place, newest uint64, ids map[event.SubmissionID]bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.lastOfArea[area] != newest || x.lastUnlisted[area] > place {
		return false
	}
	for _, l := range slices.Backward(x.byArea[area]) {
		if l.sequence <= place {
			break
		}
		if !ids[l.id] {
			return false
		}
	}
	return true
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

// update changes the position of a submission, about which there is a message on a subject, and
// wakes those who wait for it.
func (x *index) update(id event.SubmissionID, subject string, change func(*logPosition)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.positions[id]
	e.belongsTo(event.OriginOf(subject).Area)
	change(&e)
	x.positions[id] = e
	for _, c := range x.waiters[id] {
		close(c)
	}
	delete(x.waiters, id)
}

func (x *index) addSubmission(d stream.Delivery) {
	x.unjudged.addSubmission(&d)
	if x.log != nil {
		if direct, err := strconv.ParseUint(d.Header(event.DirectHeader), 10, 64); err == nil {
			x.log.KnowDirect(direct, d.StoredAt)
		}
		if hash := d.Header(event.OriginalHeader); hash != "" {
			x.log.KnowOriginal(d.Sequence, hash, d.StoredAt)
		}
	}
	id, err := event.ParseSubmissionID(d.Header(event.SubmissionHeader))
	x.mu.Lock()
	x.reached = d.Sequence
	if area := event.OriginOf(d.Subject).Area; area != "" {
		x.lastOfArea[area] = d.Sequence
		if err == nil {
			x.byArea[area] = append(x.byArea[area], listed{d.Sequence, id})
		} else {
			x.lastUnlisted[area] = d.Sequence
		}
	}
	if x.moved != nil {
		close(x.moved)
		x.moved = nil
	}
	x.mu.Unlock()
	if err == nil {
		x.update(id, d.Subject, func(e *logPosition) { e.submissionSequence, e.storedAt = d.Sequence, d.StoredAt.UnixNano() })
	}
}

func (x *index) addVerdict(d stream.Delivery) {
	judged, isVerdict := event.JudgedSequence(d.ID())
	if isVerdict {
		x.unjudged.addVerdict(judged, &d)
	}
	id, err := event.ParseSubmissionID(d.Header(event.SubmissionHeader))
	if err != nil {
		return
	}
	x.update(id, d.Subject, func(e *logPosition) {
		e.newestVerdict, e.repetition = d.Sequence, d.Header(event.RepeatedHeader) == "true"
		e.judgedSequence = max(e.judgedSequence, judged)
		if !e.repetition || e.verdictSequence == 0 {
			if e.verdictSequence != 0 {
				x.replaced[id] = append(x.replaced[id], e.verdictSequence)
			}
			e.verdictSequence = d.Sequence
		}
	})
	x.tellMoved()
}

// tellMoved tells those who wait for the next verdict, or for the next decision whoever made it,
// that figures may have changed.
func (x *index) tellMoved() {
	x.mu.Lock()
	defer x.mu.Unlock()
	close(x.judged)
	x.judged = make(chan struct{})
}

// forget drops what is in neither stream any more: SUBMISSIONS and VERDICTS begin at these
// sequences now. An index that is filled anew would not have it either.
func (x *index) forget(firstSubmission, firstVerdict uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, p := range x.positions {
		if p.submissionSequence < firstSubmission && p.newestVerdict < firstVerdict {
			delete(x.positions, id)
			delete(x.replaced, id)
		}
	}
	for area, all := range x.byArea {
		kept := slices.IndexFunc(all, func(l listed) bool { return l.sequence >= firstSubmission })
		if kept < 0 {
			kept = len(all)
		}
		x.byArea[area] = slices.Clone(all[kept:])
	}
}

// forgetEvery is how often the index drops what the streams have dropped.
const forgetEvery = 10 * time.Minute

// forgetExpired drops what the streams have dropped, from time to time until ctx ends.
func (x *index) forgetExpired(ctx context.Context, log *stream.Log, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var known [2]uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		submissions, err := log.Extent(ctx, stream.Submissions)
		if err != nil {
			continue // the broker is away; followers tell so
		}
		verdicts, err := log.Extent(ctx, stream.Verdicts)
		if first := [2]uint64{submissions.First, verdicts.First}; err == nil && first != known {
			x.forget(first[0], first[1])
			known = first
		}
	}
}

// nextVerdict returns a channel that is closed when a verdict comes, or a held figure is decided
// about through this gateway.
func (x *index) nextVerdict() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.judged
}

// follow adds to the index what comes into the log until ctx ends, and returns nil.
func (x *index) follow(ctx context.Context, log *stream.Log) error {
	x.log = log
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
	group.Go(func() error { x.forgetExpired(ctx, log, forgetEvery); return nil })
	group.Go(func() error {
		behind.Wait()
		if ctx.Err() == nil {
			close(x.ready)
		}
		return nil
	})
	return group.Wait()
}
