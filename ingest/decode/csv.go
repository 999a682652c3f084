package decode

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/ingest/event"
)

// CSV reads long CSV: a header line, then one observation a row. The columns
// are indicator, period and value, and optionally unit, stage, status,
// qualifier, note, area and dataset, in any order, separated by commas, in
// UTF-8 with or without a byte order mark. Rows count as in a spreadsheet: the
// header is row 1, an empty line is a row, a quoted cell with line breaks in it
// belongs to one.
//
// With area or dataset as columns a file may hold several submissions; they are
// returned in the order of their first rows, each with its rows in order. An
// empty cell there takes the default.
//
// A row with too few or too many fields, a stray quotation mark, or text that
// is not UTF-8 becomes a malformed observation of the submission of the row
// before it (of the first submission when there is none before it).
func CSV(r io.Reader, defaults Defaults) ([]event.Submission, error) {
	records := newRecordReader(r)
	head, err := records.next()
	for err == nil && head.blank() {
		head, err = records.next()
	}
	if errors.Is(err, io.EOF) {
		return nil, newProblem(Empty, "", "文件为空，第一行应为表头："+wantedColumns, "the file is empty; its first line has to be the header "+wantedColumns)
	}
	if err != nil {
		return nil, readError(err)
	}
	columns, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	split := splitter{defaults: defaults, indexes: map[[2]string]int{}}
	for rows := 0; ; {
		record, err := records.next()
		if errors.Is(err, io.EOF) {
			return split.finish(), nil
		}
		if err != nil {
			return nil, readError(err)
		}
		if record.blank() {
			continue
		}
		if rows++; rows > MaxRows {
			return nil, tooManyRows()
		}
		split.add(columns.observation(record))
	}
}

// observation reads a record. The area and dataset are "" where the record
// names none.
func (c header) observation(r record) (o event.Observation, area, dataset string) {
	malformed := func(zh, en string) (event.Observation, string, string) {
		return event.Observation{Row: r.row, Malformed: event.Excerpt(r.text, 200), Problem: en, ProblemZH: zh}, "", ""
	}
	switch {
	case r.problem != nil:
		return malformed(r.problem.ZH, r.problem.EN)
	case !utf8.ValidString(r.text):
		return malformed("不是 UTF-8 编码，请将文件另存为“CSV UTF-8”", `not UTF-8; save the file as "CSV UTF-8"`)
	case len(r.fields) != len(c):
		return malformed(fmt.Sprintf("本行有 %d 个字段，表头有 %d 个", len(r.fields), len(c)),
			fmt.Sprintf("%d fields where the header has %d", len(r.fields), len(c)))
	}
	o.Row = r.row
	for i, name := range c {
		// A field is a part of the file's text; a copy lets go of the rest.
		cell := strings.Clone(strings.TrimSpace(r.fields[i]))
		switch name {
		case "indicator":
			o.Indicator = cell
		case "period":
			o.Period = cell
		case "value":
			o.Value = event.Text(cell)
		case "unit":
			o.Unit = cell
		case "stage":
			o.Stage = cell
		case "status":
			o.Status = cell
		case "qualifier":
			o.Qualifier = cell
		case "note":
			o.Note = cell
		case "area":
			area = cell
		case "dataset":
			dataset = cell
		}
	}
	return o, area, dataset
}

// splitter puts observations into submissions by area and dataset.
type splitter struct {
	defaults    Defaults
	submissions []event.Submission
	indexes     map[[2]string]int
	last        int
	// leading holds malformed rows that came before any other.
	leading []event.Observation
}

func (s *splitter) add(o event.Observation, area, dataset string) {
	if o.Malformed != "" {
		if len(s.submissions) == 0 {
			s.leading = append(s.leading, o)
			return
		}
		last := &s.submissions[s.last]
		last.Observations = append(last.Observations, o)
		return
	}
	if area == "" {
		area = s.defaults.Area
	}
	if dataset == "" {
		dataset = s.defaults.Dataset
	}
	to := s.submission(area, dataset)
	to.Observations = append(to.Observations, o)
}

func (s *splitter) submission(area, dataset string) *event.Submission {
	key := [2]string{area, dataset}
	at, ok := s.indexes[key]
	if !ok {
		at = len(s.submissions)
		s.indexes[key] = at
		s.submissions = append(s.submissions, event.Submission{
			Area: area, Dataset: dataset, File: s.defaults.File, Reason: s.defaults.Reason,
			Observations: s.leading,
		})
		s.leading = nil
	}
	s.last = at
	return &s.submissions[at]
}

// finish returns the submissions: at least one, though it may be empty.
func (s *splitter) finish() []event.Submission {
	if len(s.submissions) == 0 {
		s.submission(s.defaults.Area, s.defaults.Dataset)
	}
	return s.submissions
}
