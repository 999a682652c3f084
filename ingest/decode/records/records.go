package records

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/charset"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	text "github.com/citytally/citytally/ingest/decode/jsontext"
	"github.com/citytally/citytally/ingest/event"
)

// Limits bound what a text may cost.
type Limits struct {
	// Records is the most objects, Columns the most different fields of them.
	Records, Columns int
}

// ErrNone is the error of a text without a list of objects.
var ErrNone = errors.New("no list of objects")

// ErrTooMany is the error of a text with more objects than [Limits.Records].
var ErrTooMany = errors.New("too many objects")

// Records hands out the objects of a text as the rows of a table. Row 0 is the header.
type Records struct {
	text    string
	known   header.Known
	list    *list
	next    int // the record to hand out; -1 is the header
	columns map[string]int
	outside map[string]constant
	cells   []string
	fields  fields
	// scope and around are those of the last record: most stand in the same object.
	scope  *span
	around []field
	// PassedOver are fields outside of the list that do not count.
	PassedOver []string
	// Outside are the fields outside of the list that may state units: 金额单位：万元.
	Outside []string
}

// constant is what a field says that is written once, outside of the list, and the column that it
// fills.
type constant struct {
	role   header.Role
	column int
}

// Open finds the only list of objects in a document. A document that is one object and holds no
// list is a list of that object.
func Open(text string, known header.Known, limits Limits) (*Records, error) {
	lists, err := scan(text, limits)
	switch {
	case err != nil:
		return nil, err
	case len(lists) > 1:
		return nil, severalLists(lists)
	case len(lists) == 1:
		return newRecords(text, known, lists[0], limits)
	case strings.HasPrefix(text, "{"):
		fields, err := fieldsOf(text)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(fields, saysAFigure) {
			return nil, ErrNone
		}
		l := &list{known: map[string]bool{}}
		l.add(record{span: span{end: len(text)}}, namesOf(fields))
		return newRecords(text, known, l, limits)
	}
	return nil, ErrNone
}

// saysAFigure reports whether a field is one that only a figure has, or one of a list's entities.
// An object that says nothing but its area and dataset is a submission without figures.
func saysAFigure(f field) bool {
	role, _ := header.Field(f.name, false)
	return role != header.AreaField && role != header.DatasetField
}

// OpenLines reads an object in each line.
func OpenLines(text string, known header.Known, limits Limits) (*Records, error) {
	l, err := scanLines(text, limits)
	if err != nil {
		return nil, err
	}
	return newRecords(text, known, l, limits)
}

// Path returns where in the document the list stands: "data.records". "" is the document itself.
func (g *Records) Path() string { return g.list.path }

// Len returns how many objects there are.
func (g *Records) Len() int { return len(g.list.records) }

func newRecords(text string, known header.Known, l *list, limits Limits) (*Records, error) {
	g := &Records{text: text, known: known, list: l, next: -1, columns: map[string]int{}, outside: map[string]constant{}}
	roles := map[header.Role]int{}
	for i, name := range l.names {
		g.columns[name] = i
		role, _ := header.Field(name, false)
		if _, taken := roles[role]; !taken {
			roles[role] = i
		}
	}
	return g, g.placeOutside(roles, limits)
}

// placeOutside gives the fields outside of the list that say something of each object their columns.
// Roles are the columns of what the objects say themselves.
func (g *Records) placeOutside(roles map[header.Role]int, limits Limits) error {
	has := func(role header.Role) bool { _, ok := roles[role]; return ok }
	dated := has(header.PeriodField) || has(header.YearField) && has(header.MonthField)
	seen := map[string]bool{}
	var last *span
	for i := range g.list.records {
		outer := g.list.records[i].outer
		if outer == nil || outer == last {
			continue
		}
		last = outer
		fields, err := g.fieldsAround(outer)
		if err != nil {
			return err
		}
		for _, f := range fields {
			if seen[f.name] {
				continue
			}
			if seen[f.name] = true; len(seen) > limits.Columns {
				return TooManyFields(limits.Columns)
			}
			role, counts := g.counts(f)
			if role == header.UnitField && !has(role) && g.alike(f) {
				g.Outside = append(g.Outside, "单位："+f.text)
				continue
			}
			column, within := roles[role]
			isDate := role == header.PeriodField || role == header.YearField || role == header.MonthField
			switch {
			case !counts, isDate && dated && !within:
				g.PassedOver = append(g.PassedOver, f.name)
				g.Outside = append(g.Outside, f.name+"："+f.text)
				continue
			case !within:
				column = len(g.list.names)
				roles[role] = column
				g.list.names = append(g.list.names, f.name)
			}
			g.outside[f.name] = constant{role, column}
		}
	}
	return nil
}

// alike reports whether a field says the same around every object.
func (g *Records) alike(of field) bool {
	var last *span
	for i := range g.list.records {
		outer := g.list.records[i].outer
		if outer == last && outer != nil {
			continue
		}
		last = outer
		around, err := g.fieldsAround(outer)
		at := slices.IndexFunc(around, func(f field) bool { return f.name == of.name })
		if err != nil || at < 0 || around[at].text != of.text {
			return false
		}
	}
	return true
}

// Period returns the period that is written outside of the list, of all objects; the zero Period where
// there is none, or several.
func (g *Records) Period() (one catalogue.Period) {
	var last *span
	for i := range g.list.records {
		outer := g.list.records[i].outer
		if outer == last {
			continue
		}
		last = outer
		fields, _ := g.fieldsAround(outer)
		for _, f := range fields {
			if c, ok := g.outside[f.name]; !ok || c.role != header.PeriodField && c.role != header.YearField {
				continue
			}
			p, err := catalogue.ReadPeriod(f.text, 0)
			if err != nil || one.Kind != 0 && one != p {
				return catalogue.Period{}
			}
			one = p
		}
	}
	return one
}

// counts returns what a field outside of the list says of every object, and reports false where it
// says nothing of them: {"code": 200, "status": "ok"}.
func (g *Records) counts(f field) (role header.Role, ok bool) {
	switch role, _ = header.Field(f.name, false); role {
	case header.AreaField, header.DatasetField, header.StageField, header.MonthField:
		return role, true
	case header.PeriodField, header.YearField:
		_, err := catalogue.ReadPeriod(f.text, 0)
		return role, err == nil
	case header.UnitField:
		return role, catalogue.IsUnit(catalogue.NormalizeName(f.text))
	case header.IndicatorField, header.NameField:
		_, _, ok := g.known.Catalogue.FindIndicator(f.text)
		return role, ok
	}
	return role, false
}

// Next returns the next row, the header first.
func (g *Records) Next() (grid.Row, error) {
	if g.next++; g.next == 0 {
		return grid.Row{Cells: g.list.names, Text: strings.Join(g.list.names, ", ")}, nil
	}
	if g.next > len(g.list.records) {
		return grid.Row{}, io.EOF
	}
	at := &g.list.records[g.next-1]
	row := grid.Row{Number: g.next, Text: event.Excerpt(strings.TrimSpace(g.text[at.begin:at.end]), maxText)}
	if at.line > 0 {
		row.Number = at.line
	}
	g.read(at, &row)
	return row, nil
}

// maxText is how many bytes of an object its row repeats.
const maxText = 400

// read fills the cells of a record's row.
func (g *Records) read(at *record, row *grid.Row) {
	fields, err := g.fields.of(g.text[at.begin:at.end])
	if err != nil {
		zh, en := event.ExplainJSON(err)
		en, zh = text.WithCause(en, zh, row.Text)
		row.Problem = &catalogue.Problem{EN: en, ZH: zh}
		return
	}
	g.cells = append(g.cells[:0], make([]string, len(g.list.names))...)
	row.Cells = g.cells
	for _, f := range fields {
		i := g.columns[f.name]
		if f.problem != nil {
			if row.Faults == nil {
				row.Faults = map[int]*catalogue.Problem{}
			}
			row.Faults[i] = f.problem
		}
		g.cells[i] = f.text
	}
	if at.outer == nil {
		return
	}
	if at.outer != g.scope {
		g.scope = at.outer
		g.around, _ = g.fieldsAround(at.outer) // read before, without an error
	}
	for _, f := range g.around {
		c, counts := g.outside[f.name]
		if !counts {
			continue
		}
		switch own := g.cells[c.column]; {
		case own == "":
			g.cells[c.column] = f.text
		case !g.same(c.role, own, f.text):
			row.Problem = &catalogue.Problem{
				ZH: fmt.Sprintf("字段 %q 写的是 %q，列表之外的 %q 写的是 %q；请改为一致", g.list.names[c.column], event.Excerpt(own, 40), f.name, event.Excerpt(f.text, 40)),
				EN: fmt.Sprintf("%q says %q, and %q outside of the list says %q; make them agree", g.list.names[c.column], event.Excerpt(own, 40), f.name, event.Excerpt(f.text, 40)),
			}
		}
	}
}

// same reports whether two texts say the same area, indicator or period.
func (g *Records) same(role header.Role, a, b string) bool {
	switch role {
	case header.PeriodField, header.YearField:
		x, errX := catalogue.ReadPeriod(a, 0)
		y, errY := catalogue.ReadPeriod(b, 0)
		return errX == nil && errY == nil && x == y
	case header.AreaField:
		x, okX := g.known.Catalogue.FindArea(a)
		y, okY := g.known.Catalogue.FindArea(b)
		return okX && okY && x == y || a == b
	case header.IndicatorField, header.NameField:
		x, _, okX := g.known.Catalogue.FindIndicator(a)
		y, _, okY := g.known.Catalogue.FindIndicator(b)
		return okX && okY && x == y
	}
	return catalogue.NormalizeName(a) == catalogue.NormalizeName(b)
}

// fieldsAround returns the fields of the objects around a list that have a text, those of the
// innermost one first.
func (g *Records) fieldsAround(at *span) (all []field, err error) {
	for ; at != nil; at = at.outer {
		if at.fields == nil {
			fields, err := fieldsOf(g.text[at.begin:at.end])
			if err != nil {
				return nil, err
			}
			at.fields = slices.DeleteFunc(fields, func(f field) bool { return f.text == "" || f.problem != nil })
			at.fields = append(make([]field, 0, len(at.fields)), at.fields...)
		}
		all = append(all, at.fields...)
	}
	return all, nil
}

func severalLists(lists []*list) error {
	var names []string
	for _, l := range lists[:min(len(lists), 5)] {
		names = append(names, fmt.Sprintf("%q", event.Excerpt(l.path, 60)))
	}
	zh, en := strings.Join(names, "、"), strings.Join(names, ", ")
	return &catalogue.Problem{Code: charset.Ambiguous, Seen: event.Excerpt(en, maxText),
		ZH: fmt.Sprintf("JSON 中有 %d 个对象列表（%s），不知道该报哪一个；请只保留一个", len(lists), zh),
		EN: fmt.Sprintf("the JSON holds %d lists of objects (%s) and it does not say which is meant; keep one of them", len(lists), en)}
}
