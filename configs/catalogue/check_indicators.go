package catalogue

import (
	"fmt"
	"slices"
	"time"
)

// indicatorReport records a mistake in one field of one indicator.
type indicatorReport func(field, format string, args ...any)

func (c *Catalogue) checkIndicators() (errs []error) {
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		report := func(field, format string, args ...any) {
			errs = append(errs, fmt.Errorf("indicators[%d].%s (%s): %s", i, field, ind.ID, fmt.Sprintf(format, args...)))
		}
		checkVocabulary(ind, report)
		checkAliases(c.Indicators, ind, report)
		c.checkNumbers(ind, report)
		for j, id := range ind.Datasets {
			switch {
			case c.datasets[id] == nil:
				report(indexed("datasets", j), "%q is no dataset", id)
			case slices.Index(ind.Datasets, id) < j:
				report(indexed("datasets", j), "%q occurs twice", id)
			}
		}
		checkChange(ind, report)
		if !ind.ValidFrom.IsZero() && !ind.ValidTo.IsZero() && !ind.ValidFrom.Before(ind.ValidTo.Time) {
			report("valid_to", "want a day after valid_from %s, got %s", ind.ValidFrom.Format(time.DateOnly), ind.ValidTo.Format(time.DateOnly))
		}
		checkConversions(ind, report)
		c.checkAtMost(ind, report)
		c.checkFlows(ind, "grows_by", ind.GrowsBy, report)
		c.checkFlows(ind, "shrinks_by", ind.ShrinksBy, report)
		c.checkFrequency(ind, report)
		if ind.Total == RatioRule {
			c.checkRatio(ind, report)
			continue
		}
		if ind.Kind == Ratio && ind.Total == SumRule {
			report("city_total", "shares and rates do not add up; want ratio, or city where the city itself reports it")
		}
		if ind.Numerator != "" || ind.Denominator != "" {
			report("numerator", "only an indicator with city_total ratio has a numerator and a denominator")
		}
		if len(ind.Datasets) == 0 {
			report("datasets", "nobody can report it: name at least one dataset")
		}
	}
	circle := func(i int, field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("indicators[%d].%s (%s): %s", i, field, c.Indicators[i].ID, fmt.Sprintf(format, args...)))
	}
	c.checkCycles("numerator", func(ind *Indicator) []string { return ind.parts() }, circle)
	c.checkCycles("at_most", func(ind *Indicator) []string { return ind.AtMost }, circle)
	return errs
}

func checkVocabulary(ind *Indicator, report indicatorReport) {
	oneOf(ind.Kind, "kind", report, Flow, Stock, Ratio)
	oneOf(ind.Total, "city_total", report, SumRule, RatioRule, CityRule, DistinctRule)
	oneOf(ind.Change, "change", report, Percent, Point)
	oneOf(ind.Rounding, "rounding", report, HalfUp, HalfEven, Truncate)
	oneOf(ind.Coverage, "coverage", report, Complete, Partial, Carry)
	if ind.GrowthPrices != "" {
		oneOf(ind.GrowthPrices, "growth_prices", report, ConstantPrices)
	}
	if ind.UnitName == "" {
		report("unit", "want a unit such as 亿元, 家 or %%, got none")
	}
}

// checkChange makes sure that shares, and nothing else, change by percentage points.
func checkChange(ind *Indicator, report indicatorReport) {
	switch share := ind.unit.Share(); {
	case share && ind.Change == Percent:
		report("change", "a share in %s changes by percentage points; want point, got percent", ind.UnitName)
	case !share && ind.Change == Point && ind.UnitName != "":
		report("change", "only a share (%%, ‰ or 1) changes by percentage points; want percent where the unit is %s, got point", ind.UnitName)
	}
}

// checkConversions reads the factors, and makes sure that only units are named that do not
// convert by themselves, each once.
func checkConversions(ind *Indicator, report indicatorReport) {
	ind.factors = make([]Value, len(ind.Converts))
	for j := range ind.Converts {
		c := &ind.Converts[j]
		field := indexed("converts", j)
		reading, err := ParseValue(c.Factor)
		switch {
		case c.Unit == "":
			report(field, "want a unit, got none")
		case ind.Total == RatioRule:
			report(field, "a ratio is computed, never reported; leave converts out")
		case ParseUnit(c.Unit).Dimension == ind.unit.Dimension:
			report(field, "%s converts into %s by itself", c.Unit, ind.UnitName)
		case slices.IndexFunc(ind.Converts, func(other Conversion) bool { return other.Unit == c.Unit }) < j:
			report(field, "%s occurs twice", c.Unit)
		case err != nil || reading.Missing || reading.Unit != "" || reading.Value.Coefficient <= 0:
			report(field, "want a positive number as factor, got %q", c.Factor)
		default:
			ind.factors[j] = reading.Value
		}
	}
}

func (c *Catalogue) checkNumbers(ind *Indicator, report indicatorReport) {
	for _, places := range []struct {
		field string
		n     int
	}{{"decimals", ind.Decimals}, {"change_decimals", ind.ChangeDecimals}} {
		if places.n < 0 || places.n > MaxDecimals {
			report(places.field, "want 0 to %d, got %d", MaxDecimals, places.n)
		}
	}
	if ind.Factor < 0 {
		report("factor", "want a positive number, got %d", ind.Factor)
	}
	ind.minimum = bound(ind.Minimum, "minimum", report)
	ind.maximum = bound(ind.Maximum, "maximum", report)
	if ind.minimum != nil && ind.maximum != nil && ind.minimum.Decimal().GreaterThan(ind.maximum.Decimal()) {
		report("maximum", "want at least the minimum %s, got %s", ind.Minimum, ind.Maximum)
	}
}

func (c *Catalogue) checkRatio(ind *Indicator, report indicatorReport) {
	var parts []*Indicator
	for _, part := range []struct{ field, id string }{{"numerator", ind.Numerator}, {"denominator", ind.Denominator}} {
		of := c.indicators[part.id]
		switch {
		case of == nil:
			report(part.field, "%q is no indicator", part.id)
		case of.Total == RatioRule:
			report(part.field, "%q is a ratio itself; a ratio divides sums, never ratios", part.id)
		default:
			parts = append(parts, of)
		}
	}
	if len(parts) == 2 {
		checkUnits(ind, parts[0], parts[1], report)
	}
	if ind.Kind != Ratio {
		report("kind", "want ratio where city_total is ratio, got %s", ind.Kind)
	}
	if len(ind.Datasets) > 0 {
		report("datasets", "a ratio is computed, never reported; leave datasets out")
	}
}

// bound reads a minimum or maximum: a plain number in the indicator's unit.
func bound(text, field string, report indicatorReport) *Value {
	if text == "" {
		return nil
	}
	reading, err := ParseValue(text)
	if err != nil || reading != (Reading{Value: reading.Value}) {
		report(field, "want a plain number in the indicator's unit, got %q", text)
		return nil
	}
	return &reading.Value
}

func oneOf[T comparable](got T, field string, report indicatorReport, allowed ...T) {
	if !slices.Contains(allowed, got) {
		report(field, "want one of %v, got %q", allowed, fmt.Sprint(got))
	}
}
