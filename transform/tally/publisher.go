package tally

import (
	"context"
	"iter"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// Publisher publishes totals to TOTALS in flushes. Readers show all totals of a flush
// at once.
type Publisher struct {
	log     *stream.Log
	now     func() time.Time
	metrics *Metrics
	related atomic.Pointer[relatedUnder]
}

// relatedUnder is the groups of indicators under a catalogue.
type relatedUnder struct {
	catalogue *catalogue.Catalogue
	relatedIndicators
}

// NewPublisher returns a publisher of totals.
func NewPublisher(log *stream.Log, now func() time.Time, metrics *Metrics) *Publisher {
	return &Publisher{log: log, now: now, metrics: metrics}
}

// relatedIn returns the groups of indicators under a catalogue.
func (p *Publisher) relatedIn(c *catalogue.Catalogue) relatedIndicators {
	related := p.related.Load()
	if related == nil || related.catalogue != c {
		related = &relatedUnder{c, findRelated(c)}
		p.related.Store(related)
	}
	return related.relatedIndicators
}

// tallyAndPublish folds the totals of the cells from the view, under its catalogue, and
// publishes them. Of cells in withdrawn that have no total it publishes that there is none any more.
func (p *Publisher) tallyAndPublish(ctx context.Context, view *ledger.View, cells []ledger.Cell, withdrawn map[ledger.Cell]bool, trigger event.Trigger) error {
	c := newCalculator(view.Catalogue(), view)
	return p.publishGroups(ctx, c.catalogue, view.Basis(), trigger, flushLimit{bytes: flushBytes, periods: math.MaxInt}, func(yield func([]PeriodTotal) bool) {
		for _, group := range groupRelated(p.relatedIn(c.catalogue), cells, func(c *ledger.Cell) string { return c.Indicator }) {
			totals := c.appendTotals(make([]PeriodTotal, 0, len(group)), group)
			for _, cell := range group {
				if withdrawn[cell] && !slices.ContainsFunc(totals, func(t PeriodTotal) bool { return t.Indicator == cell.Indicator && t.Period == cell.Period }) {
					totals = append(totals, Withdrawal(c.catalogue, cell))
				}
			}
			if !yield(totals) {
				return
			}
		}
	})
}

// Withdrawal returns what is published of a cell whose total no longer follows: status X
// and no figure.
func Withdrawal(c *catalogue.Catalogue, cell ledger.Cell) PeriodTotal {
	t := event.Total{Indicator: cell.Indicator, Status: catalogue.Withdrawn.String()}
	if indicator, ok := c.Indicator(cell.Indicator); ok {
		t.Unit = indicator.UnitName
	}
	return PeriodTotal{cell.Period, t}
}

// Publish publishes totals that were folded under a catalogue from the ledger as it stood at
// the basis, a sequence of ACCEPTED, or later. All of them are one flush, up to 24 MiB and 900
// periods: about 24,000 totals of ten areas. More than that go out in several, and no group of
// related totals in two.
func (p *Publisher) Publish(ctx context.Context, c *catalogue.Catalogue, basis uint64, totals []PeriodTotal, trigger event.Trigger) error {
	return p.publishGroups(ctx, c, basis, trigger, wholeRun, slices.Values(groupRelated(p.relatedIn(c), totals, func(t *PeriodTotal) string { return t.Indicator })))
}

// A flush is published once it has this many bytes. Large flushes cost less for each
// total, but each is one insert, which the sink holds in memory.
const flushBytes = 8 << 20

// flushLimit says after how many bytes, or periods, a flush is published.
type flushLimit struct{ bytes, periods int }

// wholeRun is as much as one atomic batch of the broker has room for: parts of a flush have
// consecutive sequences.
var wholeRun = flushLimit{bytes: 24 << 20, periods: 900}

// publishGroups publishes groups of related totals, as many in one flush as it has
// room for, and no group in two flushes. The totals may hold later figures than those
// of the basis, but none of its figures is missing.
func (p *Publisher) publishGroups(ctx context.Context, c *catalogue.Catalogue, basis uint64, trigger event.Trigger, limit flushLimit, groups iter.Seq[[]PeriodTotal]) error {
	var flush []PeriodTotal
	size, periods := 0, map[catalogue.Period]bool{}
	for group := range groups {
		flush = append(flush, group...)
		for i := range group {
			size += group[i].Size()
			periods[group[i].Period] = true
		}
		if size >= limit.bytes || len(periods) >= limit.periods {
			if err := p.flush(ctx, c, basis, trigger, flush); err != nil {
				return err
			}
			flush, size = nil, 0
			clear(periods)
		}
	}
	return p.flush(ctx, c, basis, trigger, flush)
}

// flush publishes totals as one flush: a message for each period, or several where one
// has not room for all.
func (p *Publisher) flush(ctx context.Context, c *catalogue.Catalogue, basis uint64, trigger event.Trigger, totals []PeriodTotal) error {
	// Sorting pointers is faster: a total is a large struct.
	ordered := make([]*PeriodTotal, len(totals))
	for i := range totals {
		ordered[i] = &totals[i]
	}
	slices.SortStableFunc(ordered, func(a, b *PeriodTotal) int { return a.Period.Compare(b.Period) })
	batch := event.TotalsBatch{Basis: basis, Trigger: trigger, Catalogue: c.Version(), ComputedAt: p.now().UnixMilli()}
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

// The most bytes of totals in one message.
const messageBytes = 1 << 20

// maxTotalsBytes returns how many bytes of totals a message has room for. The size of
// a total is an estimate, so half of the broker's limit is left free.
func (p *Publisher) maxTotalsBytes() int { return min(messageBytes, int(p.log.MaxMessage())/2) }
