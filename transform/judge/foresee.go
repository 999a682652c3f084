package judge

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// Foreseen is what would become of submissions.
type Foreseen struct {
	// Verdicts are those that the submissions would get, in the same order. Together they
	// fit into half a message.
	Verdicts []event.Verdict
	// Figures are the best of those that would be accepted, at most one of each area in
	// a cell. One with the status [catalogue.Withdrawn] takes the area's figure away.
	Figures map[ledger.Cell][]ledger.Part
}

// Foresee judges messages of SUBMISSIONS that are not in the log, by the same rules and the
// same ledger, and stores nothing. Their sequences have to be above all that the log has.
func (v *Validator) Foresee(ctx context.Context, messages []stream.Delivery) (*Foreseen, error) {
	submissions := make([]received, len(messages))
	for i, m := range messages {
		if submissions[i] = readSubmission(m); submissions[i].stray != nil {
			return nil, submissions[i].stray
		}
	}
	verdicts, _, state, err := v.judgeUnderOne(ctx, submissions)
	if err != nil {
		return nil, err
	}
	for i := range verdicts {
		verdicts[i].Sequence, verdicts[i].Batch = 0, 0
		if _, err := encodeVerdict(&verdicts[i], v.maxBody()/2/len(verdicts)); err != nil {
			return nil, err
		}
	}
	foreseen := &Foreseen{Verdicts: verdicts}
	v.ledger.Read(func(r ledger.Reading) { foreseen.Figures = state.figures(r) })
	return foreseen, nil
}
