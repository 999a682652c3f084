package published

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Control is what was published for one indicator in a period.
type Control struct {
	Indicator *catalogue.Indicator
	// Value is the published level; nil where none was published.
	Value     *Number
	Qualifier catalogue.Qualifier
	Stage     catalogue.Stage
	// Change is the published change on the year before, in percent or percentage points
	// as the catalogue says; nil where none was published.
	Change *Number
}

// The columns of a control file that are read; others are notes for people.
var controlColumns = []string{"id", "value", "qualifier", "stage", "change", "change_kind", "unit"}

// ReadControl reads published figures from CSV. The header names the columns id and
// value, and optionally qualifier, stage, change, change_kind and unit. A row without a
// value says that none was published. The error lists every mistake with its line;
// source is the name of the file in it.
func ReadControl(source string, r io.Reader, c *catalogue.Catalogue) ([]Control, error) {
	reader := csv.NewReader(r)
	header, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: read header: %w", source, err)
	}
	at := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if _, twice := at[name]; twice && slices.Contains(controlColumns, name) {
			return nil, fmt.Errorf("%s:1: column %s occurs twice", source, name)
		}
		at[name] = i
	}
	for _, name := range controlColumns[:2] {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("%s:1: no column %s; want %s", source, name, strings.Join(controlColumns, ","))
		}
	}
	var controls []Control
	var errs []error
	seen := map[string]int{}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", source, err))
			break
		}
		line, _ := reader.FieldPos(0)
		row := controlRow{catalogue: c, cell: func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(record[i])
			}
			return ""
		}}
		control := row.read()
		if id := row.cell("id"); seen[id] > 0 {
			row.report("id: %q is in line %d already", id, seen[id])
		} else {
			seen[id] = line
		}
		for _, e := range row.errs {
			errs = append(errs, fmt.Errorf("%s:%d: %w", source, line, e))
		}
		controls = append(controls, control)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return controls, nil
}

type controlRow struct {
	catalogue *catalogue.Catalogue
	cell      func(name string) string
	errs      []error
}

func (r *controlRow) report(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

func (r *controlRow) read() Control {
	var control Control
	var ok bool
	if control.Indicator, ok = r.catalogue.Indicator(r.cell("id")); !ok {
		r.report("id: %q is no indicator of the catalogue", r.cell("id"))
	}
	control.Value, control.Change = r.number("value"), r.number("change")
	var err error
	if control.Qualifier, err = catalogue.ParseQualifier(r.cell("qualifier")); err != nil {
		r.report("qualifier: %w", err)
	}
	if control.Stage, err = catalogue.ParseStage(r.cell("stage")); err != nil {
		r.report("stage: %w", err)
	}
	if !ok {
		return control
	}
	if kind := r.cell("change_kind"); kind != "" && kind != string(control.Indicator.Change) {
		r.report("change_kind: the catalogue expresses changes of %s as %s, got %q", control.Indicator.ID, control.Indicator.Change, kind)
	}
	if unit := r.cell("unit"); unit != "" && unit != control.Indicator.UnitName {
		r.report("unit: the catalogue has %s in %s, got %q; convert the figure", control.Indicator.ID, control.Indicator.UnitName, unit)
	}
	return control
}

func (r *controlRow) number(column string) *Number {
	text := r.cell(column)
	if text == "" {
		return nil
	}
	n, err := ParseNumber(text)
	if err != nil {
		r.report("%s: %w", column, err)
		return nil
	}
	return &n
}
