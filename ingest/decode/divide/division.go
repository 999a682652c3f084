package divide

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

// maxPart is the most bytes of a part, but for one more row. It is well below what a message
// usually may have, because held rows are stored with words.
const maxPart = 1 << 20

// Division is a submission while it is divided. It has the rows as JSON, which takes a third of
// the memory of observations.
type Division struct {
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

// New returns a division without rows, of parts that have at most so many bytes, for about as many
// rows as are expected.
func New(most, expected int) *Division {
	return &Division{years: map[int]*year{}, most: min(maxPart, most), rows: make(map[uint64]int32, expected), seed: maphash.MakeSeed()}
}

// FigureRepeated is the code of the problem of a file in which two rows report the same.
const FigureRepeated = "FIGURE_REPEATED"

// maxSeen is how many bytes of a row a message repeats.
const maxSeen = 100

// Size returns how many bytes an observation has as JSON, about.
func Size(o *event.Observation) int {
	size := 60 + len(o.Indicator) + len(o.Period) + len(o.Value) + len(o.Cell)
	if optional := len(o.Unit) + len(o.Stage) + len(o.Status) + len(o.Qualifier) + len(o.Note) + len(o.Action) + len(o.Base) + len(o.Change); optional > 0 {
		size += 40 + optional
	}
	if o.Listing != nil {
		size += 80 + len(o.Entity) + len(o.EntityName) + len(o.ValidFrom) + len(o.ValidTo) + len(o.RegisteredArea)
	}
	if o.Malformed != "" {
		size += 60 + len(o.Malformed) + len(o.Problem) + len(o.ProblemZH) + len(o.Foreign)
	}
	return size
}

// Add adds a row. A row that cannot be read goes with the row before it. A second row on the
// same figure is an error: nobody could say of it, where it is in another part, which of the two
// is meant.
func (d *Division) Add(o *event.Observation) error {
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
func (d *Division) note(o *event.Observation) (first int, repeated bool) {
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
	return &catalogue.Problem{Code: FigureRepeated, Seen: what,
		ZH: fmt.Sprintf("第 %d 行和第 %d 行报的是同一项（%s）；这样大的文件分批处理，同一项只能出现一次，请删去其中一行", first, o.Row, what),
		EN: fmt.Sprintf("rows %d and %d report the same (%s); a file of this size is judged in parts, and nothing may occur in it twice: delete one of the rows", first, o.Row, what)}
}

// Parts returns the rows year by year, small years together.
func (d *Division) Parts() []event.Rows {
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
