package decode

import (
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
)

// beside are the columns of tables that stand beside each other, each with a header of its own in one row.
type beside struct {
	row   int // the header's number
	parts []besidePart
}

type besidePart struct{ from, to int }

const (
	// maxBeside is how many tables may stand beside each other.
	maxBeside = 8
	// maxBesideTried is in how many rows their headers are looked for.
	maxBesideTried = 4
)

// findBeside finds tables beside each other in a grid that has no header as a whole: in a row the first name comes again,
// and the cells from each one on are a header by themselves. It returns nil where they are none.
func (t *table) findBeside() *beside {
	tried := 0
	for i := range t.sample[:min(len(t.sample), header.MaxTitleRows)] {
		r := &t.sample[i]
		var starts []int
		key := ""
		for c := range r.Cells {
			if cell := header.Key(r.Cell(c)); cell != "" && (key == "" || cell == key) {
				key = cell
				starts = append(starts, c)
			}
		}
		if len(starts) < 2 || len(starts) > maxBeside || r.Problem != nil {
			continue
		}
		if tried++; tried > maxBesideTried {
			break
		}
		found := &beside{row: r.Number}
		for n, from := range starts {
			to := t.Limits.Columns
			if n+1 < len(starts) {
				to = starts[n+1]
			}
			found.parts = append(found.parts, besidePart{from, to})
		}
		if !slices.ContainsFunc(found.parts, func(p besidePart) bool { return !t.isTable(found, p) }) {
			return found
		}
	}
	return nil
}

// isTable reports whether the columns of a part are a table by themselves, with its header in the row.
func (t *table) isTable(of *beside, p besidePart) bool {
	mask := of.part(nil, p)
	sample := make([]grid.Row, len(t.sample))
	for i := range t.sample {
		r := t.sample[i]
		r.Cells, r.Faults, r.Merged = slices.Clone(r.Cells), maps.Clone(r.Faults), maps.Clone(r.Merged)
		mask.Mask(&r)
		sample[i] = r
	}
	known := t.known()
	known.HeaderRow = of.row
	layout, failed := header.Find(sample, known)
	return failed == nil && layout.Row == of.row && !layout.IsList() && (layout.Orientation != header.Long || layout.At[header.IndicatorField] >= 0)
}

// part returns the columns of a part of a grid. Titles above, but for the period of another part, and footnotes that
// speak of units, stages or sums are of all parts.
func (of *beside) part(g grid.Grid, p besidePart) *grid.Part {
	return &grid.Part{Grid: g, From: p.from, To: p.to, Keep: func(r *grid.Row, i int) bool {
		text := r.Cell(i)
		if r.Number < of.row {
			_, err := catalogue.ReadPeriod(text, 2000)
			return err != nil
		}
		if n, _ := r.Filled(); n > 1 || len(text) > maxStatement {
			return false
		}
		units := wording.FindUnits(text)
		stages, _ := wording.FindStages(text)
		return !units.Empty() || len(stages) > 0 || wording.ToDateBelow(text) || len(header.PeriodsSaid(text)) > 0
	}}
}

// readBeside reads the tables one after another. Open begins the grid anew.
func (f *file) readBeside(of *beside, open func() (grid.Grid, func() error, error)) error {
	f.understanding.sayf("左右并排的 %d 张表", "%d tables beside each other", len(of.parts))
	f.headerRow = of.row
	for _, p := range of.parts {
		g, done, err := open()
		if err != nil {
			return err
		}
		t, failed, err := f.recognize(of.part(g, p))
		switch {
		case err != nil:
		case failed != nil:
			err = failed.Problem
		default:
			f.understanding.sayf("自 %s 列起", "from column %s on", grid.ColumnName(p.from))
			err = t.read()
		}
		if closed := done(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return nil
}
