package decode

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/ingest/event"
)

// CSV reads long CSV: a header line, then one observation a row. The columns are
// indicator, period and value, and optionally unit, stage, status, qualifier, note, area
// and dataset, in any order. They are separated by commas, and the text is UTF-8, with or
// without a byte order mark. Rows are counted as in a spreadsheet: the header is row 1, an
// empty line is a row, and a quoted cell with line breaks is part of one row.
//
// A file with a column area or dataset may hold several submissions. They are returned in
// the order of their first rows, each with its rows in order. An empty cell in these
// columns takes the default.
//
// A row with too few or too many fields, with a stray quotation mark, or with text that is
// not UTF-8 becomes a malformed observation. It belongs to the submission of the row before
// it, or to the first submission when it comes first.
func CSV(r io.Reader, defaults Defaults) ([]event.Submission, error) {
	records := newRecordReader(r)
	first, err := records.next()
	for err == nil && first.blank() {
		first, err = records.next()
	}
	if errors.Is(err, io.EOF) {
		return nil, newProblem(Empty, "", "文件为空，第一行应为表头："+wantedColumns, "the file is empty; its first line has to be the header "+wantedColumns)
	}
	if err != nil {
		return nil, readError(err)
	}
	header, err := parseHeader(first)
	if err != nil {
		return nil, err
	}
	split := splitter{defaults: defaults, indexes: map[[2]string]int{}}
	var current row
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
		header.read(record, &current)
		split.add(&current)
	}
}

// row is an observation, with the area and dataset of its record; these are "" where the
// record names none.
type row struct {
	event.Observation
	area, dataset string
}

// read reads a record into a row, or makes a malformed observation of it.
func (h header) read(r record, into *row) {
	*into = row{Observation: event.Observation{Row: r.row}}
	malformed := func(zh, en string) {
		into.Malformed, into.Problem, into.ProblemZH = event.Excerpt(r.text, 200), en, zh
	}
	switch {
	case r.problem != nil:
		malformed(r.problem.ZH, r.problem.EN)
		return
	case !utf8.ValidString(r.text):
		malformed("不是 UTF-8 编码，请将文件另存为“CSV UTF-8”", `not UTF-8; save the file as "CSV UTF-8"`)
		return
	case len(r.fields) != len(h):
		malformed(fmt.Sprintf("本行有 %d 个字段，表头有 %d 个", len(r.fields), len(h)),
			fmt.Sprintf("%d fields where the header has %d", len(r.fields), len(h)))
		return
	}
	for i, column := range h {
		// The field is a part of the file's text; a copy does not keep the text in memory.
		column.set(into, strings.Clone(strings.TrimSpace(r.fields[i])))
	}
}

// splitter puts observations into submissions by area and dataset.
type splitter struct {
	defaults    Defaults
	submissions []event.Submission
	indexes     map[[2]string]int
	last        int
	// leading holds the malformed rows that come before the first good one.
	leading []event.Observation
}

func (s *splitter) add(r *row) {
	if r.Malformed != "" {
		if len(s.submissions) == 0 {
			s.leading = append(s.leading, r.Observation)
			return
		}
		last := &s.submissions[s.last]
		last.Observations = append(last.Observations, r.Observation)
		return
	}
	to := s.submission(cmp.Or(r.area, s.defaults.Area), cmp.Or(r.dataset, s.defaults.Dataset))
	to.Observations = append(to.Observations, r.Observation)
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

// finish returns the submissions, at least one, which has no observations where the file
// has no rows.
func (s *splitter) finish() []event.Submission {
	if len(s.submissions) == 0 {
		s.submission(s.defaults.Area, s.defaults.Dataset)
	}
	return s.submissions
}
