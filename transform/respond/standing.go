package respond

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/ledger"
)

// standing says what has become of the held rows of submissions.
func (r *Responder) standing(ctx context.Context, wanted inquiry.WantedStanding) (inquiry.Standings, error) {
	if err := r.catchUp(ctx); err != nil {
		return inquiry.Standings{}, err
	}
	told := inquiry.Standings{Of: make([]inquiry.Standing, len(wanted.Of))}
	places := make(map[uint64][]int, len(wanted.Of)) // of the submissions asked for, by sequence
	for i, of := range wanted.Of {
		places[of.Sequence] = append(places[of.Sequence], i)
		for _, text := range of.Others {
			id, err := event.ParseHoldID(text)
			if err != nil {
				return inquiry.Standings{}, event.Permanentf("others: %w", err)
			}
			if h := r.ledger.Hold(id); h != nil {
				count(&told.Of[i], h.State)
			}
		}
	}
	for _, h := range r.ledger.Holds(func(h *ledger.Hold) bool { return places[h.Sequence] != nil }) {
		for _, i := range places[h.Sequence] {
			count(&told.Of[i], h.State)
		}
	}
	return told, nil
}

// count counts a row that is or was held.
func count(s *inquiry.Standing, state ledger.HoldState) {
	switch state {
	case ledger.HoldReleased:
		s.Released++
	case ledger.HoldRefused:
		s.Refused++
	case ledger.HoldSuperseded:
		s.Superseded++
	default:
		s.Pending++
	}
}
