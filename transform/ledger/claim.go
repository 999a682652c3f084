package ledger

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Claim is an area's statement that an entity is one of those that it lists in a cell.
type Claim struct {
	Area string
	// Figure is the statement, whose Entity says what the area said of it. Since is never 0
	// there.
	Figure
	// Submission is the id of the submission that it came from, and Sequence that
	// submission's place in SUBMISSIONS.
	Submission event.SubmissionID
	Sequence   uint64
	// Additive says whether what the area lists is part of the city's. An entity of another
	// area, which lies inside one of those, counts for it beside.
	Additive bool
}

// Rank returns the statement's rank among those of its area of the entity.
func (c *Claim) Rank() Rank { return Rank{Epoch: c.Epoch, Stage: c.Stage, Sequence: c.Sequence} }

// CountsFor returns the area for which an entity counts in the city that areas claim in a cell
// of the period; false where it counts for none, since no claim of an additive area is valid
// at the period's end.
func CountsFor(rule catalogue.ClaimRule, period catalogue.Period, claims []Claim) (area string, ok bool) {
	day := catalogue.DayOf(period.LastDay())
	var buffer [4]contender[string]
	contenders := buffer[:0]
	for i := range claims {
		c := &claims[i]
		if c.Additive && c.Counts() && c.Entity.ValidOn(day) {
			contenders = append(contenders, contender[string]{c.Area, c.Entity.Registered, c.Entity.Since})
		}
	}
	return winner(rule, contenders)
}

// contender is a claim that may count. The zero area is none.
type contender[A comparable] struct {
	area, registered A
	since            uint64
}

// winner returns the area whose claim counts: that of the registered address as the first
// contender says that names one, where that area is a contender under RegisteredAddress, or
// else the first. Submissions have one area, so no two claims are of the same place.
func winner[A comparable](rule catalogue.ClaimRule, of []contender[A]) (area A, ok bool) {
	if len(of) < 2 {
		if len(of) == 1 {
			return of[0].area, true
		}
		return area, false
	}
	slices.SortFunc(of, func(a, b contender[A]) int { return cmp.Compare(a.since, b.since) })
	if rule == catalogue.RegisteredAddress {
		var none A
		for i := range of {
			if of[i].registered == none {
				continue
			}
			for j := range of {
				if of[j].area == of[i].registered {
					return of[j].area, true
				}
			}
			break
		}
	}
	return of[0].area, true
}
