package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/schedule"
	"github.com/citytally/citytally/transform/tally"
)

// comparison is the totals of one recomputation, all from one view of the ledger, held against
// what the projection shows up to the view's basis. What figures that arrive meanwhile do to
// totals is left to the stream, and is no difference.
type comparison struct {
	*Recomputer
	command *event.Command
	run     *event.Run
	view    *ledger.View
	scope   *scope
	// shown are the digests of the totals shown, by year.
	shown    map[int]uint64
	progress Progress
	// sound are years whose totals were found to be as they should be, and touched says of
	// years the last sequence of ACCEPTED that changes any of their totals.
	sound   map[int]soundYear
	touched map[int]uint64
	// differing are the totals to be published.
	differing []tally.PeriodTotal
}

// begin reads what earlier recomputations found, and what has changed since.
func (c *comparison) begin(ctx context.Context) (err error) {
	basis, version := c.view.Basis(), c.view.Catalogue().Version()
	if c.shown, err = c.projection.Years(ctx); err != nil {
		return err
	}
	c.progress = Progress{Run: c.command.ID, Bounds: boundsOf(c.command), Catalogue: version, Sound: map[int]soundYear{}}
	c.sound, c.touched = map[int]soundYear{}, map[int]uint64{}
	if c.scope.isUnbounded && !c.command.Full {
		var last whole
		if known, err := recall(ctx, c.log, wholeKey, &last); err != nil {
			return err
		} else if known && last.Catalogue == version {
			maps.Copy(c.sound, last.Sound)
		}
	}
	var before Progress
	if broken, err := recall(ctx, c.log, progressKey, &before); err != nil {
		return err
	} else if broken && before.Bounds == c.progress.Bounds && before.Catalogue == version && before.Compared < before.Years {
		maps.Copy(c.sound, before.Sound)
	}
	maps.DeleteFunc(c.sound, func(_ int, s soundYear) bool { return s.Basis > basis }) // of another log
	c.run.Full = len(c.sound) == 0
	from := basis
	for _, s := range c.sound {
		from = min(from, s.Basis)
	}
	return tally.ReadChanges(ctx, c.log, c.ledger, from, basis, "recompute", func(sequence uint64, cell ledger.Cell) {
		c.touched[int(cell.Period.Year)], c.touched[int(cell.Period.Year)+1] = sequence, sequence
	})
}

// isSound reports whether a year need not be compared: its totals were as they should be, and
// neither the figures nor what is shown has changed since.
func (c *comparison) isSound(year int) bool {
	s, ok := c.sound[year]
	return ok && s.Shown == c.shown[year] && c.touched[year] <= s.Basis
}

// compareAll compares year after year, so that no more than a year's totals are in memory
// beside those that differ, and keeps those to be published.
func (c *comparison) compareAll(ctx context.Context) error {
	cells := map[int][]ledger.Cell{}
	for year := range c.shown {
		cells[year] = nil
	}
	for _, cell := range tally.Affected(c.view.Catalogue(), c.view, c.ledger.Cells()) {
		if c.scope.covers(cell) {
			cells[int(cell.Period.Year)] = append(cells[int(cell.Period.Year)], cell)
		}
	}
	maps.DeleteFunc(cells, func(year int, _ []ledger.Cell) bool { return !c.scope.coversYear(year) })
	years := slices.Sorted(maps.Keys(cells))
	c.progress.Years = len(years)
	for n, year := range years {
		if c.isSound(year) {
			c.progress.Sound[year] = soundYear{Basis: c.view.Basis(), Shown: c.shown[year]}
			continue
		}
		c.progress.Compared = n
		if err := remember(ctx, c.log, progressKey, &c.progress); err != nil {
			return err
		}
		stopped, err := c.isStopped(ctx, c.command.ID)
		if err != nil {
			return err
		}
		if stopped {
			return fmt.Errorf("interrupted after %d of %d years; no total was published; citytally recompute with the same bounds goes on from there", n, len(years))
		}
		found, err := c.compareYear(ctx, year, cells[year])
		if err != nil {
			return err
		}
		c.differing = append(c.differing, found...)
		if len(found) == 0 {
			c.progress.Sound[year] = soundYear{Basis: c.view.Basis(), Shown: c.shown[year]}
		}
	}
	return nil
}

// compareYear returns the totals of a year that differ from those shown.
func (c *comparison) compareYear(ctx context.Context, year int, cells []ledger.Cell) ([]tally.PeriodTotal, error) {
	shown, err := c.projection.LatestTotals(ctx, year, c.command.Indicator)
	if err != nil {
		return nil, err
	}
	inForce := c.view.Catalogue()
	computed := tally.All(inForce, c.view, cells)
	c.run.Cells += len(computed)
	var differing []tally.PeriodTotal
	follows := make(map[TotalKey]bool, len(computed))
	for i := range computed {
		t := &computed[i]
		key := TotalKey{Indicator: t.Indicator, Period: t.Period.String()}
		follows[key] = true
		had, ok := shown[key]
		if ok && (had.Basis > c.view.Basis() || had.Equal(&t.Total) && had.Catalogue == inForce.Version()) {
			continue
		}
		differing = append(differing, *t)
		c.note(key, &t.Total, had, ok)
	}
	for key, had := range shown {
		period, err := catalogue.ParsePeriod(key.Period)
		if err != nil || follows[key] || had.Basis > c.view.Basis() || !c.scope.covers(ledger.Cell{Indicator: key.Indicator, Period: period}) {
			continue
		}
		gone := tally.Withdrawal(inForce, ledger.Cell{Indicator: key.Indicator, Period: period})
		differing = append(differing, gone)
		c.note(key, &gone.Total, had, true)
	}
	slices.SortFunc(differing, func(a, b tally.PeriodTotal) int {
		return cmp.Or(a.Period.Compare(b.Period), cmp.Compare(a.Indicator, b.Indicator))
	})
	return differing, nil
}

// The most differences that a run names.
const (
	namedDifferences = 100
	foretold         = 1000 // by a dry run
)

// note adds a difference to the run's record.
func (c *comparison) note(key TotalKey, becomes *event.Total, had ShownTotal, shown bool) {
	most := namedDifferences
	if c.command.Dry {
		most = foretold
	}
	if c.run.Changed++; len(c.run.Differences) >= most {
		return
	}
	d := event.Difference{Indicator: key.Indicator, Period: key.Period, Was: had.Value, Becomes: becomes.Value, Unit: becomes.Unit}
	switch {
	case becomes.Status == catalogue.Withdrawn.String():
		d.Why = event.NoLongerFollows
	case !shown:
		d.Why = event.NotShown
	case had.Equal(becomes):
		d.Why, d.Catalogue = event.OtherCatalogue, had.Catalogue
	default:
		d.Why, d.Fields = event.ShownOtherwise, becomes.Differing(&had.Total)
		if had.Catalogue != c.view.Catalogue().Version() {
			d.Catalogue = had.Catalogue
		}
	}
	c.run.Differences = append(c.run.Differences, d)
}

// compareTotals compares the totals in scope, and says in the run what it found.
func (r *Recomputer) compareTotals(ctx context.Context, task *schedule.Task) (*comparison, error) {
	view := r.ledger.View()
	defer view.Close()
	run := task.Run
	run.Basis, run.Catalogue, run.Cells, run.Changed, run.Differences = view.Basis(), view.Catalogue().Version(), 0, 0, nil
	if err := r.settle(ctx, view.Basis()); err != nil {
		return nil, err
	}
	c := &comparison{Recomputer: r, command: &task.Command, run: run, view: view}
	var err error
	if c.scope, err = newScope(r.ledger, view, &task.Command); err != nil {
		return nil, err
	}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c, c.compareAll(ctx)
}

// publish publishes the totals that differ, all at once, and notes that the comparison is over.
func (c *comparison) publish(ctx context.Context) error {
	if err := c.publisher.Publish(ctx, c.view.Catalogue(), c.view.Basis(), c.differing, c.run.Trigger); err != nil {
		return err
	}
	if err := c.finish(ctx); err != nil || !c.scope.isUnbounded {
		return err
	}
	return remember(ctx, c.log, wholeKey, &whole{Run: c.run.ID, Catalogue: c.run.Catalogue, Sound: c.progress.Sound})
}

// finish notes that there is nothing to go on with.
func (c *comparison) finish(ctx context.Context) error {
	c.progress.Compared = c.progress.Years
	return remember(ctx, c.log, progressKey, &c.progress)
}
