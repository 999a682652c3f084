package tally

import (
	"math"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// level is a total without its change: the exact quotient of two sums. The
// denominator is 1 for all but ratios.
type level struct {
	numerator, denominator decimal.Decimal
	// expected are the areas that the total is to be made of, and have those of them
	// with a value, both by code.
	expected, have []string
	// reported is true where any area reported anything, if only a missing value.
	reported bool
	stage    catalogue.Stage
	status   catalogue.Status
	// above and below are the qualifiers of numerator and denominator.
	above, below catalogue.Qualifier
	// terms are sorted by member; the numerator's of a ratio come first.
	terms []term
	flags []string
	// carried are the areas that are carried at an earlier stage, by code.
	carried []string
}

// known reports whether the level has a value.
func (l *level) known() bool { return len(l.have) > 0 && !l.denominator.IsZero() }

// value returns the indicator's value of the level, rounded once.
func (l *level) value(indicator *catalogue.Indicator) decimal.Decimal {
	return quotient(indicator, l.numerator, l.denominator, indicator.Decimals)
}

// quotient divides, and rounds once for an indicator that is displayed with the
// decimals.
func quotient(indicator *catalogue.Indicator, dividend, divisor decimal.Decimal, decimals int) decimal.Decimal {
	if divisor.Equal(one) && dividend.Exponent() >= -catalogue.QuotientDecimals {
		return dividend
	}
	return indicator.Quotient(dividend, divisor, decimals)
}

// sign returns the sign of the exact value.
func (l *level) sign() int { return l.numerator.Sign() * l.denominator.Sign() }

// qualifier returns the value's qualifier. A larger numerator makes the quotient larger
// where the denominator is positive; a larger denominator makes it smaller where the
// numerator is positive.
func (l *level) qualifier() catalogue.Qualifier {
	return l.above.Times(l.denominator.Sign()).Join(l.below.Times(-l.numerator.Sign()))
}

func (l *level) missing() []string {
	missing := []string{}
	if len(l.have) == len(l.expected) {
		return missing
	}
	for _, area := range l.expected {
		if _, ok := slices.BinarySearch(l.have, area); !ok {
			missing = append(missing, area)
		}
	}
	return missing
}

func (l *level) flag(flag string) {
	if !slices.Contains(l.flags, flag) {
		l.flags = append(l.flags, flag)
	}
}

type levelKey struct {
	indicator *catalogue.Indicator
	period    catalogue.Period
}

var one = decimal.New(1, 0)

// The most levels that a calculator remembers: those of a few years of every
// indicator.
const rememberedLevels = 20_000

// term is one figure of a sum. A figure that follows from other periods is several
// terms of one area.
type term struct {
	ledger.Part
	// member is the expected area whose figure the term belongs to: the one that reported
	// it, or one that was formed from that.
	member    string
	indicator string
	// reportedFor is the period that a term of a derived figure was reported for; zero
	// for a figure that was reported itself.
	reportedFor catalogue.Period
	// subtracted terms are taken away from the sum.
	subtracted bool
	// negative marks the terms of a derived flow that comes out below zero.
	negative bool
}

// of returns the period that the term was reported for, as part of a figure of another or of that
// one.
func (t *term) of(period catalogue.Period) catalogue.Period {
	if t.reportedFor == (catalogue.Period{}) {
		return period
	}
	return t.reportedFor
}

// coefficient returns the value's coefficient, negated where the term is subtracted.
func (t *term) coefficient() int64 {
	if t.subtracted {
		return -t.Value.Coefficient
	}
	return t.Value.Coefficient
}

// qualifier returns the qualifier of what the term adds.
func (t *term) qualifier() catalogue.Qualifier {
	if t.subtracted {
		return t.Qualifier.Negate()
	}
	return t.Qualifier
}

// termsInBoth returns the terms of l whose areas have a value in other, too.
func termsInBoth(l, other *level) []term {
	var both []term
	for _, p := range l.terms {
		if _, ok := slices.BinarySearch(other.have, p.member); ok {
			both = append(both, p)
		}
	}
	return both
}

// fold adds terms up. The level has the lowest of their stages, their joined qualifier,
// and the status imputed where any term has.
func fold(terms []term, expected []string) *level {
	l := &level{
		numerator: sumTerms(terms), denominator: one, status: catalogue.Normal, expected: expected, have: areasOf(terms, expected), terms: terms,
	}
	if len(terms) > 0 {
		l.stage = catalogue.Final
	}
	for i := range terms {
		t := &terms[i]
		l.stage = min(l.stage, t.Stage)
		l.above = l.above.Join(t.qualifier())
		if t.Status == catalogue.Imputed {
			l.status = catalogue.Imputed
		}
		if t.reportedFor != (catalogue.Period{}) {
			l.flag(event.Derived)
		}
		if t.negative {
			l.flag(event.DerivedNegative)
		}
	}
	return l
}

// carry marks, under the coverage policy carry, the areas that have a lower stage than the
// highest of a sum; the level is imputed then.
func (l *level) carry(policy catalogue.CoveragePolicy, sums ...[]term) {
	if policy != catalogue.Carry {
		return
	}
	for _, terms := range sums {
		var highest catalogue.Stage
		stages := make(map[string]catalogue.Stage, len(terms))
		for i := range terms {
			t := &terms[i]
			stage, ok := stages[t.member]
			if !ok || t.Stage < stage {
				stages[t.member] = t.Stage
			}
		}
		for _, stage := range stages {
			highest = max(highest, stage)
		}
		for area, stage := range stages {
			if stage < highest {
				l.carried = append(l.carried, area)
			}
		}
	}
	slices.Sort(l.carried)
	l.carried = slices.Compact(l.carried)
	if len(l.carried) > 0 {
		l.status = catalogue.Imputed
	}
}

// areasOf returns the members of terms, which are sorted by member. Where those are all
// expected areas it returns that slice, to save memory.
func areasOf(terms []term, expected []string) []string {
	n := 0
	for i := range terms {
		if i == 0 || terms[i].member != terms[i-1].member {
			n++
		}
	}
	if n == len(expected) {
		return expected
	}
	areas := make([]string, 0, n)
	for i := range terms {
		if i == 0 || terms[i].member != terms[i-1].member {
			areas = append(areas, terms[i].member)
		}
	}
	return areas
}

// sumTerms adds terms up, exactly: in 64 bits where they suffice, else in big integers.
func sumTerms(terms []term) decimal.Decimal {
	var scale uint8
	for i := range terms {
		scale = max(scale, terms[i].Value.Scale)
	}
	var total int64
	for i := range terms {
		coefficient := terms[i].coefficient()
		for range scale - terms[i].Value.Scale {
			if coefficient > math.MaxInt64/10 || coefficient < math.MinInt64/10 {
				return sumTermsBig(terms)
			}
			coefficient *= 10
		}
		if next := total + coefficient; (next > total) == (coefficient > 0) {
			total = next
		} else {
			return sumTermsBig(terms)
		}
	}
	return decimal.New(total, -int32(scale))
}

func sumTermsBig(terms []term) decimal.Decimal {
	total := decimal.Zero
	for i := range terms {
		total = total.Add(decimal.New(terms[i].coefficient(), -int32(terms[i].Value.Scale)))
	}
	return total
}

// inputs returns the terms as the inputs of a total.
func inputs(terms []term) event.Inputs {
	return event.CollectInputs(func(yield func(event.Input) bool) {
		for i := range terms {
			if !yield(terms[i].input()) {
				return
			}
		}
	})
}

func (t *term) input() event.Input {
	return event.Input{
		Area: t.Area, Indicator: t.indicator, Value: t.Value, Stage: t.Stage, Qualifier: t.Qualifier,
		Submission: t.Submission, Sequence: t.Sequence, Period: t.reportedFor, Subtracted: t.subtracted,
	}
}
