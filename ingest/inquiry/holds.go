package inquiry

import (
	"context"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// HoldsSubject is the subject of questions for held figures, DecideSubject that of what people
// say and decide about them.
const (
	HoldsSubject  = "inquiries.holds"
	DecideSubject = "inquiries.decide"
)

// WantedHolds are the held figures that are asked for. What is empty selects all.
type WantedHolds struct {
	// Area is the code of the area whose figures are asked for.
	Area string `json:"area,omitempty"`
	// State is pending, released, refused or superseded.
	State      string `json:"state,omitempty"`
	Submission string `json:"submission,omitempty"`
	Dataset    string `json:"dataset,omitempty"`
	Indicator  string `json:"indicator,omitempty"`
	Period     string `json:"period,omitempty"`
	// IDs are those of single figures.
	IDs []string `json:"ids,omitempty"`
	// Of has those of one submission alone.
	Of *HeldOf `json:"of,omitempty"`
	// Before is the id of a figure: only those that were held before it are asked for.
	Before string `json:"before,omitempty"`
	// Limit is how many are asked for; 0 is [MaxHolds].
	Limit int `json:"limit,omitempty"`
}

// MaxHolds is how many held figures one answer lists.
const MaxHolds = 1000

// Holds are figures that are or were held, the latest first.
type Holds struct {
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis uint64 `json:"basis"`
	Holds []Hold `json:"holds"`
	// HoldsOmitted counts those beyond the limit.
	HoldsOmitted int `json:"holds_omitted,omitempty"`
	// Refused is why nothing was put on record, of what was said or decided.
	Refused *HoldProblem `json:"refused,omitempty"`
}

// Hold is a figure that is or was held, in the unit Unit.
type Hold struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Area      string `json:"area"`
	Dataset   string `json:"dataset"`
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Unit      string `json:"unit"`
	event.Said
	// Listed are the rows of a list that are held together, and explained, released and refused as
	// one; nil of a figure. Value is then the count that the list would have with them, while they
	// are held, and the id, the row and what was written are those of the first of them.
	Listed *HeldList `json:"listed,omitempty"`
	// InForce is the figure that is in force in its place; none where there is none.
	InForce *event.Said `json:"in_force,omitempty"`
	// Releaser is who releases it: the district by an explanation, or the bureau.
	Releaser event.Releaser `json:"releaser"`
	// Findings are why it is held.
	Findings     []event.HeldFinding `json:"findings"`
	Explanations []Statement         `json:"explanations"`
	Decision     *Statement          `json:"decision,omitempty"`
	// Successor is the place in SUBMISSIONS of what superseded it.
	Successor  uint64    `json:"successor,omitempty"`
	Submission string    `json:"submission"`
	Sequence   uint64    `json:"sequence"`
	Row        int       `json:"row"`
	ReceivedAt time.Time `json:"received_at"`
	File       string    `json:"file,omitempty"`
	Raw        string    `json:"raw,omitempty"`
	Note       string    `json:"note,omitempty"`
	Reason     string    `json:"reason,omitempty"`
}

// HeldList is what is held of a list.
type HeldList struct {
	// Rows is how many rows are held, of which Withdrawn take an entity off the list.
	Rows      int `json:"rows"`
	Withdrawn int `json:"withdrawn,omitempty"`
	// Entities are the first of them, MaxHeldEntities at most.
	Entities []HeldEntity `json:"entities"`
}

// HeldEntity is an entity of a row that is held.
type HeldEntity struct {
	Row       int    `json:"row"`
	Code      string `json:"code"`
	Name      string `json:"name"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// MaxHeldEntities is how many entities of a list that is held are named.
const MaxHeldEntities = 10

// Statement is what a person said or decided about a held figure.
type Statement struct {
	Text   string       `json:"text"`
	Person event.Person `json:"person"`
	At     time.Time    `json:"at"`
	// Sequence is its place in ACCEPTED.
	Sequence uint64 `json:"sequence"`
}

// HoldProblem is why an act was refused, for the person, in Chinese and English.
type HoldProblem struct {
	// Code is stable and for programs.
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// Error returns the English sentence.
func (p *HoldProblem) Error() string { return p.EN }

// The codes of acts that are refused.
const (
	HoldUnknown   = "HOLD_UNKNOWN"    // nothing is held under that id, or it is another area's
	HoldDecided   = "HOLD_DECIDED"    // it was released or refused before
	HoldEnded     = "HOLD_SUPERSEDED" // a later figure has taken its place
	HoldExplained = "HOLD_EXPLAINED"  // as much was said about it as one figure takes
	HoldNotYours  = "HOLD_NOT_YOURS"  // the person may not decide it
	HoldText      = "HOLD_TEXT"       // the explanation or reason is missing, too long or has control characters
)

// HoldAct is what a person, who is proven, says or decides about held figures.
type HoldAct struct {
	// Kind is explain, release or refuse.
	Kind event.DecisionKind `json:"kind"`
	// IDs are the figures; where there are none, Submission has all that are held of it.
	IDs        []string `json:"ids,omitempty"`
	Submission string   `json:"submission,omitempty"`
	// Area is the only one whose figures the person may see; "" is all.
	Area   string       `json:"area,omitempty"`
	Text   string       `json:"text"`
	Person event.Person `json:"person"`
}

// AskHolds asks for held figures.
func AskHolds(ctx context.Context, log *stream.Log, wanted WantedHolds) (Holds, error) {
	return ask[Holds](ctx, log, HoldsSubject, wanted)
}

// Decide has put on record what a person says or decides. The answer has the figures as they
// are afterwards, or why nothing was put on record.
func Decide(ctx context.Context, log *stream.Log, act HoldAct) (Holds, error) {
	return ask[Holds](ctx, log, DecideSubject, act)
}
