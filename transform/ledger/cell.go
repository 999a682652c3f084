package ledger

import (
	"cmp"
	"iter"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Cell is one indicator in one period.
type Cell struct {
	Indicator string
	Period    catalogue.Period
}

// Compare orders cells by period, then by indicator.
func (c Cell) Compare(d Cell) int {
	return cmp.Or(c.Period.Compare(d.Period), cmp.Compare(c.Indicator, d.Indicator))
}

// CellOf returns the cell that an observation reports.
func CellOf(o *event.AcceptedObservation) Cell { return Cell{o.Indicator, o.Period} }

// CellsOf returns the cell of each row of a submission, by the row's index. A
// submission with a period that cannot be read has none, and an error.
func CellsOf(s *event.AcceptedSubmission) (iter.Seq2[int, Cell], error) {
	periods, err := s.Periods()
	if err != nil {
		return nil, err
	}
	return func(yield func(int, Cell) bool) {
		for row := range s.Len() {
			if !yield(row, Cell{s.IndicatorWords[s.Indicator[row]], periods[s.Period[row]]}) {
				return
			}
		}
	}, nil
}

// FigureOf returns what an observation reports.
func FigureOf(o *event.AcceptedObservation) Figure {
	return Figure{Value: o.Value, Stage: o.Stage, Status: o.Status, Qualifier: o.Qualifier, Epoch: o.Epoch, Entity: o.Entity}
}

// Figure is what an area reported for a cell, in the catalogue's unit of the
// indicator.
type Figure struct {
	Value     catalogue.Value
	Stage     catalogue.Stage
	Status    catalogue.Status
	Qualifier catalogue.Qualifier
	// Epoch is how often the cell had been reopened, or the area had withdrawn its
	// figure, when the figure was accepted.
	Epoch uint8
	// List is true of a figure that is counted from the area's list of entities.
	List bool
	// Unit is the unit of a value that does not convert into the catalogue's, and takes part
	// in no total; "" for all others.
	Unit string
	// Entity is what the area says of an entity that it lists; nil for figures.
	Entity *event.ListedEntity
}

// SameContent reports whether a total made of g instead of f would be the same.
// Epochs do not matter to a total.
func (f Figure) SameContent(g Figure) bool {
	return f.Value == g.Value && f.Unit == g.Unit && f.Stage == g.Stage && f.Status == g.Status && f.Qualifier == g.Qualifier && f.List == g.List &&
		f.Entity.SameContent(g.Entity)
}

// SaysSame reports whether two figures say the same, of whatever stage.
func (f Figure) SaysSame(g Figure) bool {
	if f.Status == catalogue.Withdrawn || g.Status == catalogue.Withdrawn {
		return f.Status == g.Status
	}
	g.Stage = f.Stage
	return f.SameContent(g)
}

// Part is one area's figure in a cell: a part of the cell's total.
type Part struct {
	Area string
	Figure
	// Submission is the id of the submission that set it, the first that brought it since another
	// one was in force, and Sequence that submission's place in SUBMISSIONS.
	Submission event.SubmissionID
	Sequence   uint64
	// Confirmed is the place in SUBMISSIONS of the last submission that said the same since; 0
	// where none has.
	Confirmed uint64
	// InPlaceOfList is true of the number that an area reported, where it would count because
	// the area would have no list any more.
	InPlaceOfList bool
}

// Latest returns the place in SUBMISSIONS of the submission that said last what the figure says.
func (p *Part) Latest() uint64 { return cmp.Or(p.Confirmed, p.Sequence) }

// Rank returns the figure's rank among those of its area in the cell.
func (p *Part) Rank() Rank { return Rank{Epoch: p.Epoch, Stage: p.Stage, Sequence: p.Latest()} }

// Rank decides which of an area's figures in a cell is the best vintage: the one of
// the latest epoch, then of the highest stage, then of the submission received last.
// An epoch is how often the cell had been reopened. The view observations_latest in
// ClickHouse repeats this rule; a test of the sink compares the two.
type Rank struct {
	Epoch uint8
	Stage catalogue.Stage
	// Sequence is the submission's place in SUBMISSIONS.
	Sequence uint64
}

// Compare returns more than 0 where r is better than s, and less where it is worse.
func (r Rank) Compare(s Rank) int {
	return cmp.Or(cmp.Compare(r.Epoch, s.Epoch), cmp.Compare(r.Stage, s.Stage), cmp.Compare(r.Sequence, s.Sequence))
}

// CellState is what is known of one area's item, mostly a cell, before a submission is judged.
type CellState struct {
	// Best is the area's best figure; its status is 0 where there is none. Sequence
	// is the place in SUBMISSIONS of the submission that said it last.
	Best     Figure
	Sequence uint64
	// Submission is the id of the submission that set it, the first that brought it since another
	// one was in force, and SetBy that submission's place in SUBMISSIONS.
	Submission event.SubmissionID
	SetBy      uint64
	// Reopened is how often the cell has been reopened, or the area has withdrawn its
	// figure.
	Reopened uint8
	// LockedBy is a locked period whose total or change may depend on the figure: the
	// cell's own where that is locked; zero where there is none.
	LockedBy catalogue.Period
	// Held is the figure of the cell that is held; nil where there is none.
	Held *Hold
	// Decided are the figures of the cell that were held, and released or refused, in the order
	// of the decisions.
	Decided []*Hold
	// Correction is that of the bureau which stands in the cell; nil where none does.
	Correction *Correction
}

// Counts reports whether there is a value: not the word that there is none, and not one
// that was withdrawn.
func (f Figure) Counts() bool {
	return f.Status != 0 && f.Status != catalogue.Withdrawn && f.Status != catalogue.Missing
}

// Reported reports whether there is a figure in force, or the word that there is none.
func (s *CellState) Reported() bool {
	return s.Best.Status != 0 && s.Best.Status != catalogue.Withdrawn
}

// BestRank returns the rank of the best figure.
func (s *CellState) BestRank() Rank {
	return Rank{Epoch: s.Best.Epoch, Stage: s.Best.Stage, Sequence: s.Sequence}
}
