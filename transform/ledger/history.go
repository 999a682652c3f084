package ledger

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Moment bounds what a question is answered from. Its zero value is everything
// there is.
type Moment struct {
	// Received is the last instant of receipt that counts, to the millisecond;
	// zero bounds nothing.
	Received time.Time
	// Basis is the last sequence of ACCEPTED that counts; 0 bounds nothing.
	Basis uint64
}

func (m Moment) includes(stored uint64, s *event.AcceptedSubmission) bool {
	return (m.Received.IsZero() || s.ReceivedAt <= m.Received.UnixMilli()) && (m.Basis == 0 || stored <= m.Basis)
}

// Keep says of which of a submission's figures a History keeps where they came
// from. It is told every cell of every submission; nil keeps none.
type Keep func(s *event.AcceptedSubmission, cell Cell) bool

// History is what was known at a moment: the ledger as it stood then and, of the
// figures that were asked for, every vintage.
type History struct {
	Moment Moment
	Ledger *Ledger

	keep     Keep
	vintages map[Cell][]Vintage
}

// Replay reads ACCEPTED to its present end and returns what was known at the
// moment, in the units of the catalogue. What had been received by an instant
// counts however much later it was judged.
func Replay(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, moment Moment, keep Keep) (*History, error) {
	h := NewHistory(c, moment, keep)
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	if err := log.Follow(following, stream.FollowConfig{Stream: stream.Accepted}, h.apply, caughtUp); err != nil {
		return nil, fmt.Errorf("replay the log: %w", err)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("replay the log: %w", context.Cause(ctx))
	}
	return h, nil
}

// NewHistory returns the history of an empty log, into which messages are folded.
func NewHistory(c *catalogue.Catalogue, moment Moment, keep Keep) *History {
	return &History{Moment: moment, Ledger: New(c), keep: keep, vintages: map[Cell][]Vintage{}}
}

// apply folds in what the moment includes. A message that cannot be read is
// passed over; the tally has put it aside in DEAD.
func (h *History) apply(d stream.Delivery) error {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil && !event.IsPermanent(err) {
		return fmt.Errorf("read message %d of ACCEPTED: %w", d.Sequence, err)
	}
	if err != nil {
		return nil
	}
	h.Fold(d.Sequence, d.Subject, batch)
	return nil
}

// Fold folds in what the moment includes of the message at a sequence of ACCEPTED.
// It may change the batch.
func (h *History) Fold(stored uint64, subject string, batch *event.AcceptedBatch) {
	batch.Submissions = slices.DeleteFunc(batch.Submissions, func(s event.AcceptedSubmission) bool { return !h.Moment.includes(stored, &s) })
	if len(batch.Submissions) == 0 {
		return
	}
	if h.keep != nil {
		for i := range batch.Submissions {
			// A recomputation may have published a submission once more.
			if _, repeated := h.Ledger.Submission(batch.Submissions[i].ID); !repeated {
				h.keepVintages(stored, &batch.Submissions[i])
			}
		}
	}
	// Rows that do not fit the catalogue are left out as the running stage leaves
	// them out, which logs them.
	_ = h.Ledger.Apply(stored, subject, batch)
}

func (h *History) keepVintages(stored uint64, s *event.AcceptedSubmission) {
	cells, err := CellsOf(s)
	if err != nil {
		return
	}
	id, err := event.ParseSubmissionID(s.ID)
	if err != nil {
		return
	}
	for row, cell := range cells {
		if !h.keep(s, cell) {
			continue
		}
		indicator, _ := h.Ledger.catalogue.Indicator(cell.Indicator)
		value, err := inCatalogueUnit(indicator, s.Units[s.Indicator[row]], s.Value(row))
		if err != nil {
			continue
		}
		h.insert(Vintage{
			Cell: cell,
			Part: Part{
				Area: s.Area, Submission: id, Sequence: s.Sequence,
				Figure: Figure{
					Value: value, Stage: catalogue.Stage(s.Stage[row]), Status: catalogue.Status(s.Status[row]), Qualifier: catalogue.Qualifier(s.Qualifier[row]),
					Epoch: s.Epoch[row],
				},
			},
			AcceptedSequence: stored, ReceivedAt: s.Received(), Dataset: s.Dataset, Via: s.Via, By: s.By, File: s.File, Reason: s.Reason,
			Row: int(s.Row[row]), Raw: s.Raw[row], Note: s.Note[row],
		})
	}
}

// Vintage is one figure as it was accepted, and where it came from.
type Vintage struct {
	Cell Cell
	Part
	// AcceptedSequence is its place in ACCEPTED.
	AcceptedSequence               uint64
	ReceivedAt                     time.Time
	Dataset, Via, By, File, Reason string
	// Row is where it stood in the file; Raw is its text as received where that
	// differs from the value's own.
	Row       int
	Raw, Note string
}

// compare orders vintages by area, the best first.
func (v Vintage) compare(w Vintage) int {
	return cmp.Or(cmp.Compare(v.Area, w.Area), w.Rank().Compare(v.Rank()))
}

// insert puts a vintage in its place among those of its cell.
func (h *History) insert(v Vintage) {
	of := h.vintages[v.Cell]
	place, _ := slices.BinarySearchFunc(of, v, Vintage.compare)
	h.vintages[v.Cell] = slices.Insert(of, place, v)
}

// Cells returns the cells of which vintages were kept, by period and indicator.
func (h *History) Cells() []Cell { return slices.SortedFunc(maps.Keys(h.vintages), Cell.Compare) }

// Vintages returns the vintages that were kept of a cell: by area, the best first.
func (h *History) Vintages(cell Cell) []Vintage { return h.vintages[cell] }
