package judge

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// cellStates tells what was accepted before. The ledger does, and so does the state
// of the batch under judgement.
type cellStates interface {
	// CellStates fills in the state of the area's cell that each row reports, by
	// the row's index.
	CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState)
}

var _ cellStates = (*ledger.Ledger)(nil)

// rules judge a submission by the catalogue and by what was accepted before.
type rules struct {
	catalogue *catalogue.Catalogue
}

// judgement is what was decided on one submission.
type judgement struct {
	findings []event.Finding
	omitted  int // findings left out: those on rows that repeat a cell many times
	accepted []event.AcceptedObservation
}

// apply judges every row by itself, unless the submission as a whole is at fault:
// then one finding on row 0 rejects all of it.
func (r *rules) apply(s *received, before cellStates) judgement {
	area, dataset, problem := r.areaAndDataset(s)
	if problem != nil {
		return judgement{findings: []event.Finding{*problem}}
	}
	read := make([]event.AcceptedObservation, len(s.submission.Observations))
	rejected := make([]*event.Finding, len(read))
	for i := range s.submission.Observations {
		o := &s.submission.Observations[i]
		if o.Row == 0 {
			o.Row = i + 1
		}
		read[i], rejected[i] = r.readRow(o, area, dataset, s.delivery.StoredAt)
	}
	omitted := map[int]bool{} // indexes of rejected rows without a finding of their own
	for cell, places := range repeatedCells(read, rejected) {
		finding, same := rejectRepeated(cell, places, read)
		if same {
			places = places[1:] // of rows that agree, the first is taken
		}
		for n, i := range places {
			one := *finding
			if !same {
				one.Seen = read[i].Value.String()
			}
			rejected[i], omitted[i] = &one, n >= maxRepeats
		}
	}
	states := make([]ledger.CellState, len(read))
	before.CellStates(area.Code, read, states)
	result := judgement{accepted: read[:0]}
	near := suggestions{}
	for i := range read {
		if rejected[i] == nil {
			rejected[i] = checkAgainstEarlier(&read[i], &states[i], s.submission.Reason)
		}
		if rejected[i] == nil {
			result.accepted = append(result.accepted, read[i])
			continue
		}
		if omitted[i] {
			result.omitted++
			continue
		}
		o := &s.submission.Observations[i]
		rejected[i].Row, rejected[i].Indicator, rejected[i].Period = o.Row, o.Indicator, o.Period
		rejected[i].Cell = s.submission.CellOf(o, rejected[i].Column)
		near.complete(rejected[i], r.catalogue)
		result.findings = append(result.findings, *rejected[i])
	}
	return result
}

// repeatedCells returns the cells that more than one row reports, with the indexes of
// those rows.
func repeatedCells(read []event.AcceptedObservation, rejected []*event.Finding) map[ledger.Cell][]int {
	if ascending(read) {
		return nil
	}
	first, again := make(map[ledger.Cell]int, len(read)), map[ledger.Cell][]int{}
	for i := range read {
		if rejected[i] != nil {
			continue
		}
		cell := ledger.CellOf(&read[i])
		at, taken := first[cell]
		switch {
		case !taken:
			first[cell] = i
		case again[cell] == nil:
			again[cell] = []int{at, i}
		default:
			again[cell] = append(again[cell], i)
		}
	}
	return again
}

// ascending reports whether every row's cell comes after that of the row before, so
// that no cell is repeated. Files written by programs mostly are in order.
func ascending(rows []event.AcceptedObservation) bool {
	for i := 1; i < len(rows); i++ {
		if ledger.CellOf(&rows[i-1]).Compare(ledger.CellOf(&rows[i])) >= 0 {
			return false
		}
	}
	return true
}

// checkAgainstEarlier judges a row by the state of its cell, and writes the cell's
// epoch into the row. The reason is the submission's.
func checkAgainstEarlier(o *event.AcceptedObservation, state *ledger.CellState, reason string) *event.Finding {
	best := &state.Best
	o.Epoch = state.Reopened
	if best.Status != 0 && best.Epoch == o.Epoch && best.Stage > o.Stage {
		return stageBackwards(o, best)
	}
	same := best.Value == o.Value && best.Status == o.Status && best.Qualifier == o.Qualifier
	if state.Locked && !same && strings.TrimSpace(reason) == "" {
		return periodLocked(o)
	}
	return nil
}

// areaAndDataset returns whose submission it is and to which dataset, or what is
// wrong with the submission as a whole.
func (r *rules) areaAndDataset(s *received) (*catalogue.Area, *catalogue.Dataset, *event.Finding) {
	if s.problem != nil {
		return nil, nil, unreadable(s.problem)
	}
	area, ok := r.catalogue.Area(s.area)
	if !ok {
		return nil, nil, r.unknownArea(s.area)
	}
	dataset, ok := r.catalogue.Dataset(s.dataset)
	if !ok {
		return nil, nil, r.unknownDataset(s.dataset)
	}
	if s.submission.Area != s.area {
		return nil, nil, subjectMismatch("area", s.submission.Area, s.area)
	}
	if s.submission.Dataset != s.dataset {
		return nil, nil, subjectMismatch("dataset", s.submission.Dataset, s.dataset)
	}
	if len(s.submission.Reason) > maxReason {
		return nil, nil, textTooLong("reason", s.submission.Reason, maxReason)
	}
	if finding := cmp.Or(controlCharacter("reason", s.submission.Reason), controlCharacter("file", s.submission.File)); finding != nil {
		return nil, nil, finding
	}
	if len(s.submission.Observations) == 0 {
		return nil, nil, nothingReported()
	}
	return area, dataset, nil
}

// readRow reads one observation, received at an instant, and checks what can be
// checked by the row alone.
func (r *rules) readRow(o *event.Observation, area *catalogue.Area, dataset *catalogue.Dataset, at time.Time) (event.AcceptedObservation, *event.Finding) {
	none := event.AcceptedObservation{}
	if o.Malformed != "" || o.Problem != "" {
		return none, malformed(o)
	}
	if len(o.Note) > maxNote {
		return none, textTooLong("note", o.Note, maxNote)
	}
	if finding := controlCharacter("note", o.Note); finding != nil {
		return none, finding
	}
	indicator, finding := r.indicator(strings.TrimSpace(o.Indicator), area, dataset)
	if finding != nil {
		return none, finding
	}
	stage, err := catalogue.ParseStage(strings.TrimSpace(o.Stage))
	if err != nil {
		return none, rejectProblem("stage", err)
	}
	if stage == 0 {
		stage = dataset.Stage
	}
	period, err := catalogue.ReadPeriod(o.Period, 0)
	if err != nil {
		return none, rejectProblem("period", err)
	}
	switch {
	case !slices.Contains(dataset.Periods, period.Kind):
		return none, otherPeriod(period, dataset)
	case !area.ValidIn(period):
		return none, areaNotValid(area, period)
	case stage != catalogue.Forecast && !period.HasBegun(at, r.catalogue.Zone()):
		return none, futurePeriod(period)
	case stage == catalogue.Final && !period.HasEnded(at, r.catalogue.Zone()):
		return none, finalTooEarly(period, strings.TrimSpace(o.Stage) == "")
	}
	accepted := event.AcceptedObservation{
		Indicator: indicator.ID, Unit: indicator.UnitName, Period: period, Stage: stage, Row: o.Row, Note: o.Note,
	}
	return accepted, r.readFigure(o, indicator, &accepted)
}

// indicator returns the indicator of an id or name, and checks that the area reports it in
// the dataset.
func (r *rules) indicator(name string, area *catalogue.Area, dataset *catalogue.Dataset) (*catalogue.Indicator, *event.Finding) {
	indicator, unit, ok := r.catalogue.FindIndicator(name)
	switch {
	case !ok || unit != "": // the unit has a field of its own
		return nil, unknownIndicator(name)
	case indicator.Total == catalogue.RatioRule:
		return nil, computedIndicator(indicator)
	case !slices.Contains(indicator.Datasets, dataset.ID):
		return nil, otherDataset(indicator, dataset.ID)
	case indicator.Total == catalogue.CityRule && area.Kind != catalogue.City:
		return nil, cityOnly(indicator, area.Code)
	case indicator.Total == catalogue.SumRule && area.Kind == catalogue.City:
		return nil, districtsOnly(indicator, area.Code)
	}
	return indicator, nil
}

// readFigure reads an observation's value, status and qualifier into the row.
func (r *rules) readFigure(o *event.Observation, indicator *catalogue.Indicator, into *event.AcceptedObservation) *event.Finding {
	status, err := catalogue.ParseStatus(strings.TrimSpace(o.Status))
	if err != nil {
		return rejectProblem("status", err)
	}
	figure, err := catalogue.ReadFigure(string(o.Value), o.Unit, strings.TrimSpace(o.Qualifier), indicator.Unit())
	if err != nil {
		return rejectProblem(columnOf(err), err)
	}
	switch {
	case figure.Missing:
		status = catalogue.Missing
	case status == catalogue.Missing:
		return missingWithValue(string(o.Value))
	case status == 0:
		status = catalogue.Normal
	}
	if !figure.Missing && !indicator.Within(figure.Value) {
		return outOfRange(indicator, figure.Value)
	}
	into.Status, into.Value, into.Qualifier = status, figure.Value, figure.Qualifier
	var text [32]byte // holds the text of any value without an allocation
	if !figure.Missing && string(figure.Value.AppendText(text[:0])) != string(o.Value) {
		into.Raw = string(o.Value) + catalogue.ParseUnit(strings.TrimSpace(o.Unit)).Written()
	}
	return nil
}

// columnOf returns the column that an error of [catalogue.ReadFigure] is about.
func columnOf(err error) string {
	switch f := rejectProblem("", err); f.Code {
	case "UNIT_MISMATCH", "UNIT_CONFLICT":
		return "unit"
	case "QUALIFIER_UNKNOWN":
		return "qualifier"
	}
	return "value"
}

// maxRepeats is how many of the rows that repeat one cell are named, and have a
// finding each.
const maxRepeats = 10

// rejectRepeated returns the finding on rows, at places, that report the same cell,
// and whether they agree. All are rejected where they differ, since nobody can know
// which is right, and all but the first where they agree.
func rejectRepeated(cell ledger.Cell, places []int, read []event.AcceptedObservation) (finding *event.Finding, same bool) {
	var numbers []int
	same = true
	first := ledger.FigureOf(&read[places[0]])
	for n, place := range places {
		if n < maxRepeats {
			numbers = append(numbers, read[place].Row)
		}
		same = same && ledger.FigureOf(&read[place]).SameContent(first)
	}
	return repeatedCell(cell, numbers, len(places), same), same
}
