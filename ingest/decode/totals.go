package decode

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// sums holds the totals of the city that a table of its areas has against the sums of the areas'
// figures. Totals are computed and never taken, so a difference is told and no more.
type sums struct {
	catalogue *catalogue.Catalogue // nil where nothing is compared
	cells     map[summed]*parts
	figures   int
}

// summed is what is added up over areas.
type summed struct{ indicator, period string }

// parts are the figures of one sum and the totals that the table has of it.
type parts struct {
	areas  map[string]catalogue.Value
	unsure bool // a part is qualified, cannot be read, or stands there twice
	totals []writtenTotal
}

// writtenTotal is a total and its place.
type writtenTotal struct {
	value       catalogue.Value
	label       string
	row, column int
}

// maxSummed bounds the figures that are kept to compare totals with. In a larger table nothing is
// compared.
const maxSummed = 100_000

// of returns the sum that a figure belongs to, and the figure; nil where it is none of an indicator
// that is summed.
func (s *sums) of(o *event.Observation) (*parts, catalogue.Figure, error) {
	if s.catalogue == nil || catalogue.Silent(string(o.Value)) {
		return nil, catalogue.Figure{}, nil
	}
	ind, ok := s.catalogue.Indicator(o.Indicator)
	if !ok || ind.Total != catalogue.SumRule {
		return nil, catalogue.Figure{}, nil
	}
	if s.figures++; s.figures > maxSummed {
		*s = sums{}
		return nil, catalogue.Figure{}, nil
	}
	key := summed{ind.ID, o.Period}
	p := s.cells[key]
	if p == nil {
		p = &parts{areas: map[string]catalogue.Value{}}
		s.cells[key] = p
	}
	figure, err := ind.ReadFigure(string(o.Value), o.Unit, o.Qualifier)
	return p, figure, err
}

// part notes the figure of an area.
func (s *sums) part(area string, o *event.Observation) {
	p, figure, err := s.of(o)
	if p == nil {
		return
	}
	_, twice := p.areas[area]
	if err != nil || twice || figure.Missing || figure.Qualifier != 0 || o.Status != "" && o.Status != "A" || o.Action != "" {
		p.unsure = true
		return
	}
	p.areas[area] = figure.Value
}

// total notes a total of the city.
func (s *sums) total(o *event.Observation, label string, column int) {
	p, figure, err := s.of(o)
	if p != nil && err == nil && !figure.Missing && figure.Qualifier == 0 {
		p.totals = append(p.totals, writtenTotal{figure.Value, label, o.Row, column})
	}
}

// cityRow notes the totals in a row of the whole city.
func (t *table) cityRow(r *grid.Row) {
	label := r.Cell(t.At[header.AreaField])
	if t.sums.catalogue == nil || label == "" {
		return
	}
	if key := catalogue.NormalizeName(label); !wording.CityTotal(key) {
		known := t.known()
		if area, ok := t.Catalogue.FindArea(key); !ok || !known.CityFor(area) {
			return
		}
	}
	t.units.aside = true
	defer func() { t.units.aside = false }()
	if t.Orientation == header.Long {
		if o, _, _, problem := t.longFigure(r); problem == nil {
			t.sums.total(&o, label, t.At[header.ValueField])
		}
		return
	}
	w := t.wide(r)
	for _, i := range t.FigureColumns() {
		if o, _, _ := w.figure(i); r.Faults[i] == nil && !r.Merged[i] {
			t.sums.total(&o, label, i)
		}
	}
}

// cityColumns notes the totals of a row in columns of the whole city beside those of its areas.
func (t *table) cityColumns(r *grid.Row, w *wideFigures) {
	if t.Orientation != header.AcrossAreas || t.sums.catalogue == nil {
		return
	}
	t.units.aside = true
	defer func() { t.units.aside = false }()
	for i := range t.Columns {
		if t.Columns[i].City && r.Faults[i] == nil && !r.Merged[i] {
			o, _, _ := w.figure(i)
			t.sums.total(&o, t.Columns[i].Name, i)
		}
	}
}

// compareTotals notes each total that is not the sum of its parts, where the table has all of them.
func (t *table) compareTotals() {
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(t.sums.cells)), func(key summed) bool { return len(t.sums.cells[key].totals) == 0 })
	slices.SortFunc(keys, func(a, b summed) int {
		x, y := t.sums.cells[a].totals[0], t.sums.cells[b].totals[0]
		return cmp.Or(cmp.Compare(x.row, y.row), cmp.Compare(x.column, y.column))
	})
	for _, key := range keys {
		p := t.sums.cells[key]
		period, err := catalogue.ParsePeriod(key.period)
		if p.unsure || err != nil {
			continue
		}
		ind, _ := t.Catalogue.Indicator(key.indicator)
		sum, places, members := decimal.Zero, uint8(0), t.Catalogue.Expected(period)
		for _, area := range members {
			value, ok := p.areas[area]
			if !ok {
				members = nil
				break
			}
			sum, places = sum.Add(value.Decimal()), max(places, value.Scale)
		}
		for _, total := range p.totals {
			if len(members) > 0 {
				t.compareTotal(ind, period, total, sum, max(places, total.value.Scale), len(members))
			}
		}
	}
}

// compareTotal notes a total that differs from the sum of n parts by more than rounding each to as
// many places explains.
func (t *table) compareTotal(ind *catalogue.Indicator, period catalogue.Period, total writtenTotal, sum decimal.Decimal, places uint8, n int) {
	apart := total.value.Decimal().Sub(sum).Abs()
	rounding := decimal.New(int64(n+1)*5, -int32(places)-1)
	if ind.Unit().Whole() {
		rounding = decimal.Zero
	}
	if !apart.GreaterThan(rounding) {
		return
	}
	unit := ind.Unit()
	written, added, apartText := unit.After(total.value.String()), unit.After(sum.String()), unit.After(apart.String())
	nameZH, nameEN := ind.Names()
	periodZH, periodEN := period.Names()
	label := event.Excerpt(total.label, 40)
	where := ""
	if !t.keyed {
		where = grid.ColumnName(total.column)
	}
	t.understanding.note("TOTAL_DIFFERS", total.row, where, written,
		fmt.Sprintf("第 %d 行 %q：%s%s写的是 %s，表中 %d 个地区相加是 %s，相差 %s；全市数由系统按各地区计算，请核对", total.row, label, periodZH, nameZH, written, n, added, apartText),
		fmt.Sprintf("row %d, %q: it says %s for %s of %s, and the %d areas of the table add up to %s, %s apart; the city's total is computed from its areas, so check which is right",
			total.row, label, written, nameEN, periodEN, n, added, apartText))
}
