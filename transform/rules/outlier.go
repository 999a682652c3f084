package rules

import (
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/shopspring/decimal"
)

// outlierPlaces is how many places quotients have in the search for outliers. They decide
// nothing but cases at the very edge, always in the same way.
const outlierPlaces = 18

// isOutlier reports whether the change to a value from the latest of a series, which begins
// with the latest, is far from the changes within the series: whether its logarithm differs
// from their median by more than times their median absolute deviation, and by more than
// that of the factor least. It is computed of the changes themselves instead of their
// logarithms, so that it is the same on every machine; the median of an even number is the
// lower one. A series with a figure that is not above zero has no outliers.
func isOutlier(args ...ref.Val) ref.Val {
	value, least := args[0].(number).Decimal, args[3].(number).Decimal
	times := int64(args[2].(types.Int))
	list := args[1].(traits.Lister)
	series := []decimal.Decimal{value}
	for i := range int64(list.Size().(types.Int)) {
		series = append(series, list.Get(types.Int(i)).(number).Decimal)
	}
	if len(series) < 3 || slices.ContainsFunc(series, func(d decimal.Decimal) bool { return d.Sign() <= 0 }) {
		return types.False
	}
	changes := make([]decimal.Decimal, len(series)-1)
	for i := range changes {
		changes[i] = series[i].DivRound(series[i+1], outlierPlaces)
	}
	usual := median(changes[1:])
	if usual.Sign() == 0 || slices.ContainsFunc(changes, decimal.Decimal.IsZero) {
		return types.True // a change below all places
	}
	deviations := make([]decimal.Decimal, len(changes))
	for i, change := range changes {
		deviations[i] = apart(change, usual)
	}
	limit := decimal.NewFromInt(1)
	for spread := median(deviations[1:]); times > 0 && limit.LessThanOrEqual(deviations[0]); times-- {
		limit = limit.Mul(spread).Round(outlierPlaces)
	}
	return types.Bool(deviations[0].GreaterThan(limit) && deviations[0].GreaterThan(least))
}

// apart returns by which factor, at least 1, two changes differ.
func apart(a, b decimal.Decimal) decimal.Decimal {
	if a.LessThan(b) {
		a, b = b, a
	}
	return a.DivRound(b, outlierPlaces)
}

func median(all []decimal.Decimal) decimal.Decimal {
	sorted := slices.SortedFunc(slices.Values(all), decimal.Decimal.Cmp)
	return sorted[(len(sorted)-1)/2]
}
