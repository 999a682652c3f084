package ledger

import (
	"bytes"
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

// Moment is a point in the past: it bounds which submissions count. Its zero value
// bounds nothing.
type Moment struct {
	// Received is the last instant of receipt that counts, to the millisecond; zero
	// is no bound.
	Received time.Time
	// Basis is the last sequence of ACCEPTED that counts; 0 is no bound.
	Basis uint64
}

// includes reports whether what came at a time in Unix milliseconds, and is stored at a
// sequence of ACCEPTED, counts.
func (m Moment) includes(acceptedSequence uint64, at int64) bool {
	return (m.Received.IsZero() || at <= m.Received.UnixMilli()) && (m.Basis == 0 || acceptedSequence <= m.Basis)
}

// Keep reports whether a [History] keeps the vintage that a submission brought for
// a cell. It is asked about every row of every submission; nil keeps none.
type Keep func(s *event.AcceptedSubmission, cell Cell) bool

// History is what was known at a moment: the ledger as it stood then and, of the
// cells that were asked for, every vintage.
type History struct {
	Moment Moment
	Ledger *Ledger

	keep     Keep
	vintages map[Cell][]Vintage
}

// Replay reads ACCEPTED to its present end and returns what was known at the
// moment, under the catalogue that was in force then; c is that from the log's beginning on.
// A submission that had been received by then
// counts, however much later it was judged.
func Replay(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, moment Moment, keep Keep) (*History, error) {
	h := NewHistory(c, moment, keep)
	if err := h.Replay(ctx, log); err != nil {
		return nil, err
	}
	return h, nil
}

// Replay reads ACCEPTED from behind the ledger's basis to its present end.
func (h *History) Replay(ctx context.Context, log *stream.Log) error {
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	if err := log.Follow(following, stream.FollowConfig{Stream: stream.Accepted, From: h.Ledger.Basis() + 1}, h.apply, caughtUp); err != nil {
		return fmt.Errorf("replay the log: %w", err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("replay the log: %w", context.Cause(ctx))
	}
	return nil
}

// Recall reads the messages of ACCEPTED that a ledger has which was restored from a snapshot, and keeps
// the vintages that they brought; Replay goes on from there. It reads those messages alone in which
// one of the indicators occurs, and folds none of them in again.
func (h *History) Recall(ctx context.Context, log *stream.Log, indicators ...string) error {
	basis := h.Ledger.Basis()
	if basis == 0 || h.keep == nil {
		return nil
	}
	following, reached := context.WithCancel(ctx)
	defer reached()
	err := log.Follow(following, stream.FollowConfig{Stream: stream.Accepted}, func(d stream.Delivery) error {
		if d.Sequence >= basis {
			reached()
		}
		if d.Sequence > basis || !slices.ContainsFunc(indicators, func(id string) bool { return bytes.Contains(d.Body, []byte(id)) }) {
			return nil
		}
		batch, err := event.DecodeAccepted(d.Body)
		if err == nil {
			h.RecallBatch(d.Sequence, batch)
		}
		if event.IsPermanent(err) {
			return nil
		}
		return err
	}, reached)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	return nil
}

// RecallBatch keeps the vintages of a message that the ledger has.
func (h *History) RecallBatch(acceptedSequence uint64, batch *event.AcceptedBatch) {
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		if first, _ := h.Ledger.Accepted(s.ID, s.Sequence); first.AcceptedSequence == acceptedSequence || s.Released {
			h.keepVintages(acceptedSequence, s)
		}
	}
}

// counted reports whether a row that a message of ACCEPTED brings counted when the message was
// folded in, or will where that is still to come.
func (h *History) counted(acceptedSequence uint64, s *event.AcceptedSubmission, row uint32) bool {
	if !s.Released {
		return true
	}
	hold := h.Ledger.Hold(event.HoldID{Sequence: s.Sequence, Row: int(row)})
	return hold == nil || hold.State == HoldPending || hold.State == HoldReleased && hold.Decision.Sequence == acceptedSequence
}

// NewHistory returns the history of an empty log; Fold adds messages to it.
func NewHistory(c *catalogue.Catalogue, moment Moment, keep Keep) *History {
	return &History{Moment: moment, Ledger: New(c), keep: keep, vintages: map[Cell][]Vintage{}}
}

// apply folds a message in. One that cannot be read is passed over; the tally
// worker has put it aside in DEAD.
func (h *History) apply(d stream.Delivery) error {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil && !event.IsPermanent(err) {
		return fmt.Errorf("read message %d of ACCEPTED: %w", d.Sequence, err)
	}
	if err != nil {
		return nil
	}
	return h.Fold(d.Sequence, d.Subject, batch)
}

// Fold adds those submissions and decisions of the message at a sequence of ACCEPTED that
// the moment includes. It removes the others from the batch. An error is an [*event.NewerLayout].
func (h *History) Fold(acceptedSequence uint64, subject string, batch *event.AcceptedBatch) error {
	batch.Submissions = slices.DeleteFunc(batch.Submissions, func(s event.AcceptedSubmission) bool {
		return !h.Moment.includes(acceptedSequence, s.ReceivedAt)
	})
	batch.Decisions = slices.DeleteFunc(batch.Decisions, func(d event.Decision) bool {
		return !h.Moment.includes(acceptedSequence, d.At)
	})
	if len(batch.Submissions)+len(batch.Decisions) == 0 {
		return nil
	}
	if h.keep != nil {
		for i := range batch.Submissions {
			// A recomputation may have published a submission once more.
			s := &batch.Submissions[i]
			if _, repeated := h.Ledger.Accepted(s.ID, s.Sequence); !repeated || s.Released {
				h.keepVintages(acceptedSequence, s)
			}
		}
	}
	// The running stage logs which figures do not convert.
	if err := h.Ledger.Apply(acceptedSequence, subject, batch); event.IsNewerLayout(err) {
		return err
	}
	return nil
}

func (h *History) keepVintages(acceptedSequence uint64, s *event.AcceptedSubmission) {
	cells, err := CellsOf(s)
	if err != nil {
		return
	}
	id, err := event.ParseSubmissionID(s.ID)
	if err != nil {
		return
	}
	lists := map[Cell]int{} // rows that list an entity
	for row, cell := range cells {
		if !h.keep(s, cell) || !h.counted(acceptedSequence, s, s.Row[row]) {
			continue
		}
		if s.Entity(row) != nil {
			lists[cell]++
			continue
		}
		received, released, line := s.Received(), time.Time{}, int(s.Row[row])
		if held := h.Ledger.Hold(event.HoldID{Sequence: s.Sequence, Row: line}); s.Released && held != nil {
			received, released, line = held.ReceivedAt, received, held.Row
		}
		h.insert(Vintage{
			Cell: cell,
			Part: Part{
				Area: s.Area, Submission: id, Sequence: s.Sequence,
				Figure: Figure{
					Value: s.Value(row), Unit: s.Units[s.Indicator[row]], Stage: catalogue.Stage(s.Stage[row]), Status: catalogue.Status(s.Status[row]), Qualifier: catalogue.Qualifier(s.Qualifier[row]),
					Epoch: s.Epoch[row],
				},
			},
			AcceptedSequence: acceptedSequence, ReceivedAt: received, ReleasedAt: released, Dataset: s.Dataset, Via: s.Via, By: s.By, File: s.File, Reason: s.Reason,
			Row: line, Raw: s.Raw[row], Note: s.Note[row], OnBehalf: s.OnBehalf,
		})
	}
	for cell, rows := range lists {
		h.insert(Vintage{
			Cell: cell, Listed: rows, Part: Part{Area: s.Area, Submission: id, Sequence: s.Sequence, Figure: Figure{Value: catalogue.Value{Coefficient: int64(rows)}, Status: catalogue.Normal, List: true}},
			AcceptedSequence: acceptedSequence, ReceivedAt: s.Received(), Dataset: s.Dataset, Via: s.Via, By: s.By, File: s.File, Reason: s.Reason,
		})
	}
}

// Vintage is one figure as it was accepted, and where it came from.
type Vintage struct {
	Cell Cell
	Part
	// AcceptedSequence is the place of its submission in ACCEPTED.
	AcceptedSequence uint64
	// ReceivedAt to Reason are the submission's. ReleasedAt is when a figure that was held was
	// released, and zero for others.
	ReceivedAt, ReleasedAt         time.Time
	Dataset, Via, By, File, Reason string
	// Row is its row in the submission, from 1. Raw is its text as received, where
	// that differs from the value's own; Note is the reporter's.
	Row       int
	Raw, Note string
	// OnBehalf is true of what the bureau sent for the area.
	OnBehalf bool
	// Listed is how many rows listed an entity or withdrew one, of a submission that did; it
	// has one vintage for all of them, whose value is that number.
	Listed int
}

// compare orders vintages by area, each area's best first.
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

// Vintages returns the vintages that were kept of a cell: by area, each area's best
// first. Their values are in the unit of the catalogue in force at the moment; those that do
// not convert into it name their own.
func (h *History) Vintages(cell Cell) []Vintage {
	all := slices.Clone(h.vintages[cell])
	indicator, ok := h.Ledger.Catalogue().Indicator(cell.Indicator)
	for i := range all {
		v := &all[i]
		if !ok || v.Listed > 0 || v.Status == catalogue.Missing || v.Status == catalogue.Withdrawn {
			v.Unit = ""
		} else if value, err := indicator.InUnit(v.Value, v.Unit); err == nil {
			v.Value, v.Unit = value, ""
		}
	}
	return all
}
