package decode

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/jsontext"
	"github.com/citytally/citytally/ingest/decode/records"
	"github.com/citytally/citytally/ingest/event"
)

// readJSON reads a submission as JSON, the same that may be published to the broker; a list of
// observations; or one observation in each line (NDJSON), which may name its area and
// dataset. An observation that cannot be read becomes a malformed one. Objects that are no
// observations of the contract, by the first of them, are read as the rows of a table, and so are lists.
func (f *file) readJSON(text string) error {
	start := strings.TrimLeft(text, " \t\r\n\u3000\ufeff")
	shift := len(text) - len(start)
	if start[0] == '[' {
		if first := strings.TrimLeft(start[1:], " \t\r\n"); first != "" && first[0] == '{' && !isObservation(first[:jsontext.EndOfValue(first)]) {
			return f.readRecords(records.Open, start, text, shift)
		}
		if first := strings.TrimLeft(start[1:], " \t\r\n"); first != "" && first[0] == '[' {
			return f.readRows(start, text, shift)
		}
		f.understanding.say("JSON，观测值列表", "JSON, a list of observations")
		return f.readDocument(`{"observations":`+strings.TrimSpace(start)+`}`, text, shift-len(`{"observations":`))
	}
	object := start[:jsontext.EndOfValue(start)]
	rest := strings.TrimSpace(start[len(object):])
	switch {
	case rest != "" && rest[0] == '{' && isObservation(object):
		f.understanding.say("NDJSON，每行一个 JSON 观测值", "NDJSON, one observation as JSON in each line")
		return f.readLines(text)
	case rest != "" && rest[0] == '{':
		return f.readRecords(records.OpenLines, text, text, 0)
	case rest == "" && isObservation(object):
		f.understanding.say("JSON，一个观测值", "JSON, one observation")
		return f.readLine(object, 1)
	case rest == "" && !jsontext.HasMember(object, "observations"):
		return f.readRecords(records.Open, object, text, shift)
	}
	f.understanding.say("JSON，一份报送", "JSON, one submission")
	return f.readDocument(start, text, shift)
}

// readRecords reads objects as the rows of a table. Part is the part of the text that they stand in,
// and its offsets lie shift behind those of the text.
func (f *file) readRecords(open func(string, header.Known, records.Limits) (*records.Records, error), part, text string, shift int) error {
	g, err := open(part, f.known(), records.Limits{Records: f.Limits.Observations, Columns: f.Limits.Columns})
	problem, _ := errors.AsType[*catalogue.Problem](err)
	switch {
	case errors.Is(err, records.ErrTooMany):
		return tooManyRows(f.Limits.Observations)
	case problem != nil && problem.Code != "":
		return problem
	case errors.Is(err, records.ErrNone):
		return f.readRows(part, text, shift)
	case err != nil:
		return badJSON([]byte(text), err, shift)
	}
	f.keyed = true
	if f.period.Kind == 0 {
		f.period = g.Period() // which 本年 and 累计 inside of the list refer to
	}
	t, failed, err := f.recognize(g)
	switch {
	case err != nil:
		return err
	case failed != nil && g.Len() == 1 && g.Path() == "" && records.HasRows(part):
		return f.readRows(part, text, shift)
	case failed != nil && g.Len() == 1 && g.Path() == "" && failed.Recognized < 2:
		return f.readDocument(part, text, shift) // which says how a submission is written
	case failed != nil:
		p := failed.Problem
		return newProblem(p.Code, p.Seen, "JSON 对象的字段（依次作为各列）："+p.ZH, "the fields of the JSON's objects, taken as columns: "+p.EN)
	}
	zh, en := "", ""
	if path := event.Excerpt(g.Path(), 60); path != "" {
		zh, en = fmt.Sprintf("（%s）", path), fmt.Sprintf(" (%s)", path)
	}
	f.understanding.say(fmt.Sprintf("JSON，%d 个对象%s", g.Len(), zh), fmt.Sprintf(plural(g.Len(), "JSON, %d object")+"%s", g.Len(), en))
	for _, name := range g.PassedOver {
		name = event.Excerpt(name, 60)
		f.understanding.note("COLUMN_PASSED_OVER", 0, "", name, fmt.Sprintf("列表之外的字段 %q 未读", name), fmt.Sprintf("%q, outside of the list, is passed over", name))
	}
	f.expected, t.outside = g.Len(), g.Outside
	return t.read()
}

// readRows reads lists as the rows of a table. A part without any is read as a submission, to say how one is
// written.
func (f *file) readRows(part, text string, shift int) error {
	g, err := records.OpenRows(part, records.Limits{Records: f.Limits.Observations, Columns: f.Limits.Columns})
	problem, _ := errors.AsType[*catalogue.Problem](err)
	switch {
	case errors.Is(err, records.ErrTooMany):
		return tooManyRows(f.Limits.Observations)
	case errors.Is(err, records.ErrNone):
		return f.readDocument(part, text, shift)
	case problem != nil && problem.Code != "":
		return problem
	case err != nil:
		return badJSON([]byte(text), err, shift)
	}
	f.understanding.say("JSON，由行组成的列表", "JSON, a list of rows")
	f.keyed, f.expected = false, g.Len()
	t, failed, err := f.recognize(g)
	if err != nil {
		return err
	}
	if failed != nil {
		return failed.Problem
	}
	t.outside = g.Outside
	return t.read()
}

// readDocument reads a submission's document. Shift is what its offsets lie behind those of
// the file's text.
func (f *file) readDocument(document, text string, shift int) error {
	elements, members := jsontext.CountElements(document)
	if elements > f.Limits.Observations {
		return tooManyRows(f.Limits.Observations)
	}
	if members > f.Limits.Columns {
		return records.TooManyFields(f.Limits.Columns)
	}
	s, err := event.DecodeUpload(document)
	if err != nil {
		return badJSON([]byte(text), err, shift)
	}
	for _, field := range []struct {
		name    string
		own     *string
		outside string
	}{{"area", &s.Area, f.Area}, {"dataset", &s.Dataset, f.Dataset}} {
		switch {
		case *field.own == "":
			*field.own = field.outside
		case field.outside != "" && field.outside != *field.own:
			return newProblem(DefaultsDiffer, *field.own,
				fmt.Sprintf("JSON 中的 %s 是 %q，请求参数中是 %q，请改为一致", field.name, *field.own, field.outside),
				fmt.Sprintf("%s is %q in the JSON and %q in the request's parameters; make them agree", field.name, *field.own, field.outside))
		}
	}
	f.Area, f.Dataset = s.Area, s.Dataset
	f.Reason, f.File = cmp.Or(s.Reason, f.Reason), cmp.Or(s.File, f.File)
	f.sheet, f.columns, f.expected = s.Sheet, s.Columns, len(s.Observations)
	f.key, f.again = s.Key, s.Again
	for i := range s.Observations {
		o := &s.Observations[i]
		if err := f.takeResolved(o, s.Area, s.Dataset); err != nil {
			return err
		}
	}
	return nil
}

// takeResolved hands an observation over with the id of its indicator and the code of its
// period in place of names.
func (f *file) takeResolved(o *event.Observation, area, dataset string) error {
	if o.Malformed == "" {
		if ind, unit, ok := f.Catalogue.FindIndicator(strings.TrimSpace(o.Indicator)); ok {
			if o.Indicator = ind.ID; o.Unit == "" {
				o.Unit = unit
			}
		}
		o.Period = f.periods.get(o.Period, f.resolvePeriod)
		if o.Listing != nil {
			if a, ok := f.Catalogue.FindArea(o.RegisteredArea); ok {
				o.RegisteredArea = a.Code
			}
		}
	}
	return f.take(*o, area, dataset)
}

// resolvePeriod returns the code of a period, the request's where the text is empty, or the text where it has none.
func (f *file) resolvePeriod(text string) string {
	if p, err := catalogue.ReadPeriod(text, int(f.period.Year)); err == nil {
		return p.String()
	}
	if strings.TrimSpace(text) == "" && f.period.Kind != 0 {
		return f.period.String()
	}
	return text
}

// readLines reads one observation in each line.
func (f *file) readLines(text string) error {
	f.expected = strings.Count(text, "\n") + 1
	for number := 1; text != ""; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if line = grid.Trim(line); line == "" {
			continue
		}
		if err := f.readLine(line, number); err != nil {
			return err
		}
	}
	return nil
}

// readLine reads one observation.
func (f *file) readLine(line string, number int) error {
	one := event.DecodeUploadLine(line)
	o := one.Observation
	o.Row = cmp.Or(o.Row, number)
	if o.Malformed != "" {
		o.Problem, o.ProblemZH = jsontext.WithCause(o.Problem, o.ProblemZH, line)
	}
	if one.Area != "" {
		if a, ok := f.Catalogue.FindArea(one.Area); ok {
			one.Area = a.Code
		}
	}
	return f.takeResolved(&o, one.Area, one.Dataset)
}

// isObservation reports whether a JSON object is an observation of the contract, though perhaps one
// with a value that is no JSON.
func isObservation(object string) bool {
	if len(object) > maxObservation || jsontext.HasMember(object, "observations") {
		return false
	}
	one := event.DecodeUploadLine(object)
	if one.Observation.Malformed == "" {
		return one.Observation.Indicator != "" || one.Observation.Listing != nil
	}
	return !jsontext.Valid(object) && (strings.Contains(object, `"indicator"`) || strings.Contains(object, `"entity"`))
}

// maxObservation is how many bytes an object may have to be an observation.
const maxObservation = 64 << 10

func badJSON(text []byte, err error, shift int) error {
	where := ""
	zh, en := event.ExplainJSON(err)
	if offset, ok := event.Offset(err); ok {
		offset += int64(shift)
		where = jsontext.Position(text, offset+1)
		if at := min(max(offset, 0), int64(len(text))); at < int64(len(text)) {
			if causeZH, causeEN := jsontext.Cause(string(text[at:min(at+40, int64(len(text)))])); causeZH != "" {
				zh, en = zh+"："+causeZH, en+": "+causeEN
			}
		}
	}
	return newProblem(BadJSON, event.Excerpt(string(text), 40),
		fmt.Sprintf("无法读取 JSON%s：%s。格式应为 {\"area\":…,\"dataset\":…,\"observations\":[…]}", where, zh),
		fmt.Sprintf("the JSON cannot be read%s: %s; want {\"area\":…,\"dataset\":…,\"observations\":[…]}", where, en))
}
