package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// rowReader reads the rows of a submission to a dataset, received at an instant.
type rowReader struct {
	*checks
	area    *catalogue.Area
	dataset *catalogue.Dataset
	list    *catalogue.Indicator // that a dataset of entities counts; nil of a dataset of figures
	at      time.Time
	last    readPeriod // rows mostly have the period of the row before
}

// readPeriod is a period that the area may report, as it was written.
type readPeriod struct {
	text         string
	period       catalogue.Period
	begun, ended bool // at that instant
}

// readRows reads the rows of a submission, and checks what can be checked by each row alone, which it
// writes into rows. List is the indicator that a dataset of entities counts.
func (r *checks) readRows(s *received, area *catalogue.Area, dataset *catalogue.Dataset, list *catalogue.Indicator, rows []rowState) []event.AcceptedObservation {
	read := make([]event.AcceptedObservation, len(rows))
	reader := rowReader{checks: r, area: area, dataset: dataset, list: list, at: s.delivery.StoredAt}
	for i := range s.submission.Observations {
		o := &s.submission.Observations[i]
		if o.Row == 0 {
			o.Row = i + 1
		}
		read[i], rows[i] = reader.readRow(o)
	}
	return read
}

// readRow reads one observation, and checks what can be checked by the row alone.
func (r *rowReader) readRow(o *event.Observation) (event.AcceptedObservation, rowState) {
	none := event.AcceptedObservation{}
	if o.Malformed != "" || o.Problem != "" {
		if o.Foreign != "" {
			return none, rowState{finding: r.areaOther(o)}
		}
		return none, rowState{finding: malformed(o)}
	}
	if len(o.Note) > maxNote {
		return none, rowState{finding: textTooLong("note", o.Note, maxNote)}
	}
	if finding := controlCharacter("note", o.Note); finding != nil {
		return none, rowState{finding: finding}
	}
	if r.list != nil && strings.TrimSpace(o.Indicator) == "" {
		o.Indicator = r.list.ID
	}
	indicator, finding := r.indicator(strings.TrimSpace(o.Indicator), r.area, r.dataset)
	if finding != nil {
		return none, rowState{finding: finding, stated: r.statedRatio(o, finding)}
	}
	stage, err := catalogue.ParseStage(strings.TrimSpace(o.Stage))
	if err != nil {
		return none, rowState{finding: rejectProblem("stage", err)}
	}
	if finding := r.readPeriod(o.Period); finding != nil {
		return none, rowState{finding: finding}
	}
	period := r.last.period
	if !indicator.ValidIn(period) {
		return none, rowState{finding: indicatorNotValid(indicator, period)}
	}
	read := event.AcceptedObservation{
		Indicator: indicator.ID, Unit: indicator.UnitName, Period: period, Stage: stage, Row: o.Row, Note: o.Note,
	}
	var row rowState
	switch {
	case r.list != nil:
		row = r.readEntity(o, r.list, &read)
	case listed(o):
		row = rowState{finding: r.notOfFigures(r.dataset)}
	default:
		row = r.readFigure(o, indicator, &read)
	}
	if row.finding != nil || row.silent || read.Status == catalogue.Withdrawn {
		return read, row
	}
	if o.Base != "" || o.Change != "" {
		r.readStated(o, indicator, &row)
	}
	if stage == 0 {
		read.Stage, row.assumed = r.dataset.Stage, true
	}
	switch {
	case read.Stage != catalogue.Forecast && !r.last.begun:
		row.finding = futurePeriod(period)
	case read.Stage == catalogue.Final && !r.last.ended:
		row.finding = finalTooEarly(period, row.assumed)
	}
	return read, row
}

// readPeriod reads a period into last, unless it is there, and checks that the area reports it in
// the dataset.
func (r *rowReader) readPeriod(text string) *event.Finding {
	if text == r.last.text && text != "" {
		return nil
	}
	period, err := catalogue.ReadPeriod(text, 0)
	switch {
	case err != nil:
		return rejectProblem("period", err)
	case !r.dataset.Takes(period):
		return otherPeriod(period, r.dataset)
	case !r.area.ValidIn(period):
		return areaNotValid(r.area, period)
	}
	zone := r.catalogue.Zone()
	r.last = readPeriod{text, period, period.HasBegun(r.at, zone), period.HasEnded(r.at, zone)}
	return nil
}

// indicator returns the indicator of an id or name, and checks that the area reports it in
// the dataset.
func (r *checks) indicator(name string, area *catalogue.Area, dataset *catalogue.Dataset) (*catalogue.Indicator, *event.Finding) {
	indicator, unit, ok := r.catalogue.FindIndicator(name)
	switch {
	case !ok || unit != "": // the unit has a field of its own
		return nil, unknownIndicator(name)
	case indicator.Total == catalogue.RatioRule:
		return nil, r.computedIndicator(indicator)
	case !slices.Contains(indicator.Datasets, dataset.ID):
		return nil, r.otherDataset(indicator, dataset)
	case indicator.Total == catalogue.CityRule && area.Kind != catalogue.City:
		return nil, cityOnly(indicator, area)
	case dataset.Rows == catalogue.EntityRows && area.Kind == catalogue.City:
		return nil, districtsOnly(indicator, area)
	}
	return indicator, nil
}

// readFigure reads an observation's value, status, qualifier and action into the row. A
// row without a value, a status and an action is silent.
func (r *checks) readFigure(o *event.Observation, indicator *catalogue.Indicator, into *event.AcceptedObservation) rowState {
	status, err := catalogue.ParseStatus(strings.TrimSpace(o.Status))
	if err != nil {
		return rowState{finding: rejectProblem("status", err)}
	}
	figure, err := indicator.ReadFigure(string(o.Value), o.Unit, strings.TrimSpace(o.Qualifier))
	if err != nil {
		return rowState{finding: rejectProblem(columnOf(err), err)}
	}
	switch action := strings.ToUpper(strings.TrimSpace(o.Action)); {
	case action != "" && action != withdraw:
		return rowState{finding: actionUnknown(o.Action)}
	case action == withdraw && (!figure.Missing || status != 0):
		return rowState{finding: actionContradictsValue(o)}
	case action == withdraw:
		into.Status = catalogue.Withdrawn
		return rowState{}
	case figure.Missing && status == 0:
		return rowState{silent: true}
	case figure.Missing != status.SaysMissing():
		return rowState{finding: statusContradictsValue(status, string(o.Value))}
	case figure.Missing:
		if into.Status = catalogue.Missing; status != catalogue.Missing {
			into.Raw = status.String()
		}
		return rowState{}
	case status == 0:
		status = catalogue.Normal
	}
	if !indicator.Within(figure.Value) {
		return rowState{finding: outOfRange(indicator, figure.Value)}
	}
	into.Status, into.Value, into.Qualifier = status, figure.Value, figure.Qualifier
	var text [32]byte // holds the text of any value without an allocation
	if string(figure.Value.AppendText(text[:0])) != string(o.Value) {
		into.Raw = string(o.Value)
		if read, err := catalogue.ParseValue(into.Raw); err != nil || read.Unit == "" { // one behind the number goes before that of the row
			into.Raw += catalogue.ParseUnit(strings.TrimSpace(o.Unit)).Written()
		}
	}
	return rowState{}
}

// readStated reads what a row says of a year before and of the change since. What cannot be
// read is told about, and the figure is taken all the same.
func (r *checks) readStated(o *event.Observation, indicator *catalogue.Indicator, row *rowState) {
	points := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(o.Change), "百分点"), "个")
	row.stated = &stated{
		base:   readStatedValue("base", o.Base, o.Unit, indicator.ReadFigure, row),
		change: readStatedValue("change", strings.TrimPrefix(points, "+"), "", readPercent, row),
	}
}

// readPercent reads a figure in per cent.
func readPercent(text, unit, qualifier string) (catalogue.Figure, error) {
	return catalogue.ReadFigure(text, unit, qualifier, catalogue.ParseUnit("%"))
}

func readStatedValue(column, text, unit string, read func(text, unit, qualifier string) (catalogue.Figure, error), row *rowState) *catalogue.Value {
	figure, err := read(text, unit, "")
	if err != nil {
		finding := rejectProblem(column, err)
		finding.Severity = event.Inform
		row.remarks = append(row.remarks, *finding)
		return nil
	}
	if figure.Missing || figure.Qualifier != 0 {
		return nil
	}
	return &figure.Value
}

// statedRatio returns what a row says of a ratio, which is refused because the ratio is
// computed; nil where that is not why, or it cannot be read.
func (r *rowReader) statedRatio(o *event.Observation, refused *event.Finding) *stated {
	if refused.Code != computedCode {
		return nil
	}
	indicator, _, _ := r.catalogue.FindIndicator(strings.TrimSpace(o.Indicator))
	figure, err := indicator.ReadFigure(string(o.Value), o.Unit, o.Qualifier)
	if err != nil || figure.Missing || figure.Qualifier != 0 || r.readPeriod(o.Period) != nil {
		return nil
	}
	return &stated{ratio: indicator, value: figure.Value, period: r.last.period}
}

// withdraw is the action of SDMX (delete) that takes back what was reported.
const withdraw = "D"

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
