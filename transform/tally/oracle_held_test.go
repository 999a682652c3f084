package tally

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// oracleHeld is a row that is held.
type oracleHeld struct{ tallytest.Held }

// unit says what is told of as one: an area's figure of a cell, or its list.
func (h *oracleHeld) unit() string {
	return fmt.Sprint(h.IndicatorWords[0], " ", h.PeriodWords[0], " ", h.Area, " ", h.Entity(0) != nil)
}

// oracleWithHeld is a city of which figures are held: as it is, as it would be if they
// counted, and as it would be if some of them did.
type oracleWithHeld struct {
	*oracle
	would  *oracle
	held   []oracleHeld
	cities map[string]*oracle // by what is held and counts in them
	all    []event.AcceptedSubmission
}

func oracleOfLog(t *rapid.T, c *catalogue.Catalogue, log []event.AcceptedBatch) *oracleWithHeld {
	counting, held := tallytest.Read(t, log)
	o := &oracleWithHeld{oracle: oracleOf(c, counting), cities: map[string]*oracle{}, all: counting}
	for _, h := range held {
		o.held = append(o.held, oracleHeld{h})
	}
	o.would = o.but("")
	return o
}

// but returns the city as it would be if all that is held counted but one unit, and only as it
// would be if one unit did.
func (o *oracleWithHeld) but(unit string) *oracle {
	return o.where("but "+unit, func(h *oracleHeld) bool { return h.unit() != unit })
}

func (o *oracleWithHeld) only(unit string) *oracle {
	return o.where("only "+unit, func(h *oracleHeld) bool { return h.unit() == unit })
}

func (o *oracleWithHeld) where(name string, counts func(*oracleHeld) bool) *oracle {
	if o.cities[name] == nil {
		submissions := slices.Clone(o.all)
		for i := range o.held {
			if counts(&o.held[i]) {
				submissions = append(submissions, o.held[i].AcceptedSubmission)
			}
		}
		o.cities[name] = oracleOf(o.catalogue, submissions)
	}
	return o.cities[name]
}

// total returns the total that counts, and what is held of it: a total that nothing counts for
// is told where figures that are held would make one.
func (o *oracleWithHeld) total(cell ledger.Cell) (event.Total, bool) {
	t, counts := o.oracle.total(cell)
	would, follows := o.would.total(cell)
	if !counts {
		t = o.nothing(cell)
	}
	if !follows {
		would = o.nothing(cell)
	}
	switch same := gocmp.Equal(t, would, computedFields); {
	case same && counts:
		return t, true
	case same:
		return event.Total{}, false
	}
	t.Held = &event.TotalWithHeld{Value: would.Value, Change: would.Change, Qualifier: would.Qualifier}
	if would.Change != "" {
		t.Held.ChangeQualifier = would.ChangeQualifier
	}
	o.name(&t, &would, cell, func(unit string) (with, without *oracle) { return o.would, o.but(unit) })
	if len(t.Held.Holds) == 0 { // each of several would do what the others do
		o.name(&t, &would, cell, func(unit string) (with, without *oracle) { return o.only(unit), o.oracle })
	}
	o.blame(&t, cell)
	return t, true
}

// nothing returns the total of a cell for which nobody has said anything.
func (o *oracle) nothing(cell ledger.Cell) event.Total {
	ind, _ := o.catalogue.Indicator(cell.Indicator)
	missing := o.level(cell.Indicator, cell.Period).expected
	return event.Total{Indicator: cell.Indicator, Status: "O", ChangeKind: string(ind.Change), ChangeReason: ValueMissing, Expected: len(missing), Missing: missing}
}

// name names what is held and decides of what figures the total, or the base of a change that
// would be another, is made: in one city with it, and in another without.
func (o *oracleWithHeld) name(t, would *event.Total, cell ledger.Cell, cities func(unit string) (with, without *oracle)) {
	change := func(t *event.Total) string {
		return fmt.Sprint(t.Change, t.ChangeAbsolute, t.ChangeReason, t.ChangeQualifier, t.ChangeAreas)
	}
	periods := []catalogue.Period{cell.Period}
	if change(t) != change(would) {
		periods = append(periods, cell.Period.YearBefore())
	}
	units := map[string]bool{}
	for _, h := range o.held {
		one, other := cities(h.unit())
		for _, period := range periods {
			with, without := one.madeOf(cell.Indicator, period), other.madeOf(cell.Indicator, period)
			for area := range mergedKeys(with, without) {
				if with[area] == without[area] {
					continue
				}
				units[h.unit()] = true
				still := slices.Contains(t.Missing, area) && slices.Contains(would.Missing, area)
				if !still && !slices.Contains(t.Held.Areas, area) && (h.Entity(0) == nil || h.Area == area) {
					t.Held.Areas = append(t.Held.Areas, area)
				}
			}
		}
	}
	lists := map[string]bool{}
	for _, h := range o.held {
		// A list is named by its first row.
		list := fmt.Sprint(h.unit(), h.Sequence)
		if units[h.unit()] && (h.Entity(0) == nil || !lists[list]) {
			t.Held.Holds = append(t.Held.Holds, h.ID().String())
		}
		lists[list] = true
	}
}

func mergedKeys(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// madeOf returns what figures each area's part of a total is made of; of a ratio of which the city
// reports one part itself those of both parts, since neither area stands for the other.
func (o *oracle) madeOf(indicator string, period catalogue.Period) map[string]string {
	ind, _ := o.catalogue.Indicator(indicator)
	levels := []string{indicator}
	if top, ok := o.catalogue.Indicator(ind.Numerator); ok {
		if bottom, _ := o.catalogue.Indicator(ind.Denominator); top.Total != bottom.Total {
			levels = []string{top.ID, bottom.ID}
		}
	}
	made := map[string]string{}
	for _, id := range levels {
		for n, sum := range o.level(id, period).figures {
			for area, f := range sum {
				made[area] += fmt.Sprint(n, ":", strings.Join(f.from, ","), " ")
			}
		}
	}
	return made
}

// blame tells for which cause areas keep a change from being told: they have not reported or,
// where that is true of none, what they have reported is held.
func (o *oracleWithHeld) blame(t *event.Total, cell ledger.Cell) {
	if t.ChangeReason != "MISSING_MEMBER" {
		return
	}
	var silent []string
	for _, period := range []catalogue.Period{cell.Period, cell.Period.YearBefore()} {
		is, would := o.level(cell.Indicator, period), o.would.level(cell.Indicator, period)
		for _, area := range t.ChangeAreas {
			lacks := slices.Contains(is.expected, area) && !slices.Contains(is.have, area)
			if lacks && !slices.Contains(would.have, area) && !slices.Contains(silent, area) {
				silent = append(silent, area)
			}
		}
	}
	if len(silent) == 0 {
		t.ChangeReason = "HELD_MEMBER"
		return
	}
	slices.Sort(silent)
	t.ChangeAreas = silent
}
