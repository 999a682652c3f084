package ledger

import (
	"math"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

func (l *Ledger) applyDecision(acceptedSequence uint64, d *event.Decision) {
	switch d.Kind {
	case event.ExplainHeld, event.ReleaseHeld, event.RefuseHeld:
		l.applyHoldDecision(acceptedSequence, d)
		return
	case event.AdoptRules:
		l.rules = d.Rules
		return
	}
	period, err := catalogue.ParsePeriod(d.Period)
	if err != nil {
		return // decisions are checked before they are recorded
	}
	switch d.Kind {
	case event.Lock:
		l.locked[period] = true
	case event.Unlock:
		delete(l.locked, period)
	case event.Reopen:
		l.reopened = append(l.reopened, *d)
	}
}

// Locked reports whether a period is locked.
func (l *Ledger) Locked(period catalogue.Period) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.locked[period]
}

// areaItem is one area's item, by the area's number.
type areaItem struct {
	area int
	item Item
}

// countWithdrawal notes that an area has withdrawn its figure: what it reports from then
// on begins again at any stage, as after a reopening.
func (l *Ledger) countWithdrawal(of areaItem) {
	if l.withdrawn == nil {
		l.withdrawn, l.withdrawnCells = map[areaItem]uint8{}, map[Cell]bool{}
	}
	l.withdrawnCells[of.item.Cell] = true
	if l.withdrawn[of] < math.MaxUint8 {
		l.withdrawn[of]++
	}
}

// Withdrawn returns those of the cells of which an area has ever withdrawn its figure, or one
// was held: what follows from them may follow no longer.
func (l *Ledger) Withdrawn(cells []Cell) []Cell {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.withdrawnCells)+len(l.heldCells) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(cells), func(c Cell) bool { return !l.withdrawnCells[c] && !l.heldCells[c] })
}

// epoch returns how often an area's item has been reopened or withdrawn.
func (l *Ledger) epoch(item Item, area string) uint8 {
	epoch := uint8(0)
	if number, known := l.areaNumbers[area]; known {
		epoch = l.withdrawn[areaItem{number, item}]
	}
	for i := range l.reopened {
		if l.reopened[i].Covers(item.Indicator, item.Period, area) && epoch < math.MaxUint8 {
			epoch++
		}
	}
	return epoch
}

// Reading is the ledger at one moment. It is good within the call of [Ledger.Read] alone.
type Reading struct{ l *Ledger }

// Read calls f with the ledger as it stands. Nothing is folded in before f returns, which
// must neither wait nor call other methods of the ledger.
func (l *Ledger) Read(f func(Reading)) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	f(Reading{l})
}

// Basis returns the highest sequence of ACCEPTED folded in.
func (r Reading) Basis() uint64 { return r.l.basis }

// Catalogue returns the catalogue in force at the basis.
func (r Reading) Catalogue() *catalogue.Catalogue { return r.l.catalogue }

// Folded reports whether accepted observations of a message of SUBMISSIONS, by its id and
// sequence, have been folded in.
func (r Reading) Folded(submission string, sequence uint64) bool {
	id, err := event.ParseSubmissionID(submission)
	if err != nil {
		return false
	}
	_, ok := r.l.accepted(id, sequence)
	return ok
}

// Best returns an area's best figure in the cell, with the place in SUBMISSIONS at which it was
// said last; its status is 0 where there is none that converts.
func (r Reading) Best(area string, cell Cell) (Figure, uint64) {
	of := r.Area(area).Of(cell.Indicator)
	return of.Best(cell.Period)
}

// AreaIndicator is what an area has reported of an indicator, by period. It is good as long
// as the [Reading] that it comes from.
type AreaIndicator struct {
	l         *Ledger
	area      int
	indicator *numberedIndicator // nil where the area has reported nothing
}

// AreaReading is what an area has reported. It is good as long as the [Reading] that it comes from.
type AreaReading struct {
	l    *Ledger // nil where the area has reported nothing
	area int
}

// Area returns what an area has reported.
func (r Reading) Area(code string) AreaReading {
	if number, known := r.l.areaNumbers[code]; known {
		return AreaReading{r.l, number}
	}
	return AreaReading{}
}

// Of returns what the area has reported of an indicator.
func (a AreaReading) Of(indicator string) AreaIndicator {
	if a.l == nil {
		return AreaIndicator{}
	}
	return AreaIndicator{a.l, a.area, a.l.indicators[indicator]}
}

// Years returns years outside of which the area has not reported the indicator.
func (a *AreaIndicator) Years() catalogue.Years {
	if a.indicator == nil {
		return catalogue.Years{}
	}
	return a.indicator.years
}

// Periods returns the periods of a year outside of which the area has not reported the indicator.
func (a *AreaIndicator) Periods(year int16) catalogue.PeriodSet {
	if a.indicator == nil {
		return 0
	}
	return a.indicator.reported[year]
}

// Best returns the best figure in a period, as [Reading.Best] does.
func (a *AreaIndicator) Best(period catalogue.Period) (Figure, uint64) {
	if a.indicator == nil {
		return Figure{}, 0
	}
	f := a.packed(period)
	if f == nil {
		return Figure{}, 0
	}
	if figure, ok := a.l.figure(f, a.indicator.conversion); ok {
		return figure, a.l.sequenceOf(f)
	}
	return Figure{}, 0
}

// packed returns the best figure in a period as it is kept; nil where there is none.
func (a *AreaIndicator) packed(period catalogue.Period) *packedFigure {
	cells := a.l.periods[period]
	if cells == nil {
		return nil
	}
	if cell := cells.cell(a.indicator.number); cell != nil && a.area < len(cell.figures) {
		return &cell.figures[a.area]
	}
	return nil
}

// Years returns years outside of which nobody has reported the indicator.
func (r Reading) Years(indicator string) catalogue.Years {
	if found, ok := r.l.indicators[indicator]; ok {
		return found.years
	}
	return catalogue.Years{}
}

// CellStates fills in the state of the area's item that each row reports, by the row's
// index.
func (r Reading) CellStates(area string, rows []event.AcceptedObservation, into []CellState) {
	l := r.l
	number, known := l.areaNumbers[area]
	for i := range rows {
		item := ItemOf(&rows[i])
		cell := item.Cell
		into[i] = CellState{Reopened: l.epoch(item, area)}
		if i > 0 && CellOf(&rows[i-1]) == cell {
			into[i].LockedBy = into[i-1].LockedBy
		} else {
			into[i].LockedBy = l.lockedBy(cell)
		}
		if item.Entity != "" {
			if c := l.claimOf(l.cell(cell), number, item.Entity); known && c != nil {
				stated := l.claim(c)
				into[i].Best, into[i].Sequence, into[i].Submission, into[i].SetBy = stated.Figure, stated.Sequence, stated.Submission, stated.Sequence
			}
		} else if figures := l.plainFigures(cell); known && number < len(figures) {
			f := &figures[number]
			into[i].Best, _ = l.figure(f, l.conversionOf(cell.Indicator))
			into[i].Sequence = l.sequenceOf(f)
			if f.status() != 0 {
				setter := &l.submissions[l.setter(f)]
				into[i].Submission, into[i].SetBy = setter.id, setter.sequence
			}
		}
		if len(l.held) > 0 {
			into[i].Held = l.held.pending(item, area)
		}
		if len(l.decided) > 0 {
			into[i].Decided = l.decidedOf(heldItem{area, item})
		}
		if len(l.corrections) > 0 && known {
			into[i].Correction = l.correctionOf(areaItem{number, item}, l.conversionOf(cell.Indicator))
		}
	}
}

// Locked reports whether a period is locked.
func (r Reading) Locked(period catalogue.Period) bool { return r.l.locked[period] }

// AppendParts appends the best figures of the cell, as [Ledger.AppendParts] does.
func (r Reading) AppendParts(parts []Part, cell Cell) []Part {
	return r.l.appendParts(parts, r.l.figures(cell), r.l.conversionOf(cell.Indicator))
}

// Reported returns the periods of a year for which anybody has reported the indicator.
func (r Reading) Reported(indicator string, year int16) catalogue.PeriodSet {
	return r.l.reported(indicator, year)
}

// lockedBy returns the locked period whose total or change may depend on a figure of the
// cell, the earliest of several: the cell's own period, one that may follow from it, or the
// year after either, of whose change it is the base. It is zero where there is none.
func (l *Ledger) lockedBy(cell Cell) catalogue.Period {
	if len(l.locked) == 0 {
		return catalogue.Period{}
	}
	if l.locked[cell.Period] {
		return cell.Period
	}
	var earliest catalogue.Period
	consider := func(p catalogue.Period) {
		for _, p := range [...]catalogue.Period{p, p.YearAfter()} {
			if l.locked[p] && (earliest == catalogue.Period{} || p.Compare(earliest) < 0) {
				earliest = p
			}
		}
	}
	consider(cell.Period)
	if indicator, ok := l.catalogue.Indicator(cell.Indicator); ok {
		for n := range cell.Period.PeriodsFedBy(indicator.Kind).Numbers() {
			consider(catalogue.NumberedPeriod(cell.Period.Year, n))
		}
	}
	return earliest
}
