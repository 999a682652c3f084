package inquiry

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// StandingSubject is the subject of questions for what has become of the held rows of submissions.
const StandingSubject = "inquiries.standing"

// HeldOf are the held rows of one submission.
type HeldOf struct {
	// Sequence is the submission's place in SUBMISSIONS.
	Sequence uint64 `json:"sequence"`
	// Others are the ids of rows that were held already, of earlier submissions that said the same.
	Others []string `json:"others,omitempty"`
}

// HeldIn returns the held rows of the submission that a verdict is on.
func HeldIn(v *event.Verdict) HeldOf {
	of := HeldOf{Sequence: v.Sequence}
	for i := range v.Findings {
		if id := v.Findings[i].Hold; id != "" && (len(of.Others) == 0 || of.Others[len(of.Others)-1] != id) {
			of.Others = append(of.Others, id)
		}
	}
	return of
}

// WantedStanding are the submissions that are asked for.
type WantedStanding struct {
	Of []HeldOf `json:"of"`
}

// Standing counts the rows that were held, by what has become of them.
type Standing struct {
	// Pending wait; Released count since; Refused were refused by the bureau; and of Superseded a
	// later figure has taken the place.
	Pending    int `json:"pending"`
	Released   int `json:"released"`
	Refused    int `json:"refused"`
	Superseded int `json:"superseded"`
}

// Add adds another count.
func (s *Standing) Add(t Standing) {
	s.Pending, s.Released, s.Refused, s.Superseded = s.Pending+t.Pending, s.Released+t.Released, s.Refused+t.Refused, s.Superseded+t.Superseded
}

// Outcome returns what has become of a submission by now: the verdict is final, and what was held
// when it was judged has been decided about since, or superseded.
func (s *Standing) Outcome(v *event.Verdict) event.Outcome {
	return event.OutcomeOf(v.Rows, v.Accepted+s.Released, s.Pending)
}

// Standings are the answer, in the order of the question.
type Standings struct {
	Of []Standing `json:"of"`
}

// AskStanding asks what has become of the held rows of submissions.
func AskStanding(ctx context.Context, log *stream.Log, wanted WantedStanding) (Standings, error) {
	return ask[Standings](ctx, log, StandingSubject, wanted)
}
