package tally

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// oracle computes city totals slowly and by other means: with rational numbers, and by
// searching every vintage for every total.
type oracle struct {
	catalogue *catalogue.Catalogue
	rows      []oracleRow
	entries   []oracleEntry
	found     map[string]map[string]*oracleRow // best rows, by cell and area
	figures   map[string]oracleFigure          // by cell and area
	territory *oracleTerritory
}

type oracleRow struct {
	area, indicator string
	period          catalogue.Period
	value           *oracleNumber // nil is missing
	withdrawn       bool          // or in a unit that does not convert
	epoch           uint8
	stage           catalogue.Stage
	imputed         bool
	listed          bool // counted from the area's list
	sequence        uint64
}

func (r *oracleRow) text() string {
	if r.listed {
		return fmt.Sprint("list of ", r.area, " ", r.period, " ", r.value.value, " ", r.stage)
	}
	return fmt.Sprint(r.area, " ", r.period, " ", r.sequence)
}

// best returns the areas' best values of a cell; the map has a nil for an area
// that says the value is missing.
func (o *oracle) best(indicator string, period catalogue.Period) map[string]*oracleRow {
	cell := indicator + " " + period.String()
	if best, ok := o.found[cell]; ok {
		return best
	}
	best := map[string]*oracleRow{}
	o.found[cell] = best
	if !o.measured(indicator, period) {
		return best
	}
	for i := range o.rows {
		r := &o.rows[i]
		if r.indicator != indicator || r.period != period {
			continue
		}
		if b := best[r.area]; b == nil || r.epoch > b.epoch || r.epoch == b.epoch && (r.stage > b.stage || r.stage == b.stage && r.sequence > b.sequence) {
			best[r.area] = r
		}
	}
	maps.DeleteFunc(best, func(_ string, r *oracleRow) bool { return r.withdrawn })
	if ind, _ := o.catalogue.Indicator(indicator); ind.Total == "distinct" {
		o.lists(best, ind, period)
	}
	return best
}

// measured reports whether the indicator is valid in the period: a stock at its end, a flow
// from its first day to its last.
func (o *oracle) measured(id string, period catalogue.Period) bool {
	ind, _ := o.catalogue.Indicator(id)
	days := []string{period.LastDay().Format("2006-01-02")}
	if ind.Kind != catalogue.Stock {
		days = append(days, period.Start().Format("2006-01-02"))
	}
	for _, day := range days {
		if from := ind.ValidFrom.Format("2006-01-02"); !ind.ValidFrom.IsZero() && day < from {
			return false
		}
		if to := ind.ValidTo.Format("2006-01-02"); !ind.ValidTo.IsZero() && day >= to {
			return false
		}
	}
	return ind.Total != catalogue.RatioRule || o.measured(ind.Numerator, period) && o.measured(ind.Denominator, period)
}

func (o *oracle) total(cell ledger.Cell) (event.Total, bool) {
	ind, _ := o.catalogue.Indicator(cell.Indicator)
	now := o.level(cell.Indicator, cell.Period)
	if !now.reported {
		return event.Total{}, false
	}
	lowest, behind := now.stage()
	t := event.Total{Indicator: cell.Indicator, Expected: len(now.expected), ChangeKind: string(ind.Change), Stage: lowest.String(), Status: "O"}
	for _, area := range now.expected {
		if !slices.Contains(now.have, area) {
			t.Missing = append(t.Missing, area)
		}
	}
	overflow := func(text string, fits bool) string {
		if fits {
			return text
		}
		if !slices.Contains(t.Flags, "OVERFLOW") {
			t.Flags = append(t.Flags, "OVERFLOW")
		}
		return ""
	}
	if now.value != nil {
		t.Value = overflow(oracleText(now.value.value, ind, ind.Decimals))
		t.Qualifier = now.value.qualifier()
	}
	t.Flags = append(t.Flags, now.flags()...)
	if ind.Total == "distinct" && now.partlyListed() {
		t.Flags = append(t.Flags, "PARTLY_LISTED")
	}
	if t.Value != "" {
		t.Status = "A"
		if ind.Coverage == catalogue.Carry {
			t.Carried = behind
		}
		if now.imputed() || len(t.Carried) > 0 {
			t.Status = "I"
		}
	}
	t.Publishable = t.Value != "" && (len(t.Missing) == 0 || ind.Coverage == catalogue.Partial)
	base := o.level(cell.Indicator, cell.Period.YearBefore())
	reason, because := "", []string(nil)
	if ind.Total != catalogue.CityRule {
		reason, because = o.territory.compare(cell.Period, now, base)
	}
	switch {
	case now.value == nil:
		t.ChangeReason = ValueMissing
	case t.Value == "":
		t.ChangeReason = "OVERFLOW"
	case base.value == nil:
		t.ChangeReason = BaseMissing
	case reason != "":
		t.ChangeReason, t.ChangeAreas = reason, because
	default:
		o.change(&t, ind, cell.Period, now.value, base.value, overflow)
	}
	return t, true
}

// change compares two years' figures.
func (o *oracle) change(t *event.Total, ind *catalogue.Indicator, period catalogue.Period, now, base *oracleNumber, overflow func(string, bool) string) {
	if _, fits := oracleText(base.value, ind, ind.Decimals); !fits {
		t.ChangeReason = "OVERFLOW"
		return
	}
	for _, id := range []string{ind.ID, ind.Numerator, ind.Denominator} {
		if of, ok := o.catalogue.Indicator(id); ok {
			for _, day := range of.Redefined {
				if !day.After(period.LastDay()) && day.After(period.YearBefore().LastDay()) {
					t.ChangeReason = "DEFINITION"
					return
				}
			}
		}
	}
	difference := now.minus(base)
	t.ChangeAbsolute = overflow(oracleText(difference.value, ind, ind.Decimals))
	t.ChangeQualifier = difference.qualifier()
	rate := difference
	signs := [2]int{base.value.Sign(), now.value.Sign()}
	switch {
	case ind.Change == catalogue.Point:
		rate = difference.times(map[string]*oracleNumber{
			"%": oracleExactly(1), "‰": oracleExactly(1).over(oracleExactly(10)), "1": oracleExactly(100),
		}[ind.UnitName])
	case signs[0] == 0:
		t.ChangeReason = BaseZero
		return
	case signs == [2]int{1, -1} || signs == [2]int{-1, 1}:
		t.ChangeReason = "SIGN_CHANGE"
		return
	case signs[0] < 0:
		t.ChangeReason = BaseNegative
		return
	default:
		rate = now.over(base).minus(oracleExactly(1)).times(oracleExactly(100))
	}
	t.Change = overflow(oracleText(rate.value, ind, ind.ChangeDecimals))
	if t.Change == "" {
		t.ChangeReason = "OVERFLOW"
	} else {
		t.ChangeQualifier = rate.qualifier()
	}
}

// decimalText writes a rational to 12 places, half away from zero, without
// trailing zeros.
func decimalText(r *big.Rat) string {
	if r == nil {
		return ""
	}
	text := r.FloatString(12)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" || text == "" {
		return "0"
	}
	return text
}

func oracleOf(c *catalogue.Catalogue, submissions []event.AcceptedSubmission) *oracle {
	o := &oracle{catalogue: c, found: map[string]map[string]*oracleRow{}, figures: map[string]oracleFigure{}, territory: oracleTerritoryOf(c)}
	for i := range submissions {
		s := &submissions[i]
		periods, _ := s.Periods()
		for row := range s.Len() {
			r := oracleRow{area: s.Area, indicator: s.IndicatorWords[s.Indicator[row]], period: periods[s.Period[row]],
				epoch: s.Epoch[row], stage: catalogue.Stage(s.Stage[row]), sequence: s.Sequence}
			switch catalogue.Status(s.Status[row]) {
			case catalogue.Missing:
			case catalogue.Withdrawn:
				r.withdrawn = true
			default:
				value, _ := new(big.Rat).SetString(s.Value(row).String())
				indicator, _ := c.Indicator(r.indicator)
				value, r.withdrawn = oracleConverted(value, s.Units[s.Indicator[row]], indicator)
				r.imputed = catalogue.Status(s.Status[row]) == catalogue.Imputed
				r.value = oracleFigureOf(value, catalogue.Qualifier(s.Qualifier[row]))
			}
			if e := s.Entity(row); e != nil {
				o.entries = append(o.entries, oracleEntryOf(r, e))
				continue
			}
			o.rows = append(o.rows, r)
		}
	}
	return o
}

// The ledger and Tally agree with the oracle on every cell, whatever the order
// in which submissions are folded in and however often, and also where a catalogue with
// other units was in force before.
//
// Rules: area, validity, nothing invented, best vintage, provenance, units kept, sum, ratio, distinct, coverage,
// imputation, year to date, tiling, January and February, one instant, whose is missing, intervals,
// rates, territory, held, one code per cause.
func TestTallyAgreesWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := tallytest.DrawCity(t)
		submissions := tallytest.DrawHistory(t, c)
		earlier, n := tallytest.DrawEarlier(t, c, submissions)
		log := tallytest.DrawLog(t, rapid.Permutation(submissions).Draw(t, "order"))
		log = append(log, rapid.Permutation(log).Draw(t, "again")[:len(log)/3]...)
		o := oracleOfLog(t, c, log)

		l := ledger.New(earlier)
		for i := range log {
			if i == n {
				adopt(l, uint64(i+1), c)
			}
			_ = l.Apply(uint64(i+2), "accepted.x.annual", &log[i]) // figures that do not convert count as none
		}
		adopt(l, uint64(len(log)+2), c)
		tallied, setters := totalsByCell(All(c, l, drawnCells(c))), oracleSetters(o.all)
		for _, cell := range drawnCells(c) {
			want, wantOK := o.total(cell)
			got, ok := tallied[cell]
			if ok != wantOK {
				t.Fatalf("%v: reported %v, oracle says %v", cell, ok, wantOK)
			}
			if diff := gocmp.Diff(want, got, computedFields); diff != "" {
				t.Fatalf("%v: oracle, tally:\n%s", cell, diff)
			}
			if got.Held != nil && len(got.Held.Holds) == 0 {
				t.Fatalf("%v: something is held, and nothing that is: %+v", cell, got)
			}
			o.checkSetters(t, cell, &got, setters)
		}
	})
}

// adopt puts a catalogue in force. That figures do not convert is no mistake here.
func adopt(l *ledger.Ledger, sequence uint64, c *catalogue.Catalogue) {
	_ = l.Apply(sequence, "accepted.decisions", &event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Adopt, Catalogue: c.Text()}}})
}

// drawnCells returns the cells in which totals of a drawn history may follow.
func drawnCells(c *catalogue.Catalogue) (cells []ledger.Cell) {
	for i := range c.Indicators {
		for _, period := range tallytest.DrawnPeriods() {
			cells = append(cells, ledger.Cell{Indicator: c.Indicators[i].ID, Period: fixture.Period(period)})
		}
	}
	return cells
}

func totalsByCell(totals []PeriodTotal) map[ledger.Cell]event.Total {
	by := map[ledger.Cell]event.Total{}
	for i := range totals {
		by[ledger.Cell{Indicator: totals[i].Indicator, Period: totals[i].Period}] = totals[i].Total
	}
	return by
}

// What the oracle computes.
var computedFields = gocmp.Options{cmpopts.IgnoreFields(event.Total{}, "Unit", "Inputs"), cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)}

// Where only the totals that a submission affects are published, every total is what
// folding everything anew gives.
//
// Rules: withdrawal, revised base.
func TestAffectedCoversEveryChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := tallytest.DrawCity(t)
		submissions := tallytest.DrawHistory(t, c)
		l := ledger.New(c)
		published := map[ledger.Cell]event.Total{}
		for i := range submissions {
			s := &submissions[i]
			if err := l.Apply(uint64(i+1), "accepted.x.annual", &event.AcceptedBatch{Submissions: submissions[i : i+1]}); err != nil {
				t.Fatal(err)
			}
			var cells []ledger.Cell
			periods, _ := s.Periods()
			for row := range s.Len() {
				cells = append(cells, ledger.Cell{Indicator: s.IndicatorWords[s.Indicator[row]], Period: periods[s.Period[row]]})
			}
			affected := Affected(c, l, cells)
			totals := totalsByCell(All(c, l, affected))
			for _, cell := range Affected(c, l, l.Withdrawn(cells)) {
				if _, ok := totals[cell]; !ok {
					delete(published, cell)
				}
			}
			maps.Copy(published, totals)
		}
		tallied := totalsByCell(All(c, l, drawnCells(c)))
		for _, cell := range drawnCells(c) {
			total, ok := tallied[cell]
			had, was := published[cell]
			if ok != was {
				t.Fatalf("%v: reported %v, published %v", cell, ok, was)
			}
			if diff := gocmp.Diff(total, had); diff != "" {
				t.Fatalf("%v: from scratch, published:\n%s", cell, diff)
			}
		}
	})
}

// Rules: qualifier, what totals carry, imputation.
func TestStageAndQualifierOfTotals(t *testing.T) {
	c := fixture.Catalogue(t)
	l := ledger.New(c)
	for i, part := range []struct {
		area      string
		stage     catalogue.Stage
		status    catalogue.Status
		qualifier catalogue.Qualifier
	}{
		{"901", catalogue.Final, catalogue.Normal, 0},
		{"902", catalogue.Estimate, catalogue.Imputed, catalogue.Below},
		{"903", catalogue.Flash, catalogue.Normal, catalogue.Above},
		{"907", catalogue.Forecast, catalogue.Normal, 0}, // inside 901: never added
	} {
		s := event.AcceptedSubmission{ID: fmt.Sprintf("%032x", i+1), Sequence: uint64(i + 1), Area: part.area}
		s.Add(event.AcceptedObservation{Indicator: "gdp", Unit: "万元", Period: fixture.Period("2021"), Value: catalogue.Value{Coefficient: 10_000},
			Stage: part.stage, Status: part.status, Qualifier: part.qualifier})
		if err := l.Apply(uint64(i+1), "s", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := Tally(c, l, ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")})
	// 10,000 万元 of an earlier catalogue are 1 亿元 in this one.
	if got.Value != "3" || got.Stage != "estimate" || got.Status != "I" || got.Qualifier != "about" || got.Publishable {
		t.Errorf("total = %+v; want 3, estimate, imputed, about, not publishable", got)
	}
	if !slices.Equal(got.Missing, []string{"906"}) {
		t.Errorf("missing = %v, want 906", got.Missing)
	}
	inputs, err := got.Inputs.All()
	if err != nil || !slices.IsSortedFunc(inputs, func(a, b event.Input) int { return cmp.Compare(a.Area, b.Area) }) || len(inputs) != 3 {
		t.Errorf("inputs = %s, %v; want those of 901, 902 and 903", got.Inputs, err)
	}
}
