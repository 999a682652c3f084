package ingest

import (
	"context"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/template"
)

// standingTimeout is how long a receipt waits to be told what has become of held rows.
const standingTimeout = 5 * time.Second

// maxLifeHolds is how many held figures the life of a submission lists.
const maxLifeHolds = 200

// stand completes receipts whose verdicts hold something with what has become of that since, and
// has their status follow. Where nobody can tell now they stay as they were judged.
func (g *Gateway) stand(ctx context.Context, receipts ...*Receipt) {
	var wanted inquiry.WantedStanding
	var of []*Receipt
	for _, r := range receipts {
		if r.Verdict != nil && r.Verdict.Held > 0 && r.Held == nil {
			wanted.Of, of = append(wanted.Of, inquiry.HeldIn(r.Verdict)), append(of, r)
		}
	}
	if len(of) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, standingTimeout)
	defer cancel()
	told, err := inquiry.AskStanding(ctx, g.log, wanted)
	if err != nil || len(told.Of) != len(of) {
		return
	}
	for i, r := range of {
		r.standAs(&told.Of[i])
	}
}

// standAs has the receipt's status follow from what has become of its held rows. Of those that the
// answer does not have, nothing was decided that is known.
func (r *Receipt) standAs(s *inquiry.Standing) {
	s.Pending += max(0, r.Verdict.Held-s.Pending-s.Released-s.Refused-s.Superseded)
	r.Held, r.Status = s, string(s.Outcome(r.Verdict))
}

// Counting returns how many of the receipt's rows count by now; those that were released since
// among them.
func (r *Receipt) Counting() int {
	counting := 0
	if r.Verdict != nil {
		counting = r.Verdict.Accepted
	}
	if r.Held != nil {
		counting += r.Held.Released
	}
	return counting
}

// holdsOf returns the figures of a submission that were held, each with what was said and decided
// about it, and how many there are besides; none while nobody can tell.
func (g *Gateway) holdsOf(ctx context.Context, v *event.Verdict) inquiry.Holds {
	if v == nil || v.Held == 0 {
		return inquiry.Holds{}
	}
	ctx, cancel := context.WithTimeout(ctx, standingTimeout)
	defer cancel()
	of := inquiry.HeldIn(v)
	told, err := inquiry.AskHolds(ctx, g.log, inquiry.WantedHolds{Area: v.Area, Of: &of, Limit: maxLifeHolds})
	if err != nil {
		return inquiry.Holds{}
	}
	return told
}

// heldBy returns what has become of the row of a submission that a finding held; false where that is
// not among the holds. A list is held as one.
func (g *Gateway) heldBy(f *event.Finding, v *event.Verdict, holds []inquiry.Hold) (template.Held, bool) {
	indicator, period := f.Indicator, f.Period
	if i, _, ok := g.catalogue().FindIndicator(indicator); ok {
		indicator = i.ID
	}
	if p, err := catalogue.ReadPeriod(period, 0); err == nil {
		period = p.String()
	}
	of := func(h inquiry.Hold) bool {
		return f.Hold == h.ID || f.Hold == "" && h.Sequence == v.Sequence && (h.Listed != nil || h.Row == f.Row && h.Indicator == indicator && h.Period == period)
	}
	at := slices.IndexFunc(holds, of)
	if at < 0 {
		return template.Held{}, false
	}
	held := template.Held{State: holds[at].State}
	if d := holds[at].Decision; d != nil {
		held.By, held.Why = d.Person.Name, d.Text
	}
	return held, true
}
