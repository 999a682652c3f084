package judge

import (
	"maps"
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
		if in := o.Entity.Registered; indicator.CountsFor == catalogue.FirstReported && in != "" && in != area.Code {
			row.remarks = append(row.remarks, *r.registeredElsewhere(o.Entity))
		}
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

// listedElsewhere returns for each list of which a submission states entities what other areas list
// as registered in the area and the area does not list.
func (r *checks) listedElsewhere(m moment, area *catalogue.Area, list *catalogue.Indicator, read []event.AcceptedObservation, rows []rowState) (findings []event.Finding) {
	stated, seen := map[ledger.Item]bool{}, map[ledger.Cell]bool{}
	var cells []ledger.Cell
	for i := range read {
		o := &read[i]
		if o.Entity == nil || rows[i].finding != nil || rows[i].silent {
			continue
		}
		stated[ledger.ItemOf(o)] = true
		if cell := ledger.CellOf(o); !seen[cell] {
			seen[cell] = true
			cells = append(cells, cell)
		}
	}
	for _, cell := range cells {
		day := catalogue.DayOf(cell.Period.LastDay())
		others := slices.DeleteFunc(m.RegisteredIn(area.Code, cell), func(c ledger.Claim) bool {
			item := ledger.Item{Cell: cell, Entity: c.Entity.Code}
			return !c.Additive || !c.Entity.ValidOn(day) || stated[item] ||
				slices.ContainsFunc(m.Claims(item), func(own ledger.Claim) bool { return own.Area == area.Code && own.Counts() })
		})
		if len(others) > 0 {
			f := r.listedByOthers(list, cell.Period, others)
			f.Indicator, f.Period = cell.Indicator, cell.Period.String()
			findings = append(findings, *f)
		}
	}
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

// changedLists returns the indexes of the rows of each list that would change something of it, of
// those that are wanted.
func changedLists(read []event.AcceptedObservation, rows []rowState, states []ledger.CellState, wanted func(*rowState) bool) map[ledger.Cell][]int {
	changed := map[ledger.Cell][]int{}
	for i := range read {
		o := &read[i]
		if o.Entity != nil && !rows[i].silent && wanted(&rows[i]) && !states[i].Best.SameContent(ledger.FigureOf(o)) {
			changed[ledger.CellOf(o)] = append(changed[ledger.CellOf(o)], i)
		}
	}
	return changed
}

// findRelisted notes the rows that say what is held of a list where the submission leaves other rows
// of that out. What is held is the list as a whole, with all its parts: sent again, it stays held, and
// another list of some of its entities is judged by itself.
func (r *checks) findRelisted(m moment, s *received, area *catalogue.Area, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) {
	type list struct {
		cell  ledger.Cell
		whole event.WholeID
	}
	id, _ := event.ParseSubmissionID(s.id) // it was computed when the submission was read
	same := map[list][]int{}
	for i := range read {
		if h := states[i].Held; h != nil && read[i].Entity != nil && rows[i].finding == nil && !rows[i].silent {
			if held, ok := h.FigureUnder(r.catalogue); ok && held.SameContent(ledger.FigureOf(&read[i])) {
				of := list{h.Cell, h.Submission.Whole()}
				same[of] = append(same[of], i)
			}
		}
	}
	for of, at := range same {
		if h := states[at[0]].Held; heldAsIncomplete(h) && refusedRows(rows) == 0 {
			for _, i := range at {
				rows[i].relisted = true // sent again without what was refused
			}
			continue
		}
		again := s.submission.Part != nil && of.whole == id.Whole() // with the other parts
		if !again && len(at) < m.PendingOfList(area.Code, of.cell, func(h *ledger.Hold) bool { return h.Submission.Whole() == of.whole }) {
			for _, i := range at {
				rows[i].relisted = true
			}
		}
	}
}

// claimsOf returns rows of a submission as statements that areas would have made.
func (r *checks) claimsOf(s *received, read []event.AcceptedObservation, at []int) []ledger.Claim {
	id, _ := event.ParseSubmissionID(s.id) // it was computed when the submission was read
	made := make([]ledger.Claim, len(at))
	for n, i := range at {
		c := candidate{observation: &read[i], sequence: s.delivery.Sequence, submission: id}
		made[n] = c.claim(s.area, r.catalogue)
	}
	return made
}

// applyRulesToLists holds the count that follows from each changed list against the rules, as if it
// had been reported. What refuses or holds the count does so to every row that changes the list;
// it returns what is only told. Of a list in parts that is told with the first part.
func (r *checks) applyRulesToLists(m moment, s *received, area *catalogue.Area, dataset *catalogue.Dataset, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) (told []event.Finding) {
	if len(r.rules.Plans(dataset.ID)) == 0 {
		return nil
	}
	changed, found := changedLists(read, rows, states, (*rowState).isClean), map[ledger.Cell]*rowState(nil)
	if of := s.whole; of == nil {
		made := map[ledger.Cell][]ledger.Claim{}
		r.addClaims(made, s, read, rows, states)
		found = r.judgeCounts(m, s, area, dataset, made)
	} else {
		found = of.found
	}
	for cell, at := range changed {
		count := found[cell]
		if count == nil || count.finding == nil {
			continue
		}
		for _, i := range at {
			f := *count.finding
			f.Column = "entity"
			rows[i].find(&f)
			for _, also := range count.remarks {
				if also.Severity == event.Hold {
					also.Column = "entity"
					rows[i].find(&also)
				}
			}
		}
	}
	if s.submission.Part != nil && s.submission.Part.Number > 1 {
		return nil
	}
	for _, cell := range slices.SortedFunc(maps.Keys(found), ledger.Cell.Compare) {
		for _, f := range found[cell].remarks {
			if f.Severity == event.Inform {
				f.Column, f.Indicator, f.Period = "", cell.Indicator, cell.Period.String()
				told = append(told, f)
			}
		}
	}
	return told
}

// judgeCounts returns what the rules find about the counts that follow from statements of an area.
func (r *checks) judgeCounts(m moment, s *received, area *catalogue.Area, dataset *catalogue.Dataset, made map[ledger.Cell][]ledger.Claim) map[ledger.Cell]*rowState {
	cells := slices.SortedFunc(maps.Keys(made), ledger.Cell.Compare)
	counts, before := make([]event.AcceptedObservation, len(cells)), make([]ledger.CellState, len(cells))
	for n, cell := range cells {
		count, _ := countOf(m.ForeseeLists(cell, made[cell]), s.area)
		was, _ := countOf(m.ForeseeLists(cell, nil), s.area)
		indicator, _ := r.catalogue.Indicator(cell.Indicator) // the rows were read by it
		counts[n] = event.AcceptedObservation{Indicator: cell.Indicator, Unit: indicator.UnitName, Period: cell.Period, Value: count.Value, Stage: count.Stage, Status: count.Status}
		before[n].Best = was
	}
	rows, found := make([]rowState, len(cells)), make(map[ledger.Cell]*rowState, len(cells))
	r.applyRules(&ruledSubmission{moment: m, catalogue: r.catalogue, area: area, byBureau: s.byBureau, reason: s.submission.Reason, dataset: dataset.ID, read: counts, rows: rows, states: before})
	for n, cell := range cells {
		found[cell] = &rows[n]
	}
	return found
}

// countOf returns an area's count among those of a cell's lists, as a figure.
func countOf(parts []ledger.Part, area string) (ledger.Figure, bool) {
	i := slices.IndexFunc(parts, func(p ledger.Part) bool { return p.Area == area })
	if i < 0 {
		return ledger.Figure{}, false
	}
	f := parts[i].Figure
	f.List = false
	return f, true
}

// guardLockedLists writes a finding into every row that changes a list, where the list as a
// whole would alter a total of a locked period, or its change: without a reason it is refused, and
// with one held until the bureau releases it. The bureau's own list needs a reason alone.
func (r *checks) guardLockedLists(m moment, s *received, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) {
	reasoned := strings.TrimSpace(s.submission.Reason) != ""
	if reasoned && s.byBureau {
		return
	}
	for cell, at := range changedLists(read, rows, states, func(row *rowState) bool { return row.mayCount() && !row.isStillHeld() }) {
		if states[at[0]].LockedBy == (catalogue.Period{}) {
			continue
		}
		inForce := m.Figures()
		guard := &lockGuard{catalogue: r.catalogue, locked: m.Locked, inForce: inForce, trial: tally.NewOverlay(inForce), before: map[ledger.Cell]*event.Total{}}
		if moved := guard.try(cell, m.ForeseeLists(cell, r.claimsOf(s, read, at))...); moved != nil {
			for _, i := range at {
				if reasoned {
					rows[i].find(r.listHeldByLock(cell, moved.cell))
				} else {
					rows[i].remarks = nil // of what does not come about
					rows[i].find(r.totalLocked(&read[i], moved))
				}
			}
		}
	}
}
