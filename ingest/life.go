package ingest

import (
	"context"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
)

// Life is how far a submission has come on its way from the gateway to the analysts.
type Life struct {
	// Stage is the last of received, judged, totalled and stored that has been reached.
	Stage      string     `json:"stage"`
	ReceivedAt time.Time  `json:"received_at"`
	JudgedAt   *time.Time `json:"judged_at,omitempty"`
	// Basis is the place in ACCEPTED of what was accepted of it, or released last, once totals follow
	// from that: those with this basis or a higher one count it. It is 0 before.
	Basis uint64 `json:"basis,omitempty"`
	// Counts are the rows by what they did: each effect that the verdict names, and those of no
	// row as well.
	Counts map[event.Effect]int `json:"counts,omitempty"`
	// Holds are the figures of it that were held, each with what was said and decided about it, the
	// last row first; HoldsOmitted counts those beyond the first 200.
	Holds        []inquiry.Hold `json:"holds,omitempty"`
	HoldsOmitted int            `json:"holds_omitted,omitempty"`
}

// acceptedUpTo returns the place in ACCEPTED up to which everything stands that counts of a
// submission by now: its rows, and those that were released since.
func (l *Life) acceptedUpTo(v *event.Verdict) uint64 {
	last := v.AcceptedSequence
	for i := range l.Holds {
		if d := l.Holds[i].Decision; d != nil && l.Holds[i].State == releasedState {
			last = max(last, d.Sequence)
		}
	}
	return last
}

// releasedState is the state of a held figure that counts since.
const releasedState = "released"

// The stages of a submission's life.
const (
	LifeReceived = "received"
	LifeJudged   = "judged"
	// LifeTotalled: every total that follows from it has been published.
	LifeTotalled = "totalled"
	// LifeStored: its verdict, its figures and these totals are in ClickHouse.
	LifeStored = "stored"
)

// Readers are the durable consumers by which the gateway tells how far a submission has come.
type Readers struct {
	// Tally publishes totals, and Accepted, Verdicts and Totals bring those streams to ClickHouse.
	Tally, Accepted, Verdicts, Totals string
}

// WithReaders makes the gateway tell the life of a submission.
func WithReaders(r Readers) Option { return func(g *Gateway) { g.readers = r } }

// lifeOf returns how far a submission has certainly come, nil where the gateway was not told by
// what to know. Of a submission of which nothing was accepted, no total follows.
func (g *Gateway) lifeOf(ctx context.Context, r *Receipt, id event.SubmissionID) *Life {
	if g.readers.Tally == "" {
		return nil
	}
	life := &Life{Stage: LifeReceived, ReceivedAt: r.ReceivedAt}
	v := r.Verdict
	if v == nil {
		return life
	}
	life.Stage, life.JudgedAt, life.Counts = LifeJudged, &v.DecidedAt, map[event.Effect]int{}
	for _, effect := range event.Effects() {
		life.Counts[effect] = v.CountOf(effect)
	}
	held := g.holdsOf(ctx, v)
	life.Holds, life.HoldsOmitted = held.Holds, held.HoldsOmitted
	accepted := life.acceptedUpTo(v)
	tally, err := g.log.Position(ctx, stream.Accepted, g.readers.Tally)
	if err != nil || tally.AckFloor < accepted {
		return life
	}
	life.Stage, life.Basis = LifeTotalled, accepted
	totals, err := g.log.LastSequence(ctx, stream.Totals)
	if err != nil {
		return life
	}
	e, _ := g.index.lookup(id)
	for _, of := range []struct {
		stream, reader string
		sequence       uint64
	}{
		{stream.Verdicts, g.readers.Verdicts, e.verdictSequence}, {stream.Accepted, g.readers.Accepted, accepted}, {stream.Totals, g.readers.Totals, totals},
	} {
		position, err := g.log.Position(ctx, of.stream, of.reader)
		if err != nil || position.AckFloor < of.sequence {
			return life
		}
	}
	life.Stage = LifeStored
	return life
}
