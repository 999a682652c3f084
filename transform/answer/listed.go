package answer

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// ExplainedList is what an area lists in a cell.
type ExplainedList struct {
	// InForce are the entities that it has not withdrawn, Valid those of them that are valid
	// at the period's end, and Counted those of them that count for it in the city.
	InForce int `json:"in_force"`
	Valid   int `json:"valid"`
	Counted int `json:"counted"`
	// Earlier counts those in force that are not in the submission that came last, and stay
	// from earlier ones; EarlierEntities are the first of them, by code.
	Earlier         int             `json:"earlier,omitempty"`
	EarlierEntities []EarlierEntity `json:"earlier_entities,omitempty"`
	// Submissions are the ids of those that the list came from, the newest first.
	Submissions []string `json:"submissions"`
}

// EarlierEntity is an entity on an area's list, and the submission that stated it last.
type EarlierEntity struct {
	Entity     string `json:"entity"`
	Name       string `json:"name"`
	Submission string `json:"submission"`
	Sequence   uint64 `json:"sequence"`
}

// maxEarlier is how many entities of earlier submissions are told of one list.
const maxEarlier = 20

// ExplainedClaim is an entity that several areas claim.
type ExplainedClaim struct {
	Entity string `json:"entity"`
	Name   string `json:"name"`
	Period string `json:"period"`
	// Areas are those that claim it, in the order in which they first did. CountsFor is the
	// one that it counts for; "" where no claim is valid at the period's end.
	Areas     []string `json:"areas"`
	CountsFor string   `json:"counts_for"`
}

// maxClaims is how many entities that several areas claim are told of one sum.
const maxClaims = 200

// listed tells of a part that is counted from a list what the list holds, and what counts of
// it.
func (x *explainer) listed(p *ExplainedPart, v *ledger.Vintage, in *event.Input) {
	if v.Listed == 0 {
		return
	}
	counts, _ := x.lists(v.Cell)
	of := counts[v.Area]
	p.List = &ExplainedList{InForce: of.InForce, Valid: of.Valid, Counted: of.Counted}
	earlier, named := x.history.Ledger.ListedEarlier(v.Area, v.Cell, maxEarlier)
	p.List.Earlier = earlier
	for i := range named {
		p.List.EarlierEntities = append(p.List.EarlierEntities, EarlierEntity{named[i].Entity.Code, named[i].Entity.Name, named[i].Submission.String(), named[i].Sequence})
	}
	p.Value, p.Status = catalogue.Value{Coefficient: int64(of.Counted)}.String(), catalogue.Normal.String()
	if part, ok := x.history.Ledger.Part(v.Cell, v.Area); ok {
		p.Value, p.Stage = part.Value.String(), part.Stage.String()
	}
	if in != nil {
		p.Value, p.Stage = in.Value.String(), in.Stage.String()
	}
	for _, other := range x.history.Vintages(v.Cell) {
		if other.Area == v.Area && other.Listed > 0 {
			p.List.Submissions = append(p.List.Submissions, other.Submission.String())
		}
	}
}

// lists returns what areas list in a cell; the last answer is kept.
func (x *explainer) lists(cell ledger.Cell) (map[string]ledger.ListCount, []ledger.Listed) {
	if x.listedIn != cell {
		x.listedIn = cell
		x.counts, x.several = x.history.Ledger.Lists(cell)
	}
	return x.counts, x.several
}

// claims adds to a sum the entities that several areas claim in a cell.
func (x *explainer) claims(s *Sum, cell ledger.Cell) {
	_, several := x.lists(cell)
	for i := range several {
		e := &several[i]
		claim := ExplainedClaim{Entity: e.Code, Name: e.Claims[0].Entity.Name, Period: cell.Period.String(), CountsFor: e.CountsFor}
		told := false
		for j := range e.Claims {
			claim.Areas = append(claim.Areas, e.Claims[j].Area)
			told = told || x.shows(e.Claims[j].Area)
		}
		switch {
		case !told:
		case len(s.Claims) < maxClaims:
			s.Claims = append(s.Claims, claim)
		default:
			s.ClaimsOmitted++
		}
	}
}
