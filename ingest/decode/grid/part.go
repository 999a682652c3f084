package grid

import (
	"maps"

	"github.com/citytally/citytally/configs/catalogue"
)

// Part is the columns of a grid from one up to, but without, another one. The other columns are empty, so that each
// cell stays at its place.
type Part struct {
	Grid
	From, To int
	// Keep reports whether a cell of another column says something of all parts: a title, a footnote.
	Keep func(r *Row, i int) bool
}

// Next returns the next row of the part.
func (p *Part) Next() (Row, error) {
	r, err := p.Grid.Next()
	if err == nil {
		p.Mask(&r)
	}
	return r, err
}

// Mask empties a row's cells in other columns.
func (p *Part) Mask(r *Row) {
	outside := func(i int) bool { return i < p.From || i >= p.To }
	var empty []int
	for i := range r.Cells {
		if outside(i) && r.Cells[i] != "" && !p.Keep(r, i) {
			empty = append(empty, i)
		}
	}
	for _, i := range empty {
		r.Cells[i] = ""
	}
	maps.DeleteFunc(r.Faults, func(i int, _ *catalogue.Problem) bool { return outside(i) })
	maps.DeleteFunc(r.Merged, func(i int, _ bool) bool { return outside(i) })
	var texts []int
	for _, i := range r.Texts {
		if !outside(i) {
			texts = append(texts, i)
		}
	}
	r.Texts = texts
}
