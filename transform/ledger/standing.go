package ledger

import (
	"cmp"
	"slices"
)

// Standing is what stands in an area's cell: the vintage that set it, and the others.
type Standing struct {
	Vintage
	// Confirmed are the vintages that said the same since, the newest first, and Others all that
	// do not stand, the best first.
	Confirmed, Others []Vintage
}

// Standings returns what stands in a cell, by area, one that was withdrawn too. A list stands
// where nothing else was reported.
func (h *History) Standings(cell Cell) (all []Standing) {
	raw, told := h.vintages[cell], h.Vintages(cell)
	for from := 0; from < len(raw); {
		to := from + 1
		for to < len(raw) && raw[to].Area == raw[from].Area {
			to++
		}
		setter, confirmed := setterAmong(raw[from:to])
		s := Standing{Vintage: told[from+setter]}
		for i := from; i < to; i++ {
			switch {
			case i == from+setter:
			case slices.Contains(confirmed, i-from):
				s.Confirmed = append(s.Confirmed, told[i])
			default:
				s.Others = append(s.Others, told[i])
			}
		}
		all, from = append(all, s), to
	}
	return all
}

// setterAmong returns which of an area's vintages set what stands, and which said the same since,
// as the ledger folds them.
func setterAmong(of []Vintage) (setter int, confirmed []int) {
	order := make([]int, 0, len(of))
	for i := range of {
		if of[i].Listed == 0 {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return 0, nil
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(of[a].AcceptedSequence, of[b].AcceptedSequence), cmp.Compare(of[a].Sequence, of[b].Sequence))
	})
	setter = order[0]
	best := setter
	for _, i := range order[1:] {
		switch {
		case of[i].Rank().Compare(of[best].Rank()) <= 0:
		case of[i].SameContent(of[setter].Figure):
			best, confirmed = i, append(confirmed, i)
		default:
			setter, best, confirmed = i, i, nil
		}
	}
	return setter, confirmed
}
