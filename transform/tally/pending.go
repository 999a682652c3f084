package tally

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// publishPending waits until the ledger has folded in the sequence of ACCEPTED, and
// publishes the totals that every pending change touches, all from one view.
func (w *Worker) publishPending(ctx context.Context, sequence uint64) error {
	if err := w.ledger.Wait(ctx, sequence); err != nil {
		return err
	}
	if !w.recovered {
		if err := w.recoverPending(ctx); err != nil {
			return err
		}
	}
	view, changed := w.ledger.ViewChanges()
	defer view.Close()
	w.pendingChanges = append(w.pendingChanges, changed...)
	affected, withdrawn := w.affected(view)
	err := w.publisher.tallyAndPublish(ctx, view, affected, withdrawn, event.ByStream)
	if event.IsPermanent(err) {
		err = w.publishEach(ctx, view, affected, withdrawn)
	}
	if err != nil && !event.IsPermanent(err) {
		return err
	}
	w.pendingChanges = w.pendingChanges[:0]
	w.publishedBasis = view.Basis()
	return err
}

// affected returns the cells whose totals every pending change touches, and those whose totals
// are to be withdrawn where they do not follow. A change of catalogue touches all there are,
// under the earlier catalogue too.
func (w *Worker) affected(view *ledger.View) (cells []ledger.Cell, withdrawn map[ledger.Cell]bool) {
	withdrawn = map[ledger.Cell]bool{}
	earlier := w.ledger.CataloguesSince(w.publishedBasis)
	if len(earlier) == 0 {
		for _, cell := range Affected(view.Catalogue(), view, w.ledger.Withdrawn(w.pendingChanges)) {
			withdrawn[cell] = true
		}
		return Affected(view.Catalogue(), view, w.pendingChanges), withdrawn
	}
	reported := w.ledger.Cells()
	for _, c := range earlier {
		for _, cell := range Affected(c, view, reported) {
			withdrawn[cell] = true
		}
	}
	all := maps.Clone(withdrawn)
	for _, cell := range Affected(view.Catalogue(), view, reported) {
		all[cell] = true
	}
	return slices.SortedFunc(maps.Keys(all), ledger.Cell.Compare), withdrawn
}

// publishEach publishes the total of each cell by itself, so that one which the broker
// will never take costs no other. Those are a permanent error.
func (w *Worker) publishEach(ctx context.Context, view *ledger.View, cells []ledger.Cell, withdrawn map[ledger.Cell]bool) error {
	var refused []error
	for i := range cells {
		err := w.publisher.tallyAndPublish(ctx, view, cells[i:i+1], withdrawn, event.ByStream)
		switch {
		case event.IsPermanent(err):
			refused = append(refused, fmt.Errorf("total of %s in %s: %w", cells[i].Indicator, cells[i].Period, err))
		case err != nil:
			return err
		}
	}
	return errors.Join(refused...)
}

// recoverPending notes the changes that were pending when this process became the
// active one: the cells of all messages that are not acknowledged, up to the ledger's
// basis. Later changes come from the ledger.
func (w *Worker) recoverPending(ctx context.Context) error {
	view, _ := w.ledger.ViewChanges()
	defer view.Close()
	position, err := w.log.Position(ctx, stream.Accepted, Consumer)
	if err != nil {
		return err
	}
	pending := map[ledger.Cell]bool{}
	err = ReadChanges(ctx, w.log, w.ledger, position.AckFloor, view.Basis(), "tally", func(_ uint64, cell ledger.Cell) { pending[cell] = true })
	if err != nil {
		return err
	}
	w.pendingChanges, w.publishedBasis, w.recovered = slices.Collect(maps.Keys(pending)), position.AckFloor, true
	return nil
}

// ReadChanges calls changed with the cell of every row that ACCEPTED holds after one sequence
// and up to another, and of every figure that is held or decided about there, as the ledger
// has it, and the message's sequence. Stage names the reader.
func ReadChanges(ctx context.Context, log *stream.Log, l *ledger.Ledger, after, upTo uint64, stage string, changed func(sequence uint64, cell ledger.Cell)) error {
	if after >= upTo {
		return nil
	}
	end := errors.New("all is read")
	err := log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted, From: after + 1, Stage: stage}, func(d stream.Delivery) error {
		// A message that cannot be read is put aside when it is delivered.
		_ = eachCell(l, d.Body, func(cell ledger.Cell) { changed(d.Sequence, cell) })
		if d.Sequence >= upTo {
			return end
		}
		return nil
	}, func() {})
	if !errors.Is(err, end) {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}
