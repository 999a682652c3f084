package judge

import (
	"context"
	"errors"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// wholeList is a list that is sent in parts. The rules are held against the counts that follow from all
// parts, and every part has what they find.
type wholeList struct {
	parts []received                // in the order of their numbers; none once they were judged
	found map[ledger.Cell]*rowState // about the count of each list, once they were judged
	// lists are what becomes of each list that the parts would change, and refused is how many rows of theirs are refused.
	lists   map[ledger.Cell]foreseenList
	refused int
}

// judgeWhole judges a list in parts as a whole, with the first of them.
func (r *checks) judgeWhole(m moment, s *received, area *catalogue.Area, dataset *catalogue.Dataset, list *catalogue.Indicator) {
	of := s.whole
	if of == nil || of.found != nil {
		return
	}
	made := r.claimsOfParts(m, of, area, dataset, list)
	of.found, of.lists = r.judgeCounts(m, s, area, dataset, made), map[ledger.Cell]foreseenList{}
	for cell, claims := range made {
		of.lists[cell] = foresee(m, s.area, cell, claims)
	}
}

// wholeID tells one whole from the others of a batch.
type wholeID struct {
	before  uint64 // the place in SUBMISSIONS before its first part
	content string // of all parts
}

// joinWhole gives a part of a list the whole that it belongs to. The parts are those of the batch,
// or else of the log, which has them one after another: all of them were stored together.
func (v *Validator) joinWhole(ctx context.Context, batch []received, r *received, state *batchState) error {
	by, part := v.checks(), r.submission.Part
	dataset, known := by.catalogue.Dataset(r.dataset)
	if part == nil || !known || dataset.Rows != catalogue.EntityRows {
		return nil
	}
	id := wholeID{r.delivery.Sequence - uint64(part.Number), part.Content}
	if r.whole = state.wholes[id]; r.whole != nil {
		return nil
	}
	isPart := func(other *received, number int) bool {
		p := other.submission.Part
		return p != nil && p.Number == number && p.Of == part.Of && p.Content == part.Content && other.area == r.area && other.dataset == r.dataset
	}
	r.whole = &wholeList{}
	for number := 1; number <= part.Of; number++ {
		sequence := id.before + uint64(number)
		if at := slices.IndexFunc(batch, func(other received) bool { return other.delivery.Sequence == sequence }); at >= 0 {
			if isPart(&batch[at], number) {
				r.whole.parts = append(r.whole.parts, batch[at])
			}
			continue
		}
		m, err := v.log.Get(ctx, stream.Submissions, sequence)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			continue // no longer kept: the counts are those of the other parts
		case err != nil:
			return err
		}
		headers := map[string]string{}
		for key := range m.Header {
			headers[key] = m.Header.Get(key)
		}
		other := readSubmission(stream.Undelivered(stream.Message{Subject: m.Subject, Body: m.Data, Header: headers}, sequence, m.Time))
		if isPart(&other, number) {
			r.whole.parts = append(r.whole.parts, other)
		}
	}
	if state.wholes == nil {
		state.wholes = map[wholeID]*wholeList{}
	}
	state.wholes[id] = r.whole
	return nil
}

// claimsOfParts returns what the parts would change of lists, and lets go of the parts.
func (r *checks) claimsOfParts(m moment, of *wholeList, area *catalogue.Area, dataset *catalogue.Dataset, list *catalogue.Indicator) map[ledger.Cell][]ledger.Claim {
	made, memory := map[ledger.Cell][]ledger.Claim{}, buffers{}
	for i := range of.parts {
		s := &of.parts[i]
		rows, states := memory.of(len(s.submission.Observations))
		read := r.readRows(s, area, dataset, list, rows)
		m.CellStates(area.Code, read, states)
		for n := range read {
			if rows[n].mayCount() && !rows[n].silent {
				rows[n].finding = r.checkAgainstEarlier(&read[n], &states[n], s, nil, true)
			}
		}
		r.addClaims(made, s, read, rows, states)
		of.refused += refusedRows(rows)
		of.parts[i] = received{}
	}
	of.parts = nil
	return made
}

// addClaims adds the rows of a submission that would change a list, as statements by the list's cell.
func (r *checks) addClaims(made map[ledger.Cell][]ledger.Claim, s *received, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) {
	for cell, at := range changedLists(read, rows, states, (*rowState).isClean) {
		made[cell] = append(made[cell], r.claimsOf(s, read, at)...)
	}
}
