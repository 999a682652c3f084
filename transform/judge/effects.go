package judge

import (
	"strconv"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

const (
	// How many rows of a verdict have their change told. A verdict is kept for years,
	// and a submission's own figures are in ACCEPTED.
	maxChanges = 200
	// How many bytes the numbers of the rows of one effect take.
	maxRowsText = 4 << 10
)

// effects gather what the rows of a submission did.
type effects struct {
	of      [len(allEffects)]rowsWith
	changes []event.Change
	omitted int // changes left out
	ended   int // rows that supersede a figure that was held
}

// allEffects are the effects in the order in which a verdict tells them.
var allEffects = [...]event.Effect{event.New, event.Changed, event.Unchanged, event.WithdrewIt, event.Superseded, event.Held, event.Refused, event.Silent}

// The places of effects in allEffects.
const (
	isNew = iota
	isChanged
	isUnchanged
	isWithdrawn
	isSuperseded
	isHeld
	isRefused
	isSilent
)

// rowsWith are the rows with one effect.
type rowsWith struct {
	count       int
	first, last int // of the rows not in text yet
	text        []byte
}

func (r *rowsWith) add(row int) {
	switch r.count++; {
	case r.count == 1:
		r.first = row
	case row == r.last: // another figure of a wide table's row
	case row != r.last+1:
		r.text = append(r.rows(), ',')
		r.first = row
	}
	r.last = row
}

// rows returns the numbers of the rows, neighbours as a span.
func (r *rowsWith) rows() []byte {
	if len(r.text) > maxRowsText {
		return r.text
	}
	text := strconv.AppendInt(r.text, int64(r.first), 10)
	if r.last > r.first {
		text = strconv.AppendInt(append(text, '-'), int64(r.last), 10)
	}
	return text
}

// add notes what a row did, beside the state of its cell before.
func (e *effects) add(effect int, o *event.AcceptedObservation, state *ledger.CellState) {
	e.of[effect].add(o.Row)
	if effect != isChanged && effect != isWithdrawn && effect != isSuperseded && effect != isHeld {
		return
	}
	if len(e.changes) == maxChanges {
		e.omitted++
		return
	}
	change := event.Change{Row: o.Row, Indicator: o.Indicator, Period: o.Period.String(), Effect: allEffects[effect]}
	if o.Entity != nil {
		change.Entity = o.Entity.Code
	}
	if state.Reported() {
		change.From, change.Submission, change.Sequence = said(&state.Best), state.Submission.String(), state.SetBy
	}
	if o.Status != catalogue.Withdrawn {
		figure := ledger.FigureOf(o)
		change.To = said(&figure)
	}
	e.changes = append(e.changes, change)
}

// changesFigures reports whether a figure in force is another than before, or one that was
// held is so no longer.
func (e *effects) changesFigures() bool {
	return e.of[isNew].count+e.of[isChanged].count+e.of[isWithdrawn].count+e.ended > 0
}

// differs reports whether any row that says something does not say what is in force.
func (e *effects) differs() bool {
	return e.changesFigures() || e.of[isSuperseded].count+e.of[isHeld].count+e.of[isRefused].count > 0
}

// tell writes the effects into a verdict.
func (e *effects) tell(verdict *event.Verdict) {
	verdict.Changes, verdict.ChangesOmitted = e.changes, e.omitted
	verdict.Silent = e.of[isSilent].count
	for i := range e.of {
		if of := &e.of[i]; of.count > 0 {
			text := string(of.rows())
			if len(of.text) > maxRowsText {
				text = event.Excerpt(text, maxRowsText)
			}
			verdict.Effects = append(verdict.Effects, event.RowEffect{Effect: allEffects[i], Count: of.count, Rows: text})
		}
	}
}

// effectOf returns what an accepted row of the submission at a sequence does to its cell.
// A submission may be judged after a later one; the later one's figure stays then.
func effectOf(o *event.AcceptedObservation, sequence uint64, state *ledger.CellState) int {
	figure := ledger.FigureOf(o)
	rank := ledger.Rank{Epoch: o.Epoch, Stage: o.Stage, Sequence: sequence}
	switch {
	case state.Best.Status != 0 && rank.Compare(state.BestRank()) < 0:
		return isSuperseded
	case o.Status == catalogue.Withdrawn:
		return isWithdrawn
	case !state.Reported():
		return isNew
	case state.Best.SameContent(figure):
		return isUnchanged
	}
	return isChanged
}

func said(f *ledger.Figure) *event.Said {
	s := &event.Said{Stage: f.Stage.String(), Qualifier: f.Qualifier.String()}
	if f.Entity != nil {
		s.Value = f.Entity.String()
	} else if f.Status != catalogue.Missing {
		s.Value = f.Value.String()
	}
	if f.Status != catalogue.Normal {
		s.Status = f.Status.String()
	}
	return s
}
