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

// publishPending publishes every total that is due, as the ledger has it once it has
// folded in the sequence.
func (t *Worker) publishPending(ctx context.Context, sequence uint64) error {
	if err := t.ledger.Wait(ctx, sequence); err != nil {
		return err
	}
	if !t.recovered {
		if err := t.recoverPending(ctx); err != nil {
			return err
		}
	}
	view, changed := t.ledger.ViewChanges()
	defer view.Close()
	t.pendingChanges = append(t.pendingChanges, changed...)
	if err := t.publisher.tallyAndPublish(ctx, view, Affected(t.publisher.catalogue, t.pendingChanges), event.ByStream); err != nil {
		return err
	}
	t.pendingChanges = t.pendingChanges[:0]
	t.publishedBasis = view.Basis()
	return nil
}

// recoverPending finds what is due when this process becomes the active one: the cells of
// all that nobody has acknowledged yet, up to where the ledger is.
func (t *Worker) recoverPending(ctx context.Context) error {
	view, _ := t.ledger.ViewChanges()
	defer view.Close()
	position, err := t.log.Position(ctx, stream.Accepted, Consumer)
	if err != nil {
		return err
	}
	due, end := map[ledger.Cell]bool{}, errors.New("all is read")
	if position.AckFloor < view.Basis() {
		err = t.log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted, From: position.AckFloor + 1}, func(d stream.Delivery) error {
			_ = addCells(d.Body, due) // what cannot be read is put aside when it is delivered
			if d.Sequence >= view.Basis() {
				return end
			}
			return nil
		}, func() {})
		if !errors.Is(err, end) {
			return errors.Join(err, context.Cause(ctx))
		}
	}
	t.pendingChanges, t.recovered = slices.Collect(maps.Keys(due)), true
	return nil
}
