package remind

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/ingest/event"
)

// Digest is what one receiver is told at once about an area: all reminders that have come and that it
// has not been told. It is the body of events and of requests to webhooks, in JSON.
type Digest struct {
	// ID is that of its only reminder, or follows from those of all.
	ID   string `json:"id"`
	Area string `json:"area"`
	// Overdue counts the reminders after whose deadline it is.
	Overdue   int        `json:"overdue"`
	Reminders []Reminder `json:"reminders"`
	// TextZH and TextEN say it in a sentence.
	TextZH string `json:"text_zh"`
	TextEN string `json:"text_en"`
}

// newDigest returns the digest of reminders of one area, without its sentences.
func newDigest(reminders ...Reminder) *Digest {
	d := &Digest{ID: reminders[0].ID, Area: reminders[0].Area, Reminders: reminders}
	var ids []string
	for i := range reminders {
		if ids = append(ids, reminders[i].ID); reminders[i].Overdue {
			d.Overdue++
		}
	}
	if slices.Sort(ids); len(ids) > 1 {
		sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
		d.ID = hex.EncodeToString(sum[:12])
	}
	return d
}

// kept is a reminder as it is recorded, at a revision of its record.
type kept struct {
	Record
	revision uint64
	ways     []string // on which it was told by this run
}

// addressee is whom something is told, and how.
type addressee struct{ way, to string }

// remindArea tells the reminders of an area to every receiver who has not been told, each all of them
// at once, and notes what became of it. It returns the reminders of which anything was told.
func (t *telling) remindArea(ctx context.Context, fresh []Reminder) (told []*kept, err error) {
	var open []*kept
	var receivers []addressee
	for i := range fresh {
		k := &kept{}
		if k.Record, k.revision, err = openRecord(ctx, t.kv, Record{Reminder: fresh[i], Deliveries: t.deliveries(&fresh[i])}); err != nil {
			return nil, err
		}
		open = append(open, k)
		for _, d := range k.Deliveries {
			if to := (addressee{d.Way, d.To}); d.Outcome == Waiting && !slices.Contains(receivers, to) {
				receivers = append(receivers, to)
			}
		}
	}
	for _, to := range receivers {
		if err := t.tell(ctx, to, open); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(open, func(k *kept) bool { return len(k.ways) == 0 }), nil
}

// waiting returns what a reminder has yet to be told to a receiver; nil is nothing.
func (k *kept) waiting(of addressee) *Delivery {
	i := slices.IndexFunc(k.Deliveries, func(d Delivery) bool {
		return d.Outcome == Waiting && d.Way == of.way && d.To == of.to
	})
	if i < 0 {
		return nil
	}
	return &k.Deliveries[i]
}

// tell tells a receiver what it has not been told of an area, and notes what became of it.
func (t *telling) tell(ctx context.Context, to addressee, open []*kept) error {
	var reminders []Reminder
	for _, k := range open {
		if k.waiting(to) != nil {
			reminders = append(reminders, k.Reminder)
		}
	}
	digest := newDigest(reminders...)
	digest.TextZH, _ = t.source.Tell(t.catalogue, digest, "zh")
	digest.TextEN, _ = t.source.Tell(t.catalogue, digest, "en")
	attempts, problem := t.deliver(ctx, digest, to)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if problem != nil && len(t.problems) < maxProblems {
		t.problems = append(t.problems, fmt.Errorf("tell %s by %s %s: %w", digest.Area, to.way, to.to, problem))
	}
	for _, k := range open {
		d := k.waiting(to)
		if d == nil {
			continue
		}
		d.At, d.Problem, d.Attempts = t.now().UTC(), "", d.Attempts+attempts
		switch _, refused := errors.AsType[*refusal](problem); {
		case problem == nil:
			d.Outcome = Told
			k.ways = append(k.ways, strings.TrimSpace(d.Way+" "+d.To))
		case refused:
			d.Outcome = Refused
		}
		if problem != nil {
			d.Problem = event.Excerpt(problem.Error(), 500)
		}
		t.metrics.count(d)
		var err error
		if k.revision, err = save(ctx, t.kv, &k.Record, k.revision); err != nil {
			return err
		}
	}
	return nil
}

// byArea returns reminders by area, areas and reminders in the order in which they come.
func byArea(reminders []Reminder) (areas [][]Reminder) {
	sorted := slices.Clone(reminders)
	slices.SortStableFunc(sorted, func(a, b Reminder) int { return cmp.Compare(a.Area, b.Area) })
	for len(sorted) > 0 {
		n := slices.IndexFunc(sorted, func(r Reminder) bool { return r.Area != sorted[0].Area })
		if n < 0 {
			n = len(sorted)
		}
		areas, sorted = append(areas, sorted[:n:n]), sorted[n:]
	}
	return areas
}
