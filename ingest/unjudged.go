package ingest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// unjudged counts what waits for its verdict in SUBMISSIONS, by area, so that no area has so much
// there that the others wait long behind it. It is filled by following the log.
type unjudged struct {
	messages int   // the most of one area
	bytes    int64 // the most of one area, which one upload may exceed

	mu sync.Mutex
	// waiting are the messages of SUBMISSIONS without a verdict, by sequence, and early the
	// verdicts on messages that this process has yet to hear of.
	waiting map[uint64]waitingMessage
	early   map[uint64]judgedMessage
	// writtenOver is told of each message that is not the one that the verdict on its place is about.
	writtenOver func(sequence uint64, lost event.SubmissionID)
	reached     uint64 // the newest message of SUBMISSIONS that was followed
	byArea      map[string]waitingShare
	changed     chan struct{} // closed, and made anew, when something has got its verdict
	settled     time.Time     // when the validators were last asked how far they are
}

// waitingMessage is a message that waits, and waitingShare what waits of one area.
type (
	waitingMessage struct {
		area  string
		bytes int64
		judgedMessage
	}
	waitingShare struct {
		messages int
		bytes    int64
	}
)

// judgedMessage is of which submission a message or the verdict on it is, as its headers say, and when
// the broker stored it. The zero id is not known.
type judgedMessage struct {
	id       event.SubmissionID
	storedAt time.Time
}

func judgedMessageOf(d *stream.Delivery) judgedMessage {
	id, _ := event.ParseSubmissionID(d.Header(event.SubmissionHeader))
	return judgedMessage{id: id, storedAt: d.StoredAt}
}

// clockDifference is how much later than its verdict a message may seem to be stored: on a cluster
// another server may have stored it, whose clock differs.
const clockDifference = time.Minute

// compare tells where the message at a sequence came after the verdict on that place: the end of
// SUBMISSIONS was lost with what was judged, and written over. What came otherwise than by a gateway
// has no id.
func (u *unjudged) compare(sequence uint64, message, verdict judgedMessage) {
	after := message.storedAt.Sub(verdict.storedAt)
	if other := message.id != (event.SubmissionID{}) && message.id != verdict.id; after > clockDifference || other && after > 0 {
		u.writtenOver(sequence, verdict.id)
	}
}

func newUnjudged(c Config, writtenOver func(uint64, event.SubmissionID)) *unjudged {
	return &unjudged{
		messages: c.MaxUnjudged, bytes: unjudgedBytes, writtenOver: writtenOver,
		waiting: map[uint64]waitingMessage{}, early: map[uint64]judgedMessage{}, byArea: map[string]waitingShare{}, changed: make(chan struct{}),
	}
}

const (
	// unjudgedBytes is how many bytes may wait of one area; the upload that reaches them may exceed
	// them.
	unjudgedBytes = 64 << 20
	// directPart is the part of its share up to which an area is let in that publishes to the
	// broker itself: what waits in DIRECT instead is refused to nobody.
	directPart = 16
)

// count changes what waits of an area. The caller holds mu.
func (u *unjudged) count(area string, messages int, bytes int64) {
	share := u.byArea[area]
	share.messages += messages
	share.bytes += bytes
	if u.byArea[area] = share; share == (waitingShare{}) {
		delete(u.byArea, area)
	}
}

// remove ends the wait of a message. The caller holds mu.
func (u *unjudged) remove(sequence uint64) {
	if m, waits := u.waiting[sequence]; waits {
		delete(u.waiting, sequence)
		u.count(m.area, -1, -m.bytes)
	}
}

func (u *unjudged) wake() {
	close(u.changed)
	u.changed = make(chan struct{})
}

// addSubmission counts a message of SUBMISSIONS, of which the headers came.
func (u *unjudged) addSubmission(d *stream.Delivery) {
	area := event.OriginOf(d.Subject).Area
	bytes, _ := strconv.ParseInt(d.Header(nats.MsgSize), 10, 64)
	u.mu.Lock()
	defer u.mu.Unlock()
	if d.Sequence > u.reached+1 && len(u.early) > 0 { // what lies between will not come
		maps.DeleteFunc(u.early, func(sequence uint64, _ judgedMessage) bool { return sequence < d.Sequence })
	}
	u.reached = d.Sequence
	verdict, judged := u.early[d.Sequence]
	delete(u.early, d.Sequence)
	if d.Header(event.LostHeader) != "" {
		return
	}
	if judged {
		u.compare(d.Sequence, judgedMessageOf(d), verdict)
		return
	}
	u.waiting[d.Sequence] = waitingMessage{area, bytes, judgedMessageOf(d)}
	u.count(area, 1, bytes)
}

// addVerdict counts the verdict on the message at a sequence.
func (u *unjudged) addVerdict(sequence uint64, d *stream.Delivery) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if sequence > u.reached {
		if _, known := u.early[sequence]; !known { // the first is on what was there first
			u.early[sequence] = judgedMessageOf(d)
		}
		return
	}
	if m, waits := u.waiting[sequence]; waits {
		u.compare(sequence, m.judgedMessage, judgedMessageOf(d))
	}
	u.remove(sequence)
	u.wake()
}

// settle takes everything up to a sequence for done: it has a verdict, or was put aside, or has
// expired.
func (u *unjudged) settle(upTo uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for sequence := range u.waiting {
		if sequence <= upTo {
			u.remove(sequence)
		}
	}
	u.wake()
}

// full reports whether an area has a part of what it may have waiting, and returns a channel that is closed
// when less may wait. Where ask is true, it is long since the validators were asked how far they
// are.
func (u *unjudged) full(area string, part int) (full, ask bool, changed <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	share := u.byArea[area]
	full = share.messages >= max(u.messages/part, 1) || share.bytes >= u.bytes/int64(part)
	if full && time.Since(u.settled) > settleEvery {
		u.settled, ask = time.Now(), true
	}
	return full, ask, u.changed
}

// reserve counts messages before they are in the log, until release is called.
func (u *unjudged) reserve(messages []stream.Message) (release func()) {
	add := func(sign int) {
		u.mu.Lock()
		defer u.mu.Unlock()
		for i := range messages {
			u.count(event.OriginOf(messages[i].Subject).Area, sign, int64(sign*len(messages[i].Body)))
		}
	}
	add(1)
	return func() { add(-1) }
}

// settleEvery is how often the validators are asked how far they are while an area is full: of
// what was put aside there is no verdict.
const settleEvery = time.Second

// isFull reports whether an area has a part of what it may have without a verdict, and returns a channel that is closed when it may have fewer.
func (g *Gateway) isFull(ctx context.Context, area string, part int) (bool, <-chan struct{}) {
	full, ask, changed := g.unjudged.full(area, part)
	if ask {
		if position, err := g.log.Position(ctx, stream.Submissions, stream.Validators); err == nil {
			g.unjudged.settle(position.AckFloor)
		}
		full, _, changed = g.unjudged.full(area, part)
	}
	return full, changed
}

// AwaitRoom waits until there is room for what an area published to the broker itself: a sixteenth
// of what may wait of it without a verdict. When ctx ends, the error is its cause.
func (g *Gateway) AwaitRoom(ctx context.Context, area string) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		full, changed := g.isFull(ctx, area, directPart)
		if !full {
			return nil
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// HasRoom reports whether [Gateway.AwaitRoom] would not wait.
func (g *Gateway) HasRoom(ctx context.Context, area string) bool {
	full, _ := g.isFull(ctx, area, directPart)
	return !full
}

// reserveRoom returns the problem of an upload of an area that has as much waiting as it may.
// Else what the upload stores counts from now on; release is to be called once it is in the log.
func (g *Gateway) reserveRoom(ctx context.Context, w http.ResponseWriter, messages []stream.Message) (release func(), err error) {
	asked := map[string]bool{}
	for i := range messages {
		area := event.OriginOf(messages[i].Subject).Area
		if asked[area] {
			continue
		}
		asked[area] = true
		if full, _ := g.isFull(ctx, area, 1); full {
			w.Header().Set("Retry-After", retryAfterUnjudged)
			return nil, newProblem(http.StatusTooManyRequests, codeTooMany,
				fmt.Sprintf("%s 待审核的报送已达上限（%d 份，合计 %d 字节）；未存储任何数据，请待其审核后再报送", area, g.unjudged.messages, g.unjudged.bytes),
				fmt.Sprintf("%s has as many submissions without a verdict as it may have (%d, of %d bytes together); nothing was stored, send this again when those have been judged", area, g.unjudged.messages, g.unjudged.bytes))
		}
	}
	return g.unjudged.reserve(messages), nil
}
