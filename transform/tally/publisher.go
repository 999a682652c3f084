package tally

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// Publisher publishes totals in flushes, each of which readers apply as one.
type Publisher struct {
	log       *stream.Log
	catalogue *catalogue.Catalogue
	related   relatedIndicators
	now       func() time.Time
	metrics   *Metrics
}

// NewPublisher returns a publisher of totals under the catalogue.
func NewPublisher(log *stream.Log, c *catalogue.Catalogue, now func() time.Time, metrics *Metrics) *Publisher {
	return &Publisher{log: log, catalogue: c, related: findRelated(c), now: now, metrics: metrics}
}

// PeriodTotal is a total and the period it is of.
type PeriodTotal struct {
	Period catalogue.Period
	event.Total
}

// All folds the total of each cell; those nobody has reported are left out.
func All(c *catalogue.Catalogue, source Source, cells []ledger.Cell) []PeriodTotal {
	t := calculator{catalogue: c, source: source}
	return t.all(cells)
}

func (t *calculator) all(cells []ledger.Cell) []PeriodTotal {
	totals := make([]PeriodTotal, 0, len(cells))
	for _, cell := range cells {
		if total, ok := t.total(cell); ok {
			totals = append(totals, PeriodTotal{cell.Period, total})
		}
	}
	return totals
}

// tally folds the totals of the cells and publishes them.
func (p *Publisher) tallyAndPublish(ctx context.Context, view *ledger.View, cells []ledger.Cell, trigger event.Trigger) error {
	t := calculator{catalogue: p.catalogue, source: view}
	return p.publishGroups(ctx, view.Basis(), trigger, func(yield func([]PeriodTotal) bool) {
		for _, family := range groupRelated(p.related, cells, func(c *ledger.Cell) string { return c.Indicator }) {
			if !yield(t.all(family)) {
				return
			}
		}
	})
}

// Publish publishes totals that were folded from the ledger as it stood at the
// basis, a sequence of ACCEPTED, or later.
func (p *Publisher) Publish(ctx context.Context, basis uint64, totals []PeriodTotal, trigger event.Trigger) error {
	return p.publishGroups(ctx, basis, trigger, slices.Values(groupRelated(p.related, totals, func(t *PeriodTotal) string { return t.Indicator })))
}

// A flush is sent once it takes this many bytes. Large flushes cost less for each
// total; but each is one insert, and the sink needs memory for it.
const flushBytes = 8 << 20

// publishGroups publishes families of totals, as many together as a flush takes, and no
// family in two. Their basis is what the ledger had folded in when they were
// computed, or before, so that a total is never younger than it says.
func (p *Publisher) publishGroups(ctx context.Context, basis uint64, trigger event.Trigger, families iter.Seq[[]PeriodTotal]) error {
	var flush []PeriodTotal
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

func (p *Publisher) flush(ctx context.Context, basis uint64, trigger event.Trigger, totals []PeriodTotal) error {
	// A total is large to move about.
	ordered := make([]*PeriodTotal, len(totals))
	for i := range totals {
		ordered[i] = &totals[i]
	}
	slices.SortStableFunc(ordered, func(a, b *PeriodTotal) int { return a.Period.Compare(b.Period) })
	batch := event.TotalsBatch{Basis: basis, Trigger: trigger, Catalogue: p.catalogue.Version(), ComputedAt: p.now().UnixMilli()}
	var batches []event.TotalsBatch
	room, period := 0, catalogue.Period{}
	for _, t := range ordered {
		if room -= t.Size(); room < 0 || t.Period != period {
			batch.Period = t.Period.String()
			batches = append(batches, batch)
			room, period = p.maxTotalsBytes()-t.Size(), t.Period
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
	p.metrics.totals.Add(float64(len(totals)))
	return nil
}

// The most that the totals of one message take.
const messageBytes = 1 << 20

// maxTotalsBytes is how much of a message's body totals may take, by their size, which is
// an estimate.
func (p *Publisher) maxTotalsBytes() int { return min(messageBytes, int(p.log.MaxMessage())/2) }
