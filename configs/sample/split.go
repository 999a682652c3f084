package sample

import (
	"cmp"
	"slices"
)

// split divides total, in its smallest unit, in proportion to the weights, by largest
// remainder: each part gets its share rounded down, and the rest goes, one unit each, to the
// parts that lost most by rounding, of equal ones to the earlier. The parts add up to total.
func split(total int64, weights []int64) []int64 {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	parts := make([]int64, len(weights))
	order := make([]int, len(weights))
	rest := total
	for i, w := range weights {
		order[i] = i
		parts[i] = total * w / sum
		rest -= parts[i]
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Compare(total*weights[j]%sum, total*weights[i]%sum)
	})
	for _, i := range order[:rest] {
		parts[i]++
	}
	return parts
}
