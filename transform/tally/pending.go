package tally

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// cover publishes every total that is due, as the ledger has it once it has
// folded in the sequence.
func (t *Worker) cover(ctx context.Context, sequence uint64) error {
	if err := t.ledger.Wait(ctx, sequence); err != nil {
		return err
	}
	if !t.begun {
		if err := t.begin(ctx); err != nil {
			return err
		}
	}
	view, changed := t.ledger.ViewChanges()
	defer view.Close()
	t.due = append(t.due, changed...)
	if err := t.publisher.tally(ctx, view, Affected(t.publisher.catalogue, t.due), event.ByStream); err != nil {
		return err
	}
	t.due = t.due[:0]
	t.covered = view.Basis()
	return nil
}

// begin finds what is due when this process becomes the active one: the cells of
// all that nobody has acknowledged yet, up to where the ledger is.
func (t *Worker) begin(ctx context.Context) error {
	view, _ := t.ledger.ViewChanges()
	defer view.Close()
	position, err := t.log.Position(ctx, stream.Accepted, Consumer)
	if err != nil {
		return err
	}
	due, end := map[ledger.Cell]bool{}, errors.New("all is read")
	if position.AckFloor < view.Basis() {
		err = t.log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted, From: position.AckFloor + 1}, func(d stream.Delivery) error {
			_ = cellsOf(d.Body, due) // what cannot be read is put aside when it is delivered
			if d.Sequence >= view.Basis() {
				return end
			}
			return nil
		}, func() {})
		if !errors.Is(err, end) {
			return errors.Join(err, context.Cause(ctx))
		}
	}
	t.due, t.begun = slices.Collect(maps.Keys(due)), true
	return nil
}
