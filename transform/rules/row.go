package rules

import (
	"github.com/citytally/citytally/configs/catalogue"
)

// Figures tells what an area reports or has reported.
type Figures interface {
	// Figure returns the area's figure in the catalogue's unit: the one that the submission
	// under judgement reports, or else the one in force before it. Submitted says which.
	Figure(indicator string, period catalogue.Period) (v catalogue.Value, submitted, ok bool)
	// InForce returns another area's figure in force.
	InForce(area, indicator string, period catalogue.Period) (catalogue.Value, bool)
	// TakenBack returns the figure that the area had before it first took it back.
	TakenBack(indicator string, period catalogue.Period) (catalogue.Value, bool)
	// Years returns years outside of which nothing is known of what the area reports or has
	// reported of the indicator.
	Years(indicator string) catalogue.Years
	// Periods returns the periods of a year outside of which nothing is known, likewise.
	Periods(indicator string, year int16) catalogue.PeriodSet
	// Repeated returns how many telling figures the submission has for a period of which the area's
	// figure in another one is known, and how many of these are the same there. See [Telling].
	Repeated(period, in catalogue.Period) (same, compared int)
	// Withdrawals returns how many figures in force the submission takes back, and how many
	// the area has in force in its dataset for the periods concerned.
	Withdrawals() (withdrawn, reported int)
}

// Row is a figure under judgement: a row that reads well and has a value.
type Row struct {
	Area    *catalogue.Area
	Dataset string
	Period  catalogue.Period
	Value   catalogue.Value
	Stage   catalogue.Stage
	// InForce is the cell's figure before the submission, and HasInForce whether it has one.
	InForce      catalogue.Value
	InForceStage catalogue.Stage
	HasInForce   bool
	Note         string
	// Raw is the value as the row has it, with its unit; "" where it is that of Value.
	Raw string
	// Reason is the submission's.
	Reason string
	// Base and Change are what the row states that the figure of a year before was, and the
	// change since; nil where it states none.
	Base, Change *catalogue.Value
	Figures      Figures
	// On is what the row does: a row of a figure that is withdrawn has that one as its value.
	On On

	of                  *subject            // whose figure it is
	years               catalogue.Years     // outside of which nothing is known of the indicator
	periods             catalogue.PeriodSet // of the row's year, likewise
	bounded             bool                // years and periods were asked for
	asked, none         figureSet           // figures that were asked for, and those of them that are not known
	known               [figureCount]catalogue.Value
	series              []catalogue.Value
	scanned             bool // series was read
	membersOf           catalogue.Period
	memberCodes         []string // that add up to the city's figure in membersOf
	share               catalogue.Value
	shares              []catalogue.Value
	shared              bool // share and shares were computed
	hasShare            bool
	submittedYearBefore bool // the submission says what the figure of the year before is

	ratios            [figureCount]uint64 // of the value to those figures, see [bound]
	related, positive figureSet           // figures of which the ratio was computed; those of them that are above zero, as the value is

	referenceAt catalogue.Period // of the reference, once that was asked for
	nearestAt   catalogue.Period // of the nearest, likewise
	ofOtherSpan bool             // the reference is of other months than the value
	revises     bool             // the reference is the figure in force in the cell, with nothing else known
}

// figureSet is a set of figures, by their places in figureNames.
type figureSet uint64

func (s figureSet) has(n int) bool { return s>>n&1 != 0 }

// know notes a figure, or that there is none.
func (r *Row) know(n int, v catalogue.Value, ok bool) {
	r.asked |= 1 << n
	r.related &^= 1 << n
	if r.known[n], r.none = v, r.none&^(1<<n); !ok {
		r.none |= 1 << n
	}
}

// The figures beside the one under judgement.
const (
	ofValue = iota
	ofInForce
	ofBefore
	ofYearBefore
	ofAfter
	ofSameSpan
	ofHost
	ofOther
	ofZone
	ofWithin
	ofPart
	ofGrown
	ofShrunk
	ofControl
	ofStatedBase
	ofStatedChange
	ofBase
	ofNumerator
	ofDenominator
	ofWithdrawn
	ofReported
	ofSoFar
	ofReference
	ofNearest
	ofBeforeInForce
	// Those from here on take the figures of all areas, or of all rows, and are asked for last.
	ofCitySum
	ofCityRounding
	ofZonesMissing
	ofCityShare
	ofSameAsBefore
	ofSameAsYearBefore
	figureCount
)

// figureNames are the names of those figures in expressions.
var figureNames = [figureCount]string{"value", "in_force", "before", "year_before", "after", "same_span", "host", "other",
	"zone", "within", "part", "grown", "shrunk", "control", "stated_base", "stated_change", "base", "numerator", "denominator", "withdrawn", "reported", "so_far",
	"reference", "nearest", "before_in_force",
	"city_sum", "city_rounding", "zones_missing", "city_share", "same_as_before", "same_as_year_before"}

// ofAllAreas are the figures that take those of all areas.
const ofAllAreas figureSet = 1<<ofCitySum | 1<<ofCityRounding | 1<<ofZonesMissing | 1<<ofCityShare

// seriesLength is how many earlier periods the series of a row has at most.
const seriesLength = 24

// reset makes the row one of another figure.
func (r *Row) reset(of *subject) {
	r.of, r.series, r.scanned, r.shared, r.bounded = of, r.series[:0], false, false, false
	r.nearestAt, r.related = catalogue.Period{}, 0
	r.none, r.ofOtherSpan, r.revises, r.submittedYearBefore = 0, false, false, false
	for n, unknown := range [...]bool{
		ofInForce: !r.HasInForce, ofHost: r.Area.Host == "", ofZone: of.city == nil || len(of.city.zones) == 0, ofStatedBase: r.Base == nil, ofStatedChange: r.Change == nil,
	} {
		if unknown {
			r.none |= 1 << n
		}
	}
	r.asked, r.known[ofValue] = r.none|1<<ofValue, r.Value
}

// figure returns a figure by its place in figureNames.
func (r *Row) figure(n int) (catalogue.Value, bool) {
	if r.asked.has(n) {
		return r.known[n], !r.none.has(n)
	}
	return r.ask(n)
}

// ask looks a figure up that was not asked for yet.
func (r *Row) ask(n int) (catalogue.Value, bool) {
	v, ok := r.lookUp(n)
	r.know(n, v, ok)
	return v, ok
}

func (r *Row) lookUp(n int) (v catalogue.Value, ok bool) {
	switch n {
	case ofInForce:
		return r.InForce, r.HasInForce
	case ofBefore:
		if r.Period.Kind == catalogue.Year {
			return r.figure(ofYearBefore)
		}
		v, _, ok = r.beside(periodBefore)
	case ofYearBefore:
		v, r.submittedYearBefore, ok = r.own(r.Period.YearBefore())
	case ofAfter:
		v, _, ok = r.beside(periodAfter)
	case ofSameSpan:
		if same, exists := sameSpan(r.Period); exists && r.of.kind == catalogue.Flow {
			v, _, ok = r.own(same)
		}
	case ofHost:
		if r.Area.Host != "" {
			v, ok = r.Figures.InForce(r.Area.Host, r.of.id, r.Period)
		}
	default:
		return r.further(n)
	}
	return v, ok
}

// beside returns the figure of the next period in one direction, and the period. Of years to date, which areas report
// by month or by quarter, it is the next of the year that has a figure.
func (r *Row) beside(next func(catalogue.Period) (catalogue.Period, bool)) (v catalogue.Value, of catalogue.Period, ok bool) {
	for p, exists := next(r.Period); exists; p, exists = next(p) {
		if v, _, ok = r.own(p); ok || p.Kind != catalogue.YearToDate {
			return v, p, ok
		}
	}
	p, _ := next(r.Period)
	return v, p, false
}

// periodBeside returns the period of the figure beside.
func (r *Row) periodBeside(next func(catalogue.Period) (catalogue.Period, bool)) catalogue.Period {
	_, of, _ := r.beside(next)
	return of
}

// own returns the figure of the row's indicator in another period, as [Figures] does.
func (r *Row) own(p catalogue.Period) (v catalogue.Value, submitted, ok bool) {
	if !r.mayHave(p) {
		return v, false, false
	}
	return r.Figures.Figure(r.of.id, p)
}

// mayHave reports whether anything can be known of the row's indicator in a period. A period has many
// others in and around it, few of which anybody reports.
func (r *Row) mayHave(p catalogue.Period) bool {
	if p.Year == r.Period.Year {
		return r.periodsIn(p.Year).Has(p.Number())
	}
	r.bound()
	return r.years.Has(p.Year)
}

// periodsIn returns the periods of a year outside of which nothing is known of the row's indicator.
func (r *Row) periodsIn(year int16) catalogue.PeriodSet {
	r.bound()
	switch {
	case year == r.Period.Year:
		return r.periods
	case !r.years.Has(year):
		return 0
	}
	return r.Figures.Periods(r.of.id, year)
}

// bound asks outside of which periods nothing is known of the row's indicator.
func (r *Row) bound() {
	if !r.bounded {
		r.bounded, r.years, r.periods = true, r.Figures.Years(r.of.id), r.Figures.Periods(r.of.id, r.Period.Year)
	}
}

// text returns a figure for people.
func (r *Row) text(n int) (string, bool) {
	v, ok := r.figure(n)
	if !ok {
		return "", false
	}
	return v.String(), true
}

// earlier returns the figures of the periods before, the latest first, as far as they
// follow one another without a gap.
func (r *Row) earlier() []catalogue.Value {
	if r.scanned {
		return r.series
	}
	r.scanned = true
	for p, exists := periodBefore(r.Period); exists && len(r.series) < seriesLength; p, exists = periodBefore(p) {
		v, _, ok := r.own(p)
		if !ok {
			break
		}
		r.series = append(r.series, v)
	}
	return r.series
}
