package transform

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// press computes totals and publishes them in flushes, each of which readers
// apply as one.
type press struct {
	log       *stream.Log
	catalogue *catalogue.Catalogue
	families  families
	now       func() time.Time
	metrics   *Metrics
}

func newPress(log *stream.Log, c *catalogue.Catalogue, now func() time.Time, metrics *Metrics) press {
	return press{log: log, catalogue: c, families: familiesOf(c), now: now, metrics: metrics}
}

// tallied is a computed total and the period it is of.
type tallied struct {
	period catalogue.Period
	event.Total
}

// all computes the cells; those nobody has reported are left out.
func (t *tally) all(cells []Cell) []tallied {
	totals := make([]tallied, 0, len(cells))
	for _, cell := range cells {
		if total, ok := t.total(cell); ok {
			totals = append(totals, tallied{cell.Period, total})
		}
	}
	return totals
}

// publish tallies the cells and publishes the totals.
func (p *press) publish(ctx context.Context, view *View, cells []Cell, trigger event.Trigger) error {
	t := tally{catalogue: p.catalogue, source: view}
	return p.send(ctx, view.Basis(), trigger, func(yield func([]tallied) bool) {
		for _, family := range split(p.families, cells, func(c *Cell) string { return c.Indicator }) {
			if !yield(t.all(family)) {
				return
			}
		}
	})
}

// republish publishes totals that have been computed.
func (p *press) republish(ctx context.Context, basis uint64, totals []tallied, trigger event.Trigger) error {
	return p.send(ctx, basis, trigger, slices.Values(split(p.families, totals, func(t *tallied) string { return t.Indicator })))
}

// A flush is sent once it takes this many bytes. Large flushes cost less for each
// total; but each is one insert, and the sink needs memory for it.
const flushBytes = 8 << 20

// send publishes families of totals, as many together as a flush takes, and no
// family in two. Their basis is what the ledger had folded in when they were
// computed, or before, so that a total is never younger than it says.
func (p *press) send(ctx context.Context, basis uint64, trigger event.Trigger, families iter.Seq[[]tallied]) error {
	var flush []tallied
	size := 0
	for family := range families {
		flush = append(flush, family...)
		for i := range family {
			size += family[i].Size()
		}
		if size >= flushBytes {
			if err := p.flush(ctx, basis, trigger, flush); err != nil {
				return err
			}
			flush, size = nil, 0
		}
	}
	return p.flush(ctx, basis, trigger, flush)
}

func (p *press) flush(ctx context.Context, basis uint64, trigger event.Trigger, totals []tallied) error {
	// A total is large to move about.
	ordered := make([]*tallied, len(totals))
	for i := range totals {
		ordered[i] = &totals[i]
	}
	slices.SortStableFunc(ordered, func(a, b *tallied) int { return a.period.Compare(b.period) })
	batch := event.TotalsBatch{Basis: basis, Trigger: trigger, Catalogue: p.catalogue.Version(), ComputedAt: p.now().UnixMilli()}
	var batches []event.TotalsBatch
	room, period := 0, catalogue.Period{}
	for _, t := range ordered {
		if room -= t.Size(); room < 0 || t.period != period {
			batch.Period = t.period.String()
			batches = append(batches, batch)
			room, period = p.room()-t.Size(), t.period
		}
		last := &batches[len(batches)-1]
		last.Totals = append(last.Totals, t.Total)
	}
	messages := make([]stream.Message, len(batches))
	for i := range batches {
		batches[i].Part, batches[i].Parts = i+1, len(batches)
		body, err := event.EncodeTotals(&batches[i])
		if err != nil {
			return err
		}
		messages[i] = stream.Message{Subject: "totals." + batches[i].Period, Body: body}
	}
	if _, err := p.log.Publish(ctx, messages...); err != nil {
		return err
	}
	p.metrics.tally.totals.Add(float64(len(totals)))
	return nil
}

// The most that the totals of one message take.
const messageBytes = 1 << 20

// room is how much of a message's body totals may take, by their size, which is
// an estimate.
func (p *press) room() int { return min(messageBytes, int(p.log.MaxMessage())/2) }
