package sink

import (
	"context"
	"slices"
	"time"

	"github.com/citytally/citytally/ingest/stream"
)

// progressInterval is how often workers look at how far each step has come, and
// progressPause the longest time that they store nothing while nothing moves.
const (
	progressInterval = 5 * time.Second
	progressPause    = time.Minute
)

// flow are the streams by which a figure comes into this database, and DEAD.
var flow = []string{stream.Submissions, stream.Accepted, stream.Verdicts, stream.Totals, stream.Releases, stream.Dead}

// progressRow is how far one step has come in one stream.
type progressRow struct {
	stream, step           string
	reached, last, waiting uint64
	completeTo             *time.Time
	measuredAt             time.Time
}

// milestone is where a stream ended at a moment.
type milestone struct {
	last uint64
	at   time.Time
}

// progress follows how far each step comes.
type progress struct {
	open       map[string][]milestone // not reached yet, the oldest first
	completeTo map[string]time.Time
	stored     []progressRow
}

// keptMilestones bounds the milestones of a step that does not come on.
const keptMilestones = 1000

// measure returns a row for each step of the streams as they were looked at since a moment.
// What a stream held at that moment or at an earlier one, and the step has reached by now, is
// done up to that moment.
func (p *progress) measure(statuses []stream.Status, at time.Time) []progressRow {
	var rows []progressRow
	for i := range statuses {
		s := &statuses[i]
		if !slices.Contains(flow, s.Stream) {
			continue
		}
		if s.Stream == stream.Dead {
			rows = append(rows, progressRow{stream: s.Stream, last: s.Last, waiting: s.Messages, measuredAt: at})
		}
		for step, position := range s.Consumers {
			waiting := uint64(position.Pending + position.Delivered)
			reached := position.AckFloor
			if waiting == 0 {
				reached = s.Last // messages that the log no longer keeps are never acknowledged
			}
			rows = append(rows, progressRow{
				stream: s.Stream, step: step, reached: reached, last: s.Last, waiting: waiting,
				completeTo: p.reach(s.Stream+"."+step, reached, milestone{s.Last, at}), measuredAt: at,
			})
		}
	}
	slices.SortFunc(rows, func(a, b progressRow) int {
		return slices.Compare([]string{a.stream, a.step}, []string{b.stream, b.step})
	})
	return rows
}

// reach adds a milestone of a step, and returns the moment of the last one that it has reached.
func (p *progress) reach(step string, reached uint64, m milestone) *time.Time {
	open := append(p.open[step], m)
	for len(open) > 0 && open[0].last <= reached {
		p.completeTo[step] = open[0].at
		open = open[1:]
	}
	if len(open) > keptMilestones {
		open = slices.Delete(open, 1, 2)
	}
	p.open[step] = open
	if at, known := p.completeTo[step]; known {
		return &at
	}
	return nil
}

// worthStoring reports whether the rows say more than those stored last.
func (p *progress) worthStoring(rows []progressRow) bool {
	return len(rows) > 0 && (len(p.stored) == 0 || rows[0].measuredAt.Sub(p.stored[0].measuredAt) >= progressPause ||
		!slices.EqualFunc(rows, p.stored, func(a, b progressRow) bool {
			return a.stream == b.stream && a.step == b.step && a.reached == b.reached && a.last == b.last && a.waiting == b.waiting
		}))
}

// keepProgress stores how far each step has come, until ctx ends. What cannot be looked at or
// stored now is left to the next time: the workers say what is wrong.
func (w *Workers) keepProgress(ctx context.Context) error {
	p := &progress{open: map[string][]milestone{}, completeTo: map[string]time.Time{}}
	ticks := time.NewTicker(progressInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		if err := w.storeProgress(ctx, p); err != nil && ctx.Err() == nil {
			w.logger.Debug().Err(err).Msg("how far each step has come was not stored")
		}
	}
}

func (w *Workers) storeProgress(ctx context.Context, p *progress) error {
	ctx, cancel := context.WithTimeout(ctx, w.config.InsertTimeout)
	defer cancel()
	at := w.now()
	statuses, err := w.log.Statuses(ctx)
	if err != nil {
		return err
	}
	rows := p.measure(statuses, at)
	if !p.worthStoring(rows) {
		return nil
	}
	if err := w.permitted(ctx); err != nil {
		return err
	}
	if err := w.store.insert(ctx, "progress_data", progressColumns(rows)); err != nil {
		return err
	}
	p.stored = rows
	return nil
}

func progressColumns(rows []progressRow) []column {
	return []column{
		{"stream", valuesOf(rows, func(r *progressRow) string { return r.stream })},
		{"step", valuesOf(rows, func(r *progressRow) string { return r.step })},
		{"reached", valuesOf(rows, func(r *progressRow) uint64 { return r.reached })},
		{"last", valuesOf(rows, func(r *progressRow) uint64 { return r.last })},
		{"waiting", valuesOf(rows, func(r *progressRow) uint64 { return r.waiting })},
		{"complete_to", valuesOf(rows, func(r *progressRow) *time.Time { return r.completeTo })},
		{"measured_at", valuesOf(rows, func(r *progressRow) time.Time { return r.measuredAt })},
	}
}
