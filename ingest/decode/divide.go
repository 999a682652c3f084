package decode

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Divided is a submission that is larger than a message, in parts. Rows of one year are in one
// part or in consecutive ones, the years in their order: what rules compare within a year is
// judged together, and what they compare with the year before has been judged by then. No figure
// is in two parts.
type Divided struct {
	// Head is the submission without its observations.
	Head  event.Submission
	Parts []event.Rows
}

// maxPart is the most bytes of a part, but for one more row. It is well below what a message
// usually may have, because held rows are stored with words.
const maxPart = 1 << 20

// division is a submission while it is divided. It has the rows as JSON, which takes a third of
// the memory of observations.
type division struct {
	years map[int]*year
	last  *year
	most  int // bytes of a part
	// rows are the numbers of the rows by a hash of the figure that they report.
	rows  map[uint64]int32
	seed  maphash.Seed
	text  []byte
	count int
}

// year has the rows of one year: full parts, and one with room.
type year struct {
	full []event.Rows
	open event.Rows
}

// divide divides a submission from here on.
func (f *file) divide(index int) error {
	s := &f.submissions[index]
	d := &division{years: map[int]*year{}, most: min(maxPart, f.Limits.Message), rows: make(map[uint64]int32, f.expected), seed: maphash.MakeSeed()}
	if f.divisions == nil {
		f.divisions = map[int]*division{}
	}
	f.divisions[index] = d
	for i := range s.Observations {
		if err := d.add(&s.Observations[i]); err != nil {
			return err
		}
	}
	s.Observations = nil
	return nil
}

// sizeOf returns how many bytes an observation has as JSON, about.
func sizeOf(o *event.Observation) int {
	size := 60 + len(o.Indicator) + len(o.Period) + len(o.Value) + len(o.Cell)
	if optional := len(o.Unit) + len(o.Stage) + len(o.Status) + len(o.Qualifier) + len(o.Note) + len(o.Action) + len(o.Base) + len(o.Change); optional > 0 {
		size += 40 + optional
	}
	if o.Listing != nil {
		size += 80 + len(o.Entity) + len(o.EntityName) + len(o.ValidFrom) + len(o.ValidTo) + len(o.RegisteredArea)
	}
	if o.Malformed != "" {
		size += 60 + len(o.Malformed) + len(o.Problem) + len(o.ProblemZH)
	}
	return size
}

// add adds a row. A row that cannot be read goes with the row before it. A second row on the
// same figure is an error: nobody could say of it, where it is in another part, which of the two
// is meant.
func (d *division) add(o *event.Observation) error {
	if d.count++; o.Row == 0 { // its place, which is another one in a part
		o.Row = d.count
	}
	if o.Malformed == "" || d.last == nil {
		at := 0
		if len(o.Period) >= 4 {
			if n, err := strconv.Atoi(o.Period[:4]); err == nil {
				at = n
			}
		}
		if d.last = d.years[at]; d.last == nil {
			d.last = &year{}
			d.years[at] = d.last
		}
	}
	if o.Malformed == "" && (o.Listing != nil || o.Status+o.Action != "" || !catalogue.Silent(string(o.Value))) {
		if first, repeated := d.note(o); repeated {
			return repeatedFigure(first, o)
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode row %d: %w", o.Row, err)
	}
	open := &d.last.open
	if open.Count > 0 {
		open.JSON = append(open.JSON, ',')
	}
	open.JSON, open.Count = append(open.JSON, text...), open.Count+1
	if len(open.JSON) >= d.most {
		d.last.full = append(d.last.full, *open)
		*open = event.Rows{}
	}
	return nil
}

// note notes which figure or entity a row is about, and returns the row that was there before.
func (d *division) note(o *event.Observation) (first int, repeated bool) {
	d.text = append(append(append(d.text[:0], o.Indicator...), 0), o.Period...)
	if o.Listing != nil {
		d.text = append(append(d.text, 0), o.Entity...)
	}
	hash := maphash.Bytes(d.seed, d.text)
	before, repeated := d.rows[hash]
	if !repeated {
		d.rows[hash] = int32(o.Row)
	}
	return int(before), repeated
}

func repeatedFigure(first int, o *event.Observation) error {
	what := o.Indicator + " " + o.Period
	if o.Listing != nil {
		what += " " + o.Entity
	}
	what = event.Excerpt(what, maxSeen)
	return newProblem(FigureRepeated, what,
		fmt.Sprintf("第 %d 行和第 %d 行报的是同一项（%s）；这样大的文件分批处理，同一项只能出现一次，请删去其中一行", first, o.Row, what),
		fmt.Sprintf("rows %d and %d report the same (%s); a file of this size is judged in parts, and nothing may occur in it twice: delete one of the rows", first, o.Row, what))
}

// parts returns the rows year by year, small years together.
func (d *division) parts() []event.Rows {
	var all []event.Rows
	var open event.Rows
	closeOpen := func() {
		if open.Count > 0 {
			all = append(all, open)
		}
		open = event.Rows{}
	}
	for _, at := range slices.Sorted(maps.Keys(d.years)) {
		of := d.years[at]
		for _, rows := range append(of.full, of.open) {
			if rows.Count == 0 {
				continue
			}
			if len(open.JSON)+len(rows.JSON) > d.most {
				closeOpen()
			}
			if open.Count == 0 {
				open = rows
				continue
			}
			open.JSON = append(append(open.JSON, ','), rows.JSON...)
			open.Count += rows.Count
		}
		delete(d.years, at)
	}
	closeOpen()
	return all
}
