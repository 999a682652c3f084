package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Received is the status of a receipt without a verdict; with one it is the
// verdict's outcome: accepted, partial or rejected.
const Received = "received"

// Receipt is the proof that a submission is durable, and, once it has been
// judged, what became of it.
type Receipt struct {
	ID      string `json:"id"`
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	File    string `json:"file,omitempty"`
	// Rows counts the observations.
	Rows int `json:"rows"`
	// Sequence is the submission's place in SUBMISSIONS, ReceivedAt when the
	// broker stored it.
	Sequence   uint64    `json:"sequence"`
	ReceivedAt time.Time `json:"received_at"`
	Status     string    `json:"status"`
	// Repeated is true when the same content had been sent before: the receipt is
	// the first one's, and nothing was stored again.
	Repeated bool           `json:"repeated"`
	Verdict  *event.Verdict `json:"verdict,omitempty"`
}

// Receipts is the answer to an upload that held several submissions. They are
// stored together or not at all.
type Receipts struct {
	Submissions []Receipt `json:"submissions"`
}

var errUnknown = errors.New("no such submission")

// judged returns the receipt that follows from a verdict.
func judged(v *event.Verdict) Receipt {
	return Receipt{
		ID: v.Submission, Area: v.Area, Dataset: v.Dataset, File: v.File, Rows: v.Rows,
		Sequence: v.Sequence, ReceivedAt: v.ReceivedAt, Status: string(v.Outcome), Verdict: v,
	}
}

// receipt reads what the log says of a submission. It returns errUnknown when
// the log has nothing of it, or nothing any more.
func (g *Gateway) receipt(ctx context.Context, id event.SubmissionID) (Receipt, error) {
	e, ok := g.index.lookup(id)
	if !ok {
		return Receipt{}, errUnknown
	}
	verdict, err := g.verdict(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	if verdict != nil && !(verdict.Outcome == event.Rejected && e.submission > verdict.Sequence) {
		return judged(verdict), nil
	}
	return g.pending(ctx, id, e)
}

// verdict reads the verdict an entry refers to; nil when there is none.
func (g *Gateway) verdict(ctx context.Context, e entry) (*event.Verdict, error) {
	if e.verdict == 0 {
		return nil, nil
	}
	m, err := g.log.Get(ctx, stream.Verdicts, e.verdict)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &event.Verdict{}
	if err := json.Unmarshal(m.Data, v); err != nil {
		return nil, fmt.Errorf("read verdict %d: %w", e.verdict, err)
	}
	return v, nil
}

// pending makes the receipt of a submission that nobody has judged yet.
func (g *Gateway) pending(ctx context.Context, id event.SubmissionID, e entry) (Receipt, error) {
	if e.submission == 0 {
		return Receipt{}, errUnknown
	}
	return g.stored(ctx, id, e.submission)
}

// stored makes a receipt of a message in SUBMISSIONS. Anyone with the broker's
// credentials writes ids into headers, so a message counts only when its content
// has the id; otherwise the answer is errUnknown, as when there is none.
func (g *Gateway) stored(ctx context.Context, id event.SubmissionID, sequence uint64) (Receipt, error) {
	m, err := g.log.Get(ctx, stream.Submissions, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Receipt{}, errUnknown
	}
	if err != nil {
		return Receipt{}, err
	}
	s, err := event.DecodeSubmission(m.Data)
	tokens := strings.Split(m.Subject, ".")
	if err != nil || len(tokens) != 3 {
		return Receipt{}, errUnknown
	}
	// The body may leave out what the subject says.
	s.Area, s.Dataset = cmp.Or(s.Area, tokens[1]), cmp.Or(s.Dataset, tokens[2])
	if s.Area != tokens[1] || s.Dataset != tokens[2] || s.ID() != id.String() {
		return Receipt{}, errUnknown
	}
	return Receipt{
		ID: id.String(), Area: s.Area, Dataset: s.Dataset, File: s.File, Rows: len(s.Observations),
		Sequence: sequence, ReceivedAt: m.Time.UTC(), Status: Received,
	}, nil
}
