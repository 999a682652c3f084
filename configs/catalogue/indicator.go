package catalogue

import "slices"

// Kind says what an indicator measures over time.
type Kind string

// The kinds of indicator. A flow is what happened in a period, a stock is the level at its
// end, and a ratio is a quotient of two other indicators.
const (
	Flow  Kind = "flow"
	Stock Kind = "stock"
	Ratio Kind = "ratio"
)

// TotalRule says how the city's total follows from what was reported.
type TotalRule string

// The rules of city totals.
const (
	// SumRule adds the additive areas.
	SumRule TotalRule = "sum"
	// RatioRule divides two sums over the same areas; no area reports the ratio.
	RatioRule TotalRule = "ratio"
	// CityRule takes the figure that the city itself reports; districts may not report one.
	CityRule TotalRule = "city"
	// DistinctRule counts the entities of the additive areas' lists, each once; an area
	// without a list counts with the figure that it reports.
	DistinctRule TotalRule = "distinct"
)

// ClaimRule says for which area an entity counts that several areas list.
type ClaimRule string

// The rules of claims.
const (
	// FirstReported: for the area that listed it first and has listed it since.
	FirstReported ClaimRule = "first_reported"
	// RegisteredAddress: for the area of its registered address, where that lists it; else
	// as FirstReported.
	RegisteredAddress ClaimRule = "registered_address"
)

// ChangeKind says how a change on the year before is expressed.
type ChangeKind string

// The kinds of change: percent for levels, percentage points for shares.
const (
	Percent ChangeKind = "percent"
	Point   ChangeKind = "point"
)

// Prices are those at which a change on the year before is told.
type Prices string

// ConstantPrices: changes are told without what prices alone have changed, as the growth of GDP is, so that the
// values, which are at current prices, do not give them.
const ConstantPrices Prices = "constant"

// CoveragePolicy says whether a total with missing areas may be published.
type CoveragePolicy string

// The coverage policies.
const (
	// Complete: a total with a missing area is not publishable.
	Complete CoveragePolicy = "complete"
	// Partial: a total is publishable whatever areas are missing.
	Partial CoveragePolicy = "partial"
	// Carry: an area that has not reached the stage of the others counts with its figure of
	// the lower stage, and the total is marked as imputed.
	Carry CoveragePolicy = "carry"
)

// Frequency is how often something is reported: a code of SDMX CL_FREQ.
type Frequency string

// The frequencies, from the lowest to the highest. Monthly figures may be years to date.
const (
	Annual     Frequency = "A"
	HalfYearly Frequency = "S"
	Quarterly  Frequency = "Q"
	Monthly    Frequency = "M"
)

// PerYear returns how often a year something is reported.
func (f Frequency) PerYear() int {
	return map[Frequency]int{Annual: 1, HalfYearly: 2, Quarterly: 4, Monthly: 12}[f]
}

var frequencies = []Frequency{Annual, HalfYearly, Quarterly, Monthly}

// Rounding is how a figure is rounded for display, never for computing.
type Rounding string

// The rounding modes.
const (
	HalfUp   Rounding = "half_up"
	HalfEven Rounding = "half_even"
	Truncate Rounding = "truncate"
)

// Indicator is one thing that is measured.
type Indicator struct {
	// ID is a token of lower-case letters, digits and _.
	ID     string `yaml:"id" json:"id"`
	NameZH string `yaml:"name_zh" json:"name_zh"`
	NameEN string `yaml:"name_en" json:"name_en"`
	// Aliases are other names under which it is reported.
	Aliases []string `yaml:"aliases" json:"aliases,omitempty"`
	// Programme groups indicators in reports.
	Programme string `yaml:"programme" json:"programme"`
	// UnitName is the unit of values and totals: 亿元, 家, %.
	UnitName string    `yaml:"unit" json:"unit"`
	Kind     Kind      `yaml:"kind" json:"kind"`
	Total    TotalRule `yaml:"city_total" json:"city_total"`
	// CountsFor says, of an indicator whose total is distinct, for which area an entity
	// counts that several list. Left out, it is first_reported.
	CountsFor ClaimRule `yaml:"counts_for" json:"counts_for,omitempty"`
	// Numerator and Denominator are the indicators of a ratio; Factor is what
	// their quotient is multiplied by. Left out, it follows from the unit: 100
	// for %, 1000 for ‰, else 1.
	Numerator   string `yaml:"numerator" json:"numerator,omitempty"`
	Denominator string `yaml:"denominator" json:"denominator,omitempty"`
	Factor      int64  `yaml:"factor" json:"factor,omitempty"`
	// Change is percent for levels and point for shares, which have the unit %, ‰ or 1.
	// Left out, it follows from the unit.
	Change ChangeKind `yaml:"change" json:"change"`
	// GrowthPrices is constant where those who report state growth at constant prices. Left out, a stated
	// change is that of the values.
	GrowthPrices Prices `yaml:"growth_prices" json:"growth_prices,omitempty"`
	// Decimals and ChangeDecimals are the places shown in reports.
	Decimals       int            `yaml:"decimals" json:"decimals"`
	ChangeDecimals int            `yaml:"change_decimals" json:"change_decimals"`
	Rounding       Rounding       `yaml:"rounding" json:"rounding"`
	Coverage       CoveragePolicy `yaml:"coverage" json:"coverage"`
	// Minimum and Maximum bound plausible values, both inclusive, in the
	// indicator's unit. Empty is unbounded.
	Minimum string `yaml:"minimum" json:"minimum,omitempty"`
	Maximum string `yaml:"maximum" json:"maximum,omitempty"`
	// AtMost are indicators that this one never exceeds, such as the whole that it
	// is a part of. Their units convert into one another, or count things.
	AtMost []string `yaml:"at_most" json:"at_most,omitempty"`
	// GrowsBy and ShrinksBy are the flows that add to a stock and take from it: it is what
	// it was at the end of the period before, plus the former, less the latter. With
	// GrowsBy alone it is that at most.
	GrowsBy   []string `yaml:"grows_by" json:"grows_by,omitempty"`
	ShrinksBy []string `yaml:"shrinks_by" json:"shrinks_by,omitempty"`
	// Frequency is how often the indicator is reported at least. Left out, it is
	// the highest that its datasets take; for a ratio, that both its parts have.
	Frequency Frequency `yaml:"frequency" json:"frequency"`
	// Datasets are those in which the indicator is reported; a ratio has none.
	Datasets []string `yaml:"datasets" json:"datasets,omitempty"`
	// Meaning, Population and Source say what is measured, of whom, and where it comes from.
	Meaning    string `yaml:"meaning" json:"meaning,omitempty"`
	Population string `yaml:"population" json:"population,omitempty"`
	Source     string `yaml:"source" json:"source,omitempty"`
	// Redefined are the days from which figures mean something else than before.
	Redefined []Date `yaml:"redefined" json:"redefined,omitempty"`
	// ValidFrom is the first day on which the indicator is measured, and ValidTo the first on
	// which it no longer is. Empty is no bound.
	ValidFrom Date `yaml:"valid_from" json:"valid_from,omitzero"`
	ValidTo   Date `yaml:"valid_to" json:"valid_to,omitzero"`
	// Converts says how figures count that were reported in a unit, under an earlier
	// catalogue, which does not convert into the indicator's by itself.
	Converts []Conversion `yaml:"converts" json:"converts,omitempty"`

	unit             Unit
	synonyms         []string // dimensions that are read as the unit's
	minimum, maximum *Value
	factors          []Value // of Converts
}

// Unit returns the indicator's unit, ready to convert into.
func (i *Indicator) Unit() Unit { return i.unit }

// ValidIn reports whether the indicator is measured for the period: a stock on its last day,
// others on all of its days.
func (i *Indicator) ValidIn(p Period) bool {
	if i.ValidFrom.IsZero() && i.ValidTo.IsZero() {
		return true
	}
	last := p.LastDay()
	first := last
	if i.Kind != Stock {
		first = p.Start()
	}
	return (i.ValidFrom.IsZero() || !first.Before(i.ValidFrom.Time)) && (i.ValidTo.IsZero() || last.Before(i.ValidTo.Time))
}

// TotalsOf returns the indicators of which the city has a total for the period once everybody
// has reported, in order: those that are measured then, their parts too, and reported at least
// as often.
func (c *Catalogue) TotalsOf(p Period) []*Indicator {
	var all []*Indicator
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		valid := ind.ValidIn(p) && ind.Frequency.PerYear() >= p.frequency().PerYear()
		for _, id := range ind.parts() {
			valid = valid && c.indicators[id].ValidIn(p)
		}
		if valid {
			all = append(all, ind)
		}
	}
	return all
}

// Validity returns the days from which and to which the indicator is measured, as
// 2021-01-01 – …; "" where it has no bounds.
func (i *Indicator) Validity() string { return validity(i.ValidFrom, i.ValidTo) }

// InUnit returns a value in the unit of a name as one in the indicator's unit, exactly. The
// error is a [Problem] where it does not convert.
func (i *Indicator) InUnit(v Value, name string) (Value, error) {
	if name == i.UnitName {
		return v, nil
	}
	for n := range i.Converts {
		if i.Converts[n].Unit == name {
			return v.times(i.factors[n])
		}
	}
	return i.unit.Convert(v, ParseUnit(name))
}

// Conversion says how many of an indicator's units one of another unit is.
type Conversion struct {
	Unit string `yaml:"unit" json:"unit"`
	// Factor is a positive decimal number.
	Factor string `yaml:"factor" json:"factor"`
}

// String returns the conversion for a list of differences.
func (c Conversion) String() string { return c.Unit + " × " + c.Factor }

// parts returns the ids of a ratio's parts.
func (i *Indicator) parts() []string {
	if i.Total != RatioRule {
		return nil
	}
	return []string{i.Numerator, i.Denominator}
}

// Within reports whether a value, in the indicator's unit, lies within its
// bounds.
func (i *Indicator) Within(v Value) bool {
	d := v.Decimal()
	return (i.minimum == nil || !d.LessThan(i.minimum.Decimal())) &&
		(i.maximum == nil || !d.GreaterThan(i.maximum.Decimal()))
}

// RowKind is what a row of a dataset is.
type RowKind string

// EntityRows: a row is an entity, such as an enterprise, that the area lists.
const EntityRows RowKind = "entities"

// Dataset is what an area sends in one go: some indicators for some kinds of
// period.
type Dataset struct {
	ID     string `yaml:"id" json:"id"`
	NameZH string `yaml:"name_zh" json:"name_zh"`
	NameEN string `yaml:"name_en" json:"name_en"`
	// Rows is what a row is: "" for a figure, or [EntityRows].
	Rows RowKind `yaml:"rows" json:"rows,omitempty"`
	// Periods are the kinds of period that may be reported in it.
	Periods []PeriodKind `yaml:"periods" json:"periods"`
	// Stage is taken where an observation names none.
	Stage Stage `yaml:"stage" json:"stage"`
	// DueDays is how many days after the period's end the dataset is due.
	DueDays int `yaml:"due_days" json:"due_days"`
}

// Takes reports whether figures of a period are reported in the dataset. Beside quarters or
// halves, years to date are those to their ends: to March, June, September and December.
func (d *Dataset) Takes(p Period) bool {
	return slices.Contains(d.Periods, p.Kind) &&
		(p.Kind != YearToDate || int(p.Index)%(12/d.Frequency(YearToDate).PerYear()) == 0)
}

// Frequency returns how often periods of a kind that the dataset takes follow one another in it.
// Years to date do as often as the shortest parts of the year, and monthly where it takes none.
func (d *Dataset) Frequency(kind PeriodKind) Frequency {
	if kind == YearToDate {
		for _, part := range []PeriodKind{Month, Quarter, Half} {
			if slices.Contains(d.Periods, part) {
				return part.frequency()
			}
		}
	}
	return kind.frequency()
}
