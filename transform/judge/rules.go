package judge

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// cellStates is what was accepted before, for rules that look back. The ledger is
// one.
type cellStates interface {
	// CellStates fills in the state of the area's cell that each row reports, by
	// the row's index.
	CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState)
}

var _ cellStates = (*ledger.Ledger)(nil)

// rules holds submissions against the catalogue and against history.
type rules struct {
	catalogue *catalogue.Catalogue
}

// received is a message of SUBMISSIONS, taken apart but not judged.
type received struct {
	delivery   stream.Delivery
	submission event.Submission
	area       string // as the subject says
	dataset    string
	problem    error // why the body is no submission
	id         string
}

// readSubmission takes a message apart. The subject is what the broker authorised, so it
// decides whose submission this is.
func readSubmission(d stream.Delivery) received {
	r := received{delivery: d}
	tokens := strings.Split(d.Subject, ".")
	if len(tokens) == 3 {
		r.area, r.dataset = tokens[1], tokens[2]
	}
	r.submission, r.problem = event.DecodeSubmission(d.Body)
	if r.problem != nil {
		sum := sha256.Sum256(d.Body)
		r.id = hex.EncodeToString(sum[:16])
		return r
	}
	if r.submission.Area == "" {
		r.submission.Area = r.area
	}
	if r.submission.Dataset == "" {
		r.submission.Dataset = r.dataset
	}
	r.id = r.submission.ID()
	return r
}

// judgement is what the judge decided on one submission.
type judgement struct {
	findings []event.Finding
	accepted []event.AcceptedObservation
}

// judge decides on every row. A finding on the whole submission (row 0) rejects
// all of it; else each row stands for itself.
func (j *rules) apply(r *received, past cellStates) judgement {
	area, dataset, problem := j.areaAndDataset(r)
	if problem != nil {
		return judgement{findings: []event.Finding{*problem}}
	}
	read := make([]event.AcceptedObservation, len(r.submission.Observations))
	refused := make([]*event.Finding, len(read))
	for i := range r.submission.Observations {
		o := &r.submission.Observations[i]
		if o.Row == 0 {
			o.Row = i + 1
		}
		read[i], refused[i] = j.readRow(o, area, dataset, r.delivery.StoredAt)
	}
	for cell, places := range repeatedCells(read, refused) {
		for _, i := range places {
			refused[i] = refuseRepeated(cell, i, places, read)
		}
	}
	before := make([]ledger.CellState, len(read))
	past.CellStates(area.Code, read, before)
	result := judgement{accepted: read[:0]}
	for i := range read {
		if refused[i] == nil {
			refused[i] = checkAgainstEarlier(&read[i], &before[i], r.submission.Reason)
		}
		if refused[i] == nil {
			result.accepted = append(result.accepted, read[i])
			continue
		}
		o := &r.submission.Observations[i]
		refused[i].Row, refused[i].Indicator, refused[i].Period = o.Row, o.Indicator, o.Period
		result.findings = append(result.findings, *refused[i])
	}
	return result
}

// repeatedCells returns the places of the rows that report each cell which more than
// one row reports.
func repeatedCells(read []event.AcceptedObservation, refused []*event.Finding) map[ledger.Cell][]int {
	if ascending(read) {
		return nil
	}
	first, again := make(map[ledger.Cell]int, len(read)), map[ledger.Cell][]int{}
	for i := range read {
		if refused[i] != nil {
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

// ascending reports whether every row's cell comes after that of the row before,
// as where a program wrote them in order.
func ascending(rows []event.AcceptedObservation) bool {
	for i := 1; i < len(rows); i++ {
		if ledger.CellOf(&rows[i-1]).Compare(ledger.CellOf(&rows[i])) >= 0 {
			return false
		}
	}
	return true
}

// checkAgainstEarlier holds a row against what was accepted before, and notes its epoch.
func checkAgainstEarlier(o *event.AcceptedObservation, before *ledger.CellState, reason string) *event.Finding {
	best := &before.Best
	o.Epoch = before.Reopened
	if best.Status != 0 && best.Epoch == o.Epoch && best.Stage > o.Stage {
		return stageBackwards(o, best)
	}
	same := best.Value == o.Value && best.Status == o.Status && best.Qualifier == o.Qualifier
	if before.Locked && !same && strings.TrimSpace(reason) == "" {
		return periodLocked(o)
	}
	return nil
}

// areaAndDataset settles whose submission it is, and in which dataset.
func (j *rules) areaAndDataset(r *received) (*catalogue.Area, *catalogue.Dataset, *event.Finding) {
	if r.problem != nil {
		return nil, nil, unreadable(r.problem)
	}
	area, ok := j.catalogue.Area(r.area)
	if !ok {
		return nil, nil, j.unknownArea(r.area)
	}
	dataset, ok := j.catalogue.Dataset(r.dataset)
	if !ok {
		return nil, nil, j.unknownDataset(r.dataset)
	}
	if r.submission.Area != r.area {
		return nil, nil, subjectMismatch("area", r.submission.Area, r.area)
	}
	if r.submission.Dataset != r.dataset {
		return nil, nil, subjectMismatch("dataset", r.submission.Dataset, r.dataset)
	}
	if len(r.submission.Observations) == 0 {
		return nil, nil, nothingReported()
	}
	return area, dataset, nil
}

// readRow reads one observation and checks it by itself.
func (j *rules) readRow(o *event.Observation, area *catalogue.Area, dataset *catalogue.Dataset, at time.Time) (event.AcceptedObservation, *event.Finding) {
	none := event.AcceptedObservation{}
	if o.Malformed != "" || o.Problem != "" {
		return none, malformed(o)
	}
	indicator, finding := j.indicator(strings.TrimSpace(o.Indicator), area, dataset)
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
	period, err := catalogue.ParsePeriod(strings.TrimSpace(o.Period))
	if err != nil {
		return none, rejectProblem("period", err)
	}
	switch {
	case !slices.Contains(dataset.Periods, period.Kind):
		return none, otherPeriod(period, dataset)
	case !area.ValidIn(period):
		return none, areaNotValid(area, period)
	case period.Start().After(at) && stage != catalogue.Forecast:
		return none, futurePeriod(period)
	}
	accepted := event.AcceptedObservation{
		Indicator: indicator.ID, Unit: indicator.UnitName, Period: period, Stage: stage, Row: o.Row, Note: o.Note,
	}
	return accepted, j.readFigure(o, indicator, &accepted)
}

// indicator finds the indicator and checks that this area reports it here.
func (j *rules) indicator(id string, area *catalogue.Area, dataset *catalogue.Dataset) (*catalogue.Indicator, *event.Finding) {
	indicator, ok := j.catalogue.Indicator(id)
	switch {
	case !ok:
		return nil, j.unknownIndicator(id)
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

// readFigure reads the figure, its status and its qualifier.
func (j *rules) readFigure(o *event.Observation, indicator *catalogue.Indicator, into *event.AcceptedObservation) *event.Finding {
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
	var text [32]byte // holds any value, so that most rows need no memory for it
	if !figure.Missing && string(figure.Value.AppendText(text[:0])) != string(o.Value) {
		into.Raw = string(o.Value) + strings.TrimSpace(o.Unit)
	}
	return nil
}

// columnOf names the column that a problem with a figure is about.
func columnOf(err error) string {
	switch f := rejectProblem("", err); f.Code {
	case "UNIT_MISMATCH", "UNIT_CONFLICT":
		return "unit"
	case "QUALIFIER_UNKNOWN":
		return "qualifier"
	}
	return "value"
}

// refuseRepeated refuses rows that report a cell more than once: all of them where
// they differ, since nobody can know which is right, and all but the first
// where they agree.
func refuseRepeated(cell ledger.Cell, at int, places []int, read []event.AcceptedObservation) *event.Finding {
	numbers := make([]int, len(places))
	same := true
	first := ledger.FigureOf(&read[places[0]])
	for n, place := range places {
		numbers[n] = read[place].Row
		same = same && ledger.FigureOf(&read[place]).SameContent(first)
	}
	if same && at == places[0] {
		return nil
	}
	return duplicateCell(cell, read[at].Value, numbers, same)
}
