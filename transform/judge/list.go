package judge

import (
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// isList reports whether a submission is a list of entities: every row that can be read says
// something of one.
func isList(s *event.Submission) bool {
	found := false
	for i := range s.Observations {
		o := &s.Observations[i]
		if o.Malformed != "" || o.Problem != "" {
			continue
		}
		if found = true; !listed(o) {
			return false
		}
	}
	return found
}

// listed reports whether a row says anything of an entity.
func listed(o *event.Observation) bool { return o.Listing != nil && *o.Listing != event.Listing{} }

// readEntity reads what a row of a list says of an entity into the row, which counts as one.
// Everything that is wrong with it is told.
func (r *checks) readEntity(o *event.Observation, list *catalogue.Indicator, into *event.AcceptedObservation) (row rowState) {
	said := o.Listing
	if said == nil {
		said = &event.Listing{}
	}
	fault := func(f *event.Finding) { row.find(f) }
	code, err := catalogue.ParseEntityCode(said.Entity)
	if err != nil {
		fault(rejectProblem("entity", err))
	}
	if value := strings.TrimSpace(string(o.Value)); !catalogue.Silent(value) && value != "1" || strings.TrimSpace(o.Qualifier) != "" {
		fault(listTakesNoFigure(list, value))
	}
	status, err := catalogue.ParseStatus(strings.TrimSpace(o.Status))
	switch action := strings.ToUpper(strings.TrimSpace(o.Action)); {
	case err != nil:
		fault(rejectProblem("status", err))
	case action != "" && action != withdraw:
		fault(actionUnknown(o.Action))
	case action == withdraw && status != 0:
		fault(actionContradictsValue(o))
	case status.SaysMissing():
		fault(withdrawEntity(status))
	case action == withdraw:
		status = catalogue.Withdrawn
	case status == 0:
		status = catalogue.Normal
	}
	e := &event.ListedEntity{Code: code, Name: strings.TrimSpace(said.EntityName)}
	r.readListing(said, e, status == catalogue.Withdrawn, fault)
	into.Status, into.Value, into.Entity = status, catalogue.Value{Coefficient: 1}, e
	return row
}

// readListing reads an entity's name, validity and registered address, and calls fault with
// each thing that is wrong with them.
func (r *checks) readListing(said *event.Listing, e *event.ListedEntity, withdrawn bool, fault func(*event.Finding)) {
	unreadable := map[string]bool{}
	for _, text := range [...]struct{ column, text string }{
		{"entity_name", e.Name}, {"valid_from", said.ValidFrom}, {"valid_to", said.ValidTo}, {"registered_area", said.RegisteredArea},
	} {
		var f *event.Finding
		if len(text.text) > maxName {
			f = textTooLong(text.column, text.text, maxName)
		} else {
			f = controlCharacter(text.column, text.text)
		}
		if f != nil {
			fault(f)
			unreadable[text.column] = true
		}
	}
	if e.Name == "" && !withdrawn {
		fault(entityNameMissing(e.Code))
	}
	day := func(column, text string, last bool) catalogue.Day {
		if unreadable[column] {
			return 0
		}
		d, err := catalogue.ParseDay(text, last)
		if err != nil {
			fault(rejectProblem(column, err))
		}
		return d
	}
	e.From, e.To = day("valid_from", said.ValidFrom, false), day("valid_to", said.ValidTo, true)
	if e.To != 0 && e.To < e.From {
		fault(validityReversed(e))
	}
	if text := strings.TrimSpace(said.RegisteredArea); text != "" && !unreadable["registered_area"] {
		area, ok := r.catalogue.FindArea(text)
		if !ok {
			fault(registeredAreaUnknown(text))
			return
		}
		e.Registered = area.Code
	}
}

// remarkOnList adds to a row's remarks what those who sent it should know: that an entity is
// not valid at the period's end, or that another area claims it; and of a figure that a list
// goes before it.
func (r *checks) remarkOnList(m moment, s *received, area *catalogue.Area, o *event.AcceptedObservation, state *ledger.CellState, row *rowState) {
	indicator, ok := r.catalogue.Indicator(o.Indicator)
	if !ok || indicator.Total != catalogue.DistinctRule || o.Status == catalogue.Withdrawn {
		return
	}
	if o.Entity == nil {
		if of := m.ListCount(area.Code, ledger.CellOf(o)); of.InForce > 0 && (o.Status == catalogue.Missing || o.Value != catalogue.Value{Coefficient: int64(of.Valid)}) {
			row.remarks = append(row.remarks, *listGoesFirst("value", o.Value.String(), o.Period, of.Valid))
		}
		return
	}
	if state.Reported() && state.Best.SameContent(ledger.FigureOf(o)) {
		return // it was told then
	}
	day := catalogue.DayOf(o.Period.LastDay())
	if !o.Entity.ValidOn(day) {
		row.remarks = append(row.remarks, *notValidThen(o.Entity, o.Period, day))
		return
	}
	if !area.Additive() {
		return
	}
	claims := m.Claims(ledger.ItemOf(o))
	claims = slices.DeleteFunc(claims, func(c ledger.Claim) bool {
		return c.Area == area.Code || !c.Additive || !c.Counts() || !c.Entity.ValidOn(day)
	})
	if len(claims) == 0 {
		return
	}
	own := ledger.Claim{Area: area.Code, Figure: ledger.FigureOf(o), Additive: true}
	e := *o.Entity
	if own.Entity = &e; e.Since == 0 {
		e.Since = s.delivery.Sequence
	}
	counts, _ := ledger.CountsFor(indicator.CountsFor, o.Period, append(slices.Clone(claims), own))
	row.remarks = append(row.remarks, *r.claimedTwice(o, claims, counts))
}

// listsBesideFigures returns what is to be said where an area's list, as it is after a
// submission, has another number of entities than the area reported beside it.
func (r *checks) listsBesideFigures(m moment, area *catalogue.Area, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) (findings []event.Finding) {
	change := map[ledger.Cell]int{}
	for i := range read {
		o := &read[i]
		if o.Entity == nil || rows[i].finding != nil || rows[i].silent {
			continue
		}
		day, cell := catalogue.DayOf(o.Period.LastDay()), ledger.CellOf(o)
		change[cell] += one(o.Status != catalogue.Withdrawn && o.Entity.ValidOn(day)) - one(validClaim(&states[i].Best, day))
	}
	for cell, more := range change {
		plain := []event.AcceptedObservation{{Indicator: cell.Indicator, Period: cell.Period}}
		var state [1]ledger.CellState
		m.CellStates(area.Code, plain, state[:])
		valid := m.ListCount(area.Code, cell).Valid + more
		if state[0].Best.Counts() && state[0].Best.Value != (catalogue.Value{Coefficient: int64(valid)}) {
			f := listGoesFirst("", state[0].Best.Value.String(), cell.Period, valid)
			f.Indicator, f.Period = cell.Indicator, cell.Period.String()
			findings = append(findings, *f)
		}
	}
	slices.SortFunc(findings, func(a, b event.Finding) int { return strings.Compare(a.Period, b.Period) })
	return findings
}

// maxLeftOut is how many entities that a submission leaves out are named.
const maxLeftOut = 5

// leftOutOfLists returns for each list of which a submission states entities what becomes of
// those that the area has listed before and that it does not state: they stay in force.
func leftOutOfLists(m moment, area *catalogue.Area, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) (findings []event.Finding) {
	stated, before, lists := map[ledger.Cell]map[string]bool{}, map[ledger.Cell]int{}, map[ledger.Cell]bool{}
	for i := range read {
		o := &read[i]
		if o.Entity == nil {
			continue
		}
		cell := ledger.CellOf(o)
		if stated[cell] == nil {
			stated[cell] = map[string]bool{}
		}
		if !stated[cell][o.Entity.Code] {
			stated[cell][o.Entity.Code] = true
			before[cell] += one(states[i].Best.Counts())
		}
		lists[cell] = lists[cell] || rows[i].finding == nil && !rows[i].silent && o.Status != catalogue.Withdrawn
	}
	for cell := range lists {
		if left := m.ListCount(area.Code, cell).InForce - before[cell]; lists[cell] && left > 0 {
			f := listLeavesOut(cell.Period, left, m.ListedBesides(area.Code, cell, stated[cell], maxLeftOut))
			f.Indicator, f.Period = cell.Indicator, cell.Period.String()
			findings = append(findings, *f)
		}
	}
	slices.SortFunc(findings, func(a, b event.Finding) int { return strings.Compare(a.Period, b.Period) })
	return findings
}

func validClaim(f *ledger.Figure, day catalogue.Day) bool {
	return f.Entity != nil && f.Counts() && f.Entity.ValidOn(day)
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// guardLockedLists writes a finding into every row that changes a list, where the list as a
// whole would alter a total of a locked period, or its change. No list is held, so it is refused
// with a reason, too, but from the bureau.
func (r *checks) guardLockedLists(m moment, s *received, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) {
	reasoned := strings.TrimSpace(s.submission.Reason) != ""
	if reasoned && s.byBureau {
		return
	}
	changed := map[ledger.Cell][]int{} // indexes of the rows that change something
	for i := range read {
		o := &read[i]
		if o.Entity != nil && !rows[i].silent && rows[i].finding == nil && states[i].LockedBy != (catalogue.Period{}) &&
			!states[i].Best.SameContent(ledger.FigureOf(o)) {
			changed[ledger.CellOf(o)] = append(changed[ledger.CellOf(o)], i)
		}
	}
	for cell, at := range changed {
		id, _ := event.ParseSubmissionID(s.id) // it was computed when the submission was read
		var made []ledger.Claim
		for _, i := range at {
			c := candidate{&read[i], s.delivery.Sequence, id}
			made = append(made, c.claim(s.area, r.catalogue))
		}
		inForce := m.Figures()
		guard := &lockGuard{catalogue: r.catalogue, locked: m.Locked, inForce: inForce, trial: tally.NewOverlay(inForce), before: map[ledger.Cell]*event.Total{}}
		if moved := guard.try(cell, m.ForeseeLists(cell, made)...); moved != nil {
			for _, i := range at {
				rows[i].finding, rows[i].remarks = r.totalLocked(&read[i], moved), nil
				if reasoned {
					rows[i].finding = r.listLocked(&read[i], moved)
				}
			}
		}
	}
}
