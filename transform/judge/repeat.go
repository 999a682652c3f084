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

// place is that of an item in a file: several figures of a wide table have one row.
type place struct {
	row  int
	item ledger.Item
}

// holdsOf returns what is or was held of a message of SUBMISSIONS, by its place.
func (b *batchState) holdsOf(a *acceptance) map[place]*ledger.Hold {
	of := map[place]*ledger.Hold{}
	for _, holds := range b.held {
		for _, h := range holds {
			if h.Sequence == a.sequence {
				of[place{h.Row, h.Item()}] = h
			}
		}
	}
	for _, h := range b.ledger.Holds(func(h *ledger.Hold) bool { return h.Sequence == a.sequence }) {
		of[place{h.Row, h.Item()}] = h
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

// wideRows are the rows of a submission that have several figures each.
type wideRows map[int]bool

func wideRowsOf(observations []event.Observation) wideRows {
	seen, wide := make(map[int]bool, len(observations)), wideRows{}
	for i := range observations {
		if row := observations[i].Row; seen[row] {
			wide[row] = true
		} else {
			seen[row] = true
		}
	}
	return wide
}

// place returns the place of an item: its row alone says it where that has no other.
func (w wideRows) place(p place) place {
	if !w[p.row] {
		p.item = ledger.Item{}
	}
	return p
}

// placeOf returns the place of an observation, by the catalogue where its row has several.
func (r *checks) placeOf(o *event.Observation, w wideRows) place {
	p := place{row: o.Row}
	if indicator, _, ok := r.catalogue.FindIndicator(o.Indicator); ok && w[o.Row] {
		p.item.Cell.Indicator = indicator.ID
		p.item.Cell.Period, _ = catalogue.ReadPeriod(o.Period, 0) // one that cannot be read is of no row that was accepted
	}
	return p
}

// judgedThen returns the judgement on a submission of which the rows at the places were
// accepted. Those stay accepted, and no other is, whatever was decided since, but for those
// that were held and have been released. Its effects say whether what was accepted is still
// in force.
func (v *Validator) judgedThen(r *received, before history, accepted map[place]bool, heldThen map[place]*ledger.Hold) judgement {
	result := v.checks().withoutRules().apply(r, unlocked{before}, nil)
	then := judgement{assumed: result.assumed, omitted: result.omitted}
	wide := wideRowsOf(r.submission.Observations)
	rows, held, left := make(map[place]bool, len(accepted)), make(map[place]*ledger.Hold, len(heldThen)), map[int]bool{}
	for p := range accepted {
		rows[wide.place(p)] = true
	}
	for p, h := range heldThen {
		p = wide.place(p)
		rows[p], held[p] = h.State == ledger.HoldReleased, h
	}
	for i := range r.submission.Observations {
		if o := &r.submission.Observations[i]; !rows[v.checks().placeOf(o, wide)] {
			left[o.Row] = true
		}
	}
	for _, f := range result.findings {
		if f.Severity != event.Reject || f.Row != 0 && left[f.Row] {
			then.findings = append(then.findings, f)
		}
	}
	states := make([]ledger.CellState, len(result.accepted))
	before.Read(func(m moment) { m.CellStates(r.area, result.accepted, states) })
	indexes := make(map[place]int, len(result.accepted)) // of result.accepted
	for i := range result.accepted {
		o := &result.accepted[i]
		indexes[wide.place(place{o.Row, ledger.ItemOf(o)})] = i
	}
	for i := range r.submission.Observations {
		row, is := r.submission.Observations[i].Row, v.checks().placeOf(&r.submission.Observations[i], wide)
		at, read := indexes[is]
		h := held[is]
		switch {
		case h != nil && h.State == ledger.HoldPending:
			then.effects.of[isHeld].add(row)
			then.heldRows++
			for n := range h.Findings {
				then.findings = append(then.findings, onRow(stillHeldThen(h, &h.Findings[n]), r, i))
			}
		case h != nil && h.State == ledger.HoldRefused:
			then.effects.of[isRefused].add(row)
			then.findings = append(then.findings, onRow(heldRefused(h), r, i))
		case h != nil && h.State == ledger.HoldSuperseded:
			then.effects.of[isSuperseded].add(row)
		case rows[is] && read:
			then.accepted = append(then.accepted, result.accepted[at])
			then.effects.add(standing(&result.accepted[at], &states[at]), &result.accepted[at], &states[at])
		case rows[is]: // the present catalogue would not take it
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

// rowsOf returns the places of the rows that were accepted.
func (v *Validator) rowsOf(ctx context.Context, a *acceptance) (map[place]bool, error) {
	rows := map[place]bool{}
	for i := range a.rows {
		rows[place{a.rows[i].Row, ledger.ItemOf(&a.rows[i])}] = true
	}
	stored, err := v.readStored(ctx, a)
	if err != nil || stored == nil {
		return rows, err
	}
	items, err := ledger.ItemsOf(stored)
	if err != nil {
		return nil, fmt.Errorf("read message %d of ACCEPTED: %w", a.acceptedSequence, err)
	}
	for i, item := range items {
		rows[place{int(stored.Row[i]), item}] = true
	}
	return rows, nil
}

// stillHeldThen returns a finding that holds a row as it was told.
func stillHeldThen(h *ledger.Hold, f *event.HeldFinding) *event.Finding {
	of := aboutHold(h)
	finding := hold(f.Code, of.column, of.seen, h.Releaser, f.MessageZH, f.MessageEN)
	finding.Rule, finding.Values, finding.Hold = f.Rule, f.Values, h.ID.String()
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
