package transform

import (
	"context"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/rs/zerolog"
)

// tallier publishes the totals that newly accepted observations touch. One is
// active at a time. Two that overlap during a hand-over publish the same totals
// twice, which readers tell by their basis.
type tallier struct {
	log    *stream.Log
	ledger *Ledger
	config Config
	logger zerolog.Logger
	press  press
	now    func() time.Time

	metrics *Metrics
	tracer  *stream.Tracer

	due     map[Cell]bool // cells whose totals are to be published; nil at first
	covered uint64        // the sequence of ACCEPTED up to which they have been
}

// TallyConsumer is the durable consumer by which the tally's progress is known.
const TallyConsumer = "tally"

// How many messages of ACCEPTED one flush of totals folds in at most.
const tallyBatch = 500

// run tallies until ctx ends. It is to be called once the ledger has caught up.
func (t *tallier) run(ctx context.Context) error {
	consumer, err := t.log.Consume(ctx, stream.ConsumerConfig{
		Stream: stream.Accepted, Name: TallyConsumer, AckWait: t.config.AckWait, MaxPending: 2 * tallyBatch, Single: true,
	})
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer consumer.Stop()
	for {
		batch, err := consumer.Gather(ctx, tallyBatch)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		done := consumer.Hold(batch)
		err = finish(ctx, t.logger, "tally", func(ctx context.Context) error { return t.flush(ctx, batch) })
		done()
		if err != nil {
			return err
		}
	}
}

// flush publishes every total that the batch touches, and those that whatever
// the ledger is ahead touches: what it shows of a cell has to agree with what it
// shows of others. What it has published with a batch before it does not repeat.
func (t *tallier) flush(ctx context.Context, batch []stream.Delivery) (err error) {
	began, spans := t.now(), t.tracer.StartBatch(ctx, "tally", batch)
	defer func() { spans.End(err) }()
	ctx = spans.Context(ctx)
	var last uint64
	for i := range batch {
		last = max(last, batch[i].Sequence)
	}
	if last > t.covered {
		if err := t.cover(ctx, last); err != nil {
			return err
		}
	}
	whole := batch[:0:0]
	for i := range batch {
		d := &batch[i]
		if err := t.ledger.Unreadable(d.Sequence); err != nil {
			if err := t.log.Bury(ctx, "tally", stream.Accepted, d, err, t.now()); err != nil {
				return err
			}
			t.metrics.dead.WithLabelValues(stream.Accepted).Inc()
			continue
		}
		whole = append(whole, *d)
	}
	t.metrics.tally.batch.Observe(float64(len(batch)))
	t.metrics.tally.duration.Observe(t.now().Sub(began).Seconds())
	return stream.AckAll(whole)
}

func cellsOf(body []byte, into map[Cell]bool) error {
	batch, err := stream.DecodeAccepted(body)
	if err != nil {
		return err
	}
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		periods, err := s.Periods()
		if err != nil {
			return err
		}
		for row := range s.Len() {
			into[Cell{s.IndicatorWords[s.Indicator[row]], periods[s.Period[row]]}] = true
		}
	}
	return nil
}

// press computes totals and publishes them.
type press struct {
	log       *stream.Log
	catalogue *catalogue.Catalogue
	now       func() time.Time
	metrics   *Metrics
}

// publish tallies the cells and publishes the totals.
func (p *press) publish(ctx context.Context, view *View, cells []Cell, trigger stream.Trigger) error {
	for _, flush := range together(p.catalogue, cells) {
		if err := p.send(ctx, view.Basis(), p.tally(view, flush), trigger); err != nil {
			return err
		}
	}
	return nil
}

// periodTotals are totals of one period.
type periodTotals struct {
	period catalogue.Period
	totals []stream.Total
}

// tally computes the cells by period; cells nobody has reported are left out.
func (p *press) tally(source Source, cells []Cell) []periodTotals {
	slices.SortFunc(cells, Cell.compare)
	var byPeriod []periodTotals
	t := tally{catalogue: p.catalogue, source: source}
	for _, cell := range cells {
		total, ok := t.total(cell)
		if !ok {
			continue
		}
		if n := len(byPeriod); n == 0 || byPeriod[n-1].period != cell.Period {
			byPeriod = append(byPeriod, periodTotals{period: cell.Period})
		}
		last := &byPeriod[len(byPeriod)-1]
		last.totals = append(last.totals, total)
	}
	return byPeriod
}

// The most totals in one message: it keeps a message well under the broker's
// limit.
const totalsPerMessage = 500

// send publishes totals as flushes, each of which readers apply as one. Their
// basis is what the ledger had folded in when they were computed, or before, so
// that a total is never younger than it says.
func (p *press) send(ctx context.Context, basis uint64, byPeriod []periodTotals, trigger stream.Trigger) error {
	for _, flush := range flushes(p.catalogue, byPeriod) {
		if err := p.sendFlush(ctx, basis, flush, trigger); err != nil {
			return err
		}
	}
	return nil
}

func (p *press) sendFlush(ctx context.Context, basis uint64, byPeriod []periodTotals, trigger stream.Trigger) error {
	var batches []stream.TotalsBatch
	for _, pt := range byPeriod {
		for totals := range slices.Chunk(pt.totals, totalsPerMessage) {
			batches = append(batches, stream.TotalsBatch{
				Basis: basis, Trigger: trigger, Catalogue: p.catalogue.Version(), ComputedAt: p.now().UnixMilli(),
				Period: pt.period.String(), Totals: totals,
			})
		}
	}
	messages, totals := make([]stream.Message, len(batches)), 0
	for i := range batches {
		batches[i].Part, batches[i].Parts = i+1, len(batches)
		body, err := stream.EncodeTotals(&batches[i])
		if err != nil {
			return err
		}
		messages[i] = stream.Message{Subject: "totals." + batches[i].Period, Body: body}
		totals += len(batches[i].Totals)
	}
	if _, err := p.log.Publish(ctx, messages...); err != nil {
		return err
	}
	p.metrics.tally.totals.Add(float64(totals))
	return nil
}
