package decode

import (
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/event"
)

// listRow reads a row of a list.
func (t *table) listRow(r *grid.Row) error {
	o, area, dataset := t.common(r)
	for i := range t.Columns {
		if fault := r.Faults[i]; fault != nil && t.Columns[i].Role > header.Extra {
			return t.malformed(r, fault)
		}
	}
	if i := t.At[header.EntityField]; r.Merged[i] {
		return t.malformed(r, mergedValue(i, r.Number))
	}
	o.Period = t.periodOf(r).code
	if name := r.Cell(t.At[header.IndicatorField]); name != "" {
		o.Indicator = t.indicator(name).id
	}
	o.Listing = &event.Listing{
		Entity: r.Cell(t.At[header.EntityField]), EntityName: r.Cell(t.At[header.EntityNameField]),
		ValidFrom: r.Cell(t.At[header.ValidFromField]), ValidTo: r.Cell(t.At[header.ValidToField]),
	}
	if text := r.Cell(t.At[header.ValidityField]); text != "" {
		if problem := readValidity(o.Listing, text); problem != nil {
			return t.malformed(r, problem)
		}
	}
	if text := r.Cell(t.At[header.RegisteredField]); text != "" {
		o.Listing.RegisteredArea = t.area(text)
	}
	if at := t.At[header.ActionField]; at >= 0 {
		action, problem := actionOf(r.Cell(at))
		if problem != nil {
			return t.malformed(r, problem)
		}
		o.Action = action
	}
	t.stageOutside(&o)
	if said := *o.Listing; said == (event.Listing{}) && o.Action == "" {
		t.unspoken++ // a row of a form that nobody has filled in
		return nil
	}
	t.count(r.Number)
	return t.take(o, area, dataset)
}
