package judge

import (
	"context"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// acceptance is what was accepted of a message of SUBMISSIONS.
type acceptance struct {
	id       string
	sequence uint64 // in SUBMISSIONS
	// acceptedSequence is its place in ACCEPTED: 0 where it is in the batch under
	// judgement, whose accepted rows will be published on subject.
	acceptedSequence uint64
	subject          string
	rows             []event.AcceptedObservation // where it is in the batch
}

// holdsOf returns what is or was held of a message of SUBMISSIONS, by row.
func (b *batchState) holdsOf(a *acceptance) map[int]*ledger.Hold {
	of := map[int]*ledger.Hold{}
	for _, holds := range b.held {
		for _, h := range holds {
			if h.Sequence == a.sequence {
				of[h.ID.Row] = h
			}
		}
	}
	for _, h := range b.ledger.Holds(func(h *ledger.Hold) bool { return h.Sequence == a.sequence }) {
		of[h.ID.Row] = h
	}
	return of
}

// judge judges a submission by what was accepted before. With the key of an earlier one
// it is that submission, for ever. Content that was accepted before without that key is
// judged like any other, but that
//
//   - it is a repetition where it would change no figure that is in force: the second
//     result is what was accepted then, and nothing is to be stored;
//   - without a key of its own, a figure of it that was superseded since is refused, and what
//     came after it and is held stays held.
//
// So rows that were refused for a lock or a stage are taken when they are sent again
// after it.
func (v *Validator) judge(ctx context.Context, r *received, state *batchState) (judgement, *acceptance, error) {
	earlier := state.acceptancesOf(r.content)
	if r.key != "" {
		if holder, used := state.keyHolder(r); used && holder != r.id && !(r.submission.Part != nil && event.SameWhole(holder, r.id)) {
			return rejectAll(r, keyReused(r.key)), nil, nil
		}
		for i := range earlier {
			if earlier[i].id == r.id {
				return v.repeat(ctx, r, state, &earlier[i])
			}
		}
		return v.checks().apply(r, state, nil), nil, nil
	}
	result := v.checks().apply(r, state, nil)
	if len(earlier) == 0 {
		return result, nil, nil
	}
	if result.effects.differs() {
		known := map[ledger.Item]bool{}
		for i := range earlier {
			if err := v.addItems(ctx, &earlier[i], state, known); err != nil {
				return result, nil, err
			}
		}
		result = v.checks().apply(r, state, known)
		if result.keeps && (result.effects.changesFigures() || result.effects.of[isSuperseded].count+len(result.held) > 0) {
			// The rest is to be stored, or is no repetition: with it, these rows would end what is held.
			refusing := *v.checks()
			refusing.refusing = true
			result = refusing.apply(r, state, known)
		}
	}
	switch {
	case result.effects.changesFigures() || result.effects.of[isSuperseded].count > 0:
		return result, nil, nil
	case len(result.held) > 0:
		return result, nil, nil
	case len(result.accepted)+result.heldRows > 0:
		return result, &earlier[0], nil
	case result.effects.of[isRefused].count == 0: // it withdraws what has been withdrawn
		return v.repeat(ctx, r, state, &earlier[0])
	}
	return result, nil, nil
}

// repeat returns the judgement on a submission that is an earlier one, and that one.
func (v *Validator) repeat(ctx context.Context, r *received, state *batchState, first *acceptance) (judgement, *acceptance, error) {
	rows, err := v.rowsOf(ctx, first)
	if err != nil {
		return judgement{}, nil, err
	}
	return v.judgedThen(r, state, rows, state.holdsOf(first)), first, nil
}

// judgedThen returns the judgement on a submission whose rows with the numbers were
// accepted. Those stay accepted, and no other is, whatever was decided since, but for those
// that were held and have been released. Its effects say whether what was accepted is still
// in force.
func (v *Validator) judgedThen(r *received, before history, rows map[int]bool, held map[int]*ledger.Hold) judgement {
	result := v.checks().withoutRules().apply(r, unlocked{before}, nil)
	then := judgement{assumed: result.assumed, omitted: result.omitted}
	for row, h := range held {
		rows[row] = h.State == ledger.HoldReleased
	}
	for _, f := range result.findings {
		if f.Severity != event.Reject || f.Row != 0 && !rows[f.Row] {
			then.findings = append(then.findings, f)
		}
	}
	states := make([]ledger.CellState, len(result.accepted))
	before.Read(func(m moment) { m.CellStates(r.area, result.accepted, states) })
	byRow := make(map[int]int, len(result.accepted)) // indexes of result.accepted, by row
	for i := range result.accepted {
		byRow[result.accepted[i].Row] = i
	}
	for i := range r.submission.Observations {
		row := r.submission.Observations[i].Row
		at, read := byRow[row]
		h := held[row]
		switch {
		case h != nil && h.State == ledger.HoldPending:
			then.effects.of[isHeld].add(row)
			then.heldRows++
			for n := range h.Findings {
				then.findings = append(then.findings, onRow(heldThen(h, &h.Findings[n]), r, i))
			}
		case h != nil && h.State == ledger.HoldRefused:
			then.effects.of[isRefused].add(row)
			then.findings = append(then.findings, onRow(heldRefused(h), r, i))
		case h != nil && h.State == ledger.HoldSuperseded:
			then.effects.of[isSuperseded].add(row)
		case rows[row] && read:
			then.accepted = append(then.accepted, result.accepted[at])
			then.effects.add(standing(&result.accepted[at], &states[at]), &result.accepted[at], &states[at])
		case rows[row]: // the present catalogue would not take it
			then.accepted = append(then.accepted, event.AcceptedObservation{Row: row})
		case read && result.accepted[at].Status == catalogue.Withdrawn:
			then.effects.of[isSilent].add(row)
			then.findings = append(then.findings, onRow(v.checks().nothingToWithdraw(&result.accepted[at]), r, i))
		case read:
			then.effects.of[isRefused].add(row)
			then.findings = append(then.findings, onRow(notAcceptedThen(), r, i))
		case result.silent[row]:
			then.effects.of[isSilent].add(row)
		default:
			then.effects.of[isRefused].add(row)
		}
	}
	return then
}

// onRow returns a finding as one on the observation at an index of a submission.
func onRow(f *event.Finding, r *received, i int) event.Finding {
	o := &r.submission.Observations[i]
	f.Row, f.Indicator, f.Period = o.Row, o.Indicator, o.Period
	f.Cell = r.submission.CellOf(o, f.Column)
	return *f
}

// standing returns whether a row that was accepted is in force as it is, or something
// else is.
func standing(o *event.AcceptedObservation, state *ledger.CellState) int {
	withdrawn := o.Status == catalogue.Withdrawn
	if state.Reported() == withdrawn || !withdrawn && !state.Best.SameContent(ledger.FigureOf(o)) {
		return isSuperseded
	}
	return isUnchanged
}

// rowsOf returns the numbers of the rows that were accepted.
func (v *Validator) rowsOf(ctx context.Context, a *acceptance) (map[int]bool, error) {
	rows := map[int]bool{}
	for i := range a.rows {
		rows[a.rows[i].Row] = true
	}
	stored, err := v.readStored(ctx, a)
	if err != nil || stored == nil {
		return rows, err
	}
	for _, row := range stored.Row {
		rows[int(row)] = true
	}
	return rows, nil
}

// heldThen returns a finding that holds a row as it was told.
func heldThen(h *ledger.Hold, f *event.HeldFinding) *event.Finding {
	of := aboutHold(h)
	finding := hold(f.Code, of.column, of.seen, h.Releaser, f.MessageZH, f.MessageEN)
	finding.Rule, finding.Values = f.Rule, f.Values
	return finding
}

// addItems adds the items of the rows that were accepted, or held and released or superseded
// since.
func (v *Validator) addItems(ctx context.Context, a *acceptance, state *batchState, to map[ledger.Item]bool) error {
	for _, h := range state.holdsOf(a) {
		if h.State == ledger.HoldReleased || h.State == ledger.HoldSuperseded {
			to[h.Item()] = true
		}
	}
	for i := range a.rows {
		to[ledger.ItemOf(&a.rows[i])] = true
	}
	stored, err := v.readStored(ctx, a)
	if err != nil || stored == nil {
		return err
	}
	items, err := ledger.ItemsOf(stored)
	if err != nil {
		return fmt.Errorf("read message %d of ACCEPTED: %w", a.acceptedSequence, err)
	}
	for _, item := range items {
		to[item] = true
	}
	return nil
}

// readStored reads what was accepted from ACCEPTED; nil where it is not there yet.
func (v *Validator) readStored(ctx context.Context, a *acceptance) (*event.AcceptedSubmission, error) {
	if a.acceptedSequence == 0 {
		return nil, nil
	}
	m, err := ledger.ReadAccepted(ctx, v.log, a.acceptedSequence)
	if err != nil {
		return nil, err
	}
	batch, err := event.DecodeAccepted(m.Data)
	if err != nil {
		return nil, fmt.Errorf("read message %d of ACCEPTED: %w", a.acceptedSequence, err)
	}
	for i := range batch.Submissions {
		if s := &batch.Submissions[i]; s.ID == a.id && s.Sequence == a.sequence {
			return s, nil
		}
	}
	return nil, fmt.Errorf("message %d of ACCEPTED does not have submission %s", a.acceptedSequence, a.id)
}
