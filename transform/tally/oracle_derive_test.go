package tally

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// The periods of a year as codes without the year, with the month that each begins
// after and the month that it ends with; those of the same months in the order in which
// they are preferred.
const oraclePeriods = ` 0-12 -S1 0-6 -S2 6-12 -Q1 0-3 -Q2 3-6 -Q3 6-9 -Q4 9-12
	-01 0-1 -02 1-2 -03 2-3 -04 3-4 -05 4-5 -06 5-6 -07 6-7 -08 7-8 -09 8-9 -10 9-10 -11 10-11 -12 11-12
	-YTD01 0-1 -YTD02 0-2 -YTD03 0-3 -YTD04 0-4 -YTD05 0-5 -YTD06 0-6
	-YTD07 0-7 -YTD08 0-8 -YTD09 0-9 -YTD10 0-10 -YTD11 0-11 -YTD12 0-12`

type oracleSpan struct {
	code     string
	from, to int
}

var oracleYear = func() (spans []oracleSpan) {
	words := strings.Fields("Y" + oraclePeriods)
	for i := 0; i < len(words); i += 2 {
		span := oracleSpan{code: strings.TrimPrefix(words[i], "Y")}
		if strings.HasPrefix(words[i], "-Y") {
			span.code = words[i]
		}
		if _, err := fmt.Sscanf(words[i+1], "%d-%d", &span.from, &span.to); err != nil {
			panic(err)
		}
		spans = append(spans, span)
	}
	return spans
}()

func oracleMonths(code string) (from, to int) {
	for _, span := range oracleYear {
		if span.code == code {
			return span.from, span.to
		}
	}
	panic(code)
}

// reading returns a stock at the period's end: the best of all that the area reported
// for that instant.
func (o *oracle) reading(ind *catalogue.Indicator, period catalogue.Period, area string) (f oracleFigure) {
	_, at := oracleMonths(period.String()[4:])
	var best *oracleRow
	for _, span := range oracleYear {
		row := o.best(ind.ID, fixture.Period(fmt.Sprint(period.Year)+span.code))[area]
		if row == nil || span.to != at {
			continue
		}
		f.reported = true
		if row.value != nil && (best == nil || row.stage > best.stage || row.stage == best.stage && row.sequence > best.sequence ||
			row.stage == best.stage && row.sequence == best.sequence && row.period == period) {
			best = row
		}
	}
	if best == nil {
		return f
	}
	f = best.figure()
	f.derived = best.period != period
	return f
}

// oracleDerivation finds the ways in which a flow of one period follows from rows of
// the year that have at least the lowest stage. Where statements is true, rows that say
// that there is no figure count like others.
type oracleDerivation struct {
	*oracle
	indicator  string
	year       int16
	period     string
	lowest     catalogue.Stage
	statements bool
	found      map[string][]oraclePart
}

type oracleWay struct {
	plus, minus []oraclePart
}

type oraclePart struct {
	*oracleRow
	oracleSpan
}

// figure returns the figure that follows in the way.
func (w *oracleWay) figure() oracleFigure {
	f := oracleFigure{value: oracleExactly(0), reported: true, stage: catalogue.Final, derived: true}
	for _, p := range w.plus {
		f.value = f.value.plus(p.value)
		f.from = append(f.from, p.text())
	}
	for _, p := range w.minus {
		f.value = f.value.minus(p.value)
		f.from = append(f.from, "less "+p.text())
	}
	f.negative = len(w.minus) > 0 && f.value.value.Sign() < 0
	for _, p := range slices.Concat(w.plus, w.minus) {
		f.stage, f.imputed = min(f.stage, p.stage), f.imputed || p.imputed
	}
	return f
}

func (w *oracleWay) latest() (latest uint64) {
	for _, p := range append(slices.Clone(w.plus), w.minus...) {
		latest = max(latest, p.sequence)
	}
	return latest
}

// bestOf returns the best of several lists of ways: the one of the fewest parts, then
// the latest, then the one that comes first.
func (d *oracleDerivation) bestOf(lists ...[]oracleWay) *oracleWay {
	var best *oracleWay
	for _, way := range slices.Concat(lists...) {
		if best == nil || cmp.Or(cmp.Compare(len(way.plus)+len(way.minus), len(best.plus)+len(best.minus)), cmp.Compare(best.latest(), way.latest())) < 0 {
			best = &way
		}
	}
	return best
}

// parts returns what an area reported for spans of the year that is to be used, in the
// order of the spans.
func (d *oracleDerivation) parts(area string) (parts []oraclePart) {
	code, after := d.since(area)
	of, known := d.catalogue.Area(code)
	for _, part := range d.reported(code) {
		annual := d.period == "" && part.code == "-YTD12" || d.period == "-YTD12" && part.code == ""
		if known && !annual && part.to > after && of.ValidIn(part.period) && (d.statements || part.stage >= d.lowest && part.value != nil) {
			parts = append(parts, part)
		}
	}
	return parts
}

// reported returns what an area reported for spans of the year.
func (d *oracleDerivation) reported(area string) []oraclePart {
	parts, ok := d.found[area]
	if !ok {
		for _, span := range oracleYear {
			if row := d.best(d.indicator, fixture.Period(fmt.Sprint(d.year)+span.code))[area]; row != nil {
				parts = append(parts, oraclePart{row, span})
			}
		}
		d.found[area] = parts
	}
	return parts
}

// ways returns every tiling of the months by spans that the area reported and, up to
// the month of a merger, the areas that it was formed from.
func (d *oracleDerivation) ways(area string, from, to int) []oracleWay {
	all := d.tilings(area, from, to)
	before := d.formedFrom(area)
	for handover := to - 1; handover > from && len(before) > 0; handover-- {
		of := oracleWay{}
		complete := true
		for _, predecessor := range before {
			best := d.bestOf(d.ways(predecessor, from, handover))
			if complete = complete && best != nil; complete {
				of.plus = append(of.plus, best.plus...)
			}
		}
		for _, rest := range d.tilings(area, handover, to) {
			if complete {
				all = append(all, oracleWay{plus: slices.Concat(of.plus, rest.plus)})
			}
		}
	}
	return all
}

// tilings returns every tiling by spans that the area itself reported: those with
// longer first parts before others.
func (d *oracleDerivation) tilings(area string, from, to int) (all []oracleWay) {
	if from == to {
		return []oracleWay{{}}
	}
	for end := to; end > from; end-- {
		for _, part := range d.parts(area) {
			if part.from != from || part.to != end {
				continue
			}
			for _, rest := range d.tilings(area, end, to) {
				all = append(all, oracleWay{plus: append([]oraclePart{part}, rest.plus...)})
			}
		}
	}
	return all
}

// An area to which others were added in the year counts as several, one after the other:
// "a@6" is a from July on, and what it was formed from is "a@0" and those others.

// since splits "a@6" into a and 6.
func (d *oracleDerivation) since(area string) (code string, after int) {
	code, month, _ := strings.Cut(area, "@")
	after, _ = strconv.Atoi(month)
	return code, after
}

// until returns an area as it was before the end of a month.
func (d *oracleDerivation) until(code string, month int) string {
	for after := month - 1; after > 0; after-- {
		if area := fmt.Sprint(code, "@", after); len(d.added(area)) > 0 || d.begins(area) {
			return area
		}
	}
	return code + "@0"
}

// begins reports whether "a@6" is the first of the area.
func (d *oracleDerivation) begins(area string) bool {
	code, after := d.since(area)
	of, _ := d.catalogue.Area(code)
	return of.ValidFrom.Year() == int(d.year) && int(of.ValidFrom.Month()) == after+1
}

// added returns the areas whose land "a@6" has from the month on, with false for those
// that gave land to others too.
func (d *oracleDerivation) added(area string) map[string]bool {
	code, after := d.since(area)
	taker, _ := d.catalogue.Area(code)
	added := map[string]bool{}
	for _, giver := range d.catalogue.Areas {
		if giver.ValidTo.Year() != int(d.year) || int(giver.ValidTo.Month()) != after+1 {
			continue
		}
		takers := d.territory.takers(giver.Code, giver.ValidTo.Time)
		if giver.Kind == catalogue.InsideZone {
			takers = nil
			for _, other := range d.catalogue.Areas {
				if slices.Contains(other.Predecessors, giver.Code) {
					takers = append(takers, other.Code)
				}
			}
		}
		if slices.Contains(takers, code) {
			added[giver.Code] = len(takers) == 1 && (giver.Kind == catalogue.InsideZone) == (taker.Kind == catalogue.InsideZone)
		}
	}
	return added
}

// formedFrom returns the areas that one was formed from, where none of their land went
// to another.
func (d *oracleDerivation) formedFrom(area string) (from []string) {
	code, after := d.since(area)
	if after == 0 {
		return nil
	}
	added := d.added(area)
	if !d.begins(area) {
		from = append(from, d.until(code, after))
	}
	for _, giver := range slices.Sorted(maps.Keys(added)) {
		if !added[giver] {
			return nil
		}
		from = append(from, d.until(giver, after+1))
	}
	return from
}

// differences returns every difference of two spans that begin alike, of which one
// ends with the months and the other where they begin: reported by the area or, before
// it was formed, by all that it was formed from.
func (d *oracleDerivation) differences(area string, from, to int) (all []oracleWay) {
	for _, whole := range d.parts(area) {
		if whole.to != to || whole.from >= from {
			continue
		}
		if minus := d.spanOf(area, whole.from, from); minus != nil {
			all = append(all, oracleWay{plus: []oraclePart{whole}, minus: minus.plus})
		}
	}
	return all
}

// spanOf returns the best way to have one figure for the whole of some months; nil where
// there is none.
func (d *oracleDerivation) spanOf(area string, from, to int) *oracleWay {
	var all []oracleWay
	for _, part := range d.parts(area) {
		if part.from == from && part.to == to {
			all = append(all, oracleWay{plus: []oraclePart{part}})
		}
	}
	of, before := oracleWay{}, d.formedFrom(area)
	for _, predecessor := range before {
		found := d.spanOf(predecessor, from, to)
		if found == nil {
			return d.bestOf(all)
		}
		of.plus = append(of.plus, found.plus...)
	}
	if len(before) > 0 {
		all = append(all, of)
	}
	return d.bestOf(all)
}
