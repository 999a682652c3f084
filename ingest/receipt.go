package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// Received is the status of a receipt without a verdict; with one it is accepted, partial, held
// or rejected.
const Received = "received"

// Receipt is the proof that a submission is durable. Once the submission has been judged,
// the receipt holds the verdict.
type Receipt struct {
	ID      string `json:"id"`
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	File    string `json:"file,omitempty"`
	// Rows counts the observations.
	Rows int `json:"rows"`
	// Part says which part it is of a submission that is larger than a message; nil for a whole
	// one.
	Part *event.Part `json:"part,omitempty"`
	// Sequence is the submission's place in SUBMISSIONS, ReceivedAt the time at which the
	// broker stored it.
	Sequence uint64 `json:"sequence"`
	// Place is the sequence with the id and the generation of the log, as [stream.Place] writes it.
	Place      string    `json:"place,omitempty"`
	ReceivedAt time.Time `json:"received_at"`
	// Status says how it stands by now: as the verdict's outcome does, but that what was held then
	// counts as what has become of it since. While no transform stage tells that, it is the outcome.
	Status string `json:"status"`
	// Held counts the rows that were held when it was judged, by what has become of them since; nil
	// where none was.
	Held *inquiry.Standing `json:"held,omitempty"`
	// Repeated is true when the same content had been sent before. The receipt is then that
	// of the first time, and nothing was stored again.
	Repeated bool `json:"repeated"`
	// Original is the SHA-256 of the file that it came in, where that is kept. It is in the answer
	// to an upload, and in that about one submission.
	Original string `json:"original,omitempty"`
	// Understood says what the file was taken for. It is in the answer to an upload only.
	Understood *decode.Understanding `json:"understood,omitempty"`
	Verdict    *event.Verdict        `json:"verdict,omitempty"`
	// Life says how far it has come, and Earlier has what was sent with the same content before and
	// was judged by itself, the newest first. Both are in the answer about one submission only.
	Life    *Life     `json:"life,omitempty"`
	Earlier []Receipt `json:"earlier,omitempty"`
}

// Receipts is the answer to an upload that held several submissions. They are
// stored together or not at all.
type Receipts struct {
	Submissions []Receipt `json:"submissions"`
}

var errNoSubmission = errors.New("no such submission")

// receiptOfVerdict returns the receipt of a submission that has a verdict.
func receiptOfVerdict(v *event.Verdict) Receipt {
	v.File = event.Harmless(v.File)
	return Receipt{
		ID: v.Submission, Area: v.Area, Dataset: v.Dataset, File: v.File, Rows: v.Rows + v.Silent, Part: v.Part,
		Sequence: v.Sequence, ReceivedAt: v.ReceivedAt, Status: string(v.Outcome), Verdict: v,
	}
}

// receipt makes the receipt of a submission from the log. It returns errNoSubmission when
// the log holds neither the submission nor its verdict.
func (g *Gateway) receipt(ctx context.Context, id event.SubmissionID) (Receipt, error) {
	e, ok := g.index.lookup(id)
	if !ok {
		return Receipt{}, errNoSubmission
	}
	verdict, err := g.verdict(ctx, e.verdictSequence)
	if err != nil {
		return Receipt{}, err
	}
	if verdict != nil && e.submissionSequence <= max(e.judgedSequence, verdict.Sequence) {
		return receiptOfVerdict(verdict), nil
	}
	return g.receiptWithoutVerdict(ctx, id, e)
}

// isOthers reports whether a submission is certainly another area's than those that a holder sees.
func (g *Gateway) isOthers(who token.Holder, id event.SubmissionID) bool {
	e, ok := g.index.lookup(id)
	return ok && e.area != "" && !who.MaySee(e.area)
}

// receiptSeenBy makes the receipt of a submission for a holder. For another area's it returns
// errNoSubmission without a look into the log: an id follows from the content, so neither the answer nor
// its time may tell whether a content that somebody guesses was sent.
func (g *Gateway) receiptSeenBy(ctx context.Context, who token.Holder, id event.SubmissionID) (Receipt, error) {
	if g.isOthers(who, id) {
		return Receipt{}, errNoSubmission
	}
	r, err := g.receipt(ctx, id)
	if err == nil && !who.MaySee(r.Area) {
		return Receipt{}, errNoSubmission
	}
	return r, err
}

// heldStays is the code of the finding of a repetition beside whose figure a later one is held.
const heldStays = "HELD_STAYS"

// receiptAfter makes the receipt of a submission whose newest verdict has come: the first
// receipt where that one says that it is a repetition, but its own words where it says
// that figures have been superseded since, or that what is held stays so.
func (g *Gateway) receiptAfter(ctx context.Context, id event.SubmissionID, e logPosition) (Receipt, error) {
	if e.repetition {
		verdict, err := g.verdict(ctx, e.newestVerdict)
		if err != nil {
			return Receipt{}, err
		}
		staysHeld := func(f event.Finding) bool { return f.Code == heldStays }
		if verdict != nil && (verdict.CountOf(event.Superseded) > 0 || slices.ContainsFunc(verdict.Findings, staysHeld)) {
			r := receiptOfVerdict(verdict)
			r.Repeated = true
			return r, nil
		}
	}
	r, err := g.receipt(ctx, id)
	r.Repeated = e.repetition
	return r, err
}

// maxEarlier bounds how many earlier verdicts on the same content are told.
const maxEarlier = 20

// earlier returns the receipts of what was sent with the content of a submission besides the message
// at a place in SUBMISSIONS, and was judged by itself, the newest first.
func (g *Gateway) earlier(ctx context.Context, id event.SubmissionID, besides uint64) (all []Receipt, err error) {
	for _, sequence := range g.index.replacedOf(id, maxEarlier) {
		verdict, err := g.verdict(ctx, sequence)
		if err != nil {
			return nil, err
		}
		// One that came back from DEAD is there twice.
		known := func(r Receipt) bool { return r.Sequence == verdict.Sequence }
		if verdict != nil && verdict.Sequence != besides && !slices.ContainsFunc(all, known) {
			all = append(all, receiptOfVerdict(verdict))
		}
	}
	return all, nil
}

// receiptAt returns the receipt of the message of a submission at a place in SUBMISSIONS: its own,
// or where it is the newest and repeats an earlier one that one's, which says so. False is that of
// an older message that only repeats another, or has no verdict of its own any more.
func (g *Gateway) receiptAt(ctx context.Context, l listed) (Receipt, bool, error) {
	position, ok := g.index.lookup(l.id)
	if !ok {
		return Receipt{}, false, nil
	}
	r, err := g.receipt(ctx, l.id)
	if err != nil || r.Sequence == l.sequence {
		return r, err == nil, err
	}
	if position.submissionSequence == l.sequence {
		r.Repeated = true
		return r, true, nil
	}
	first, err := g.verdict(ctx, position.verdictSequence)
	if err != nil {
		return Receipt{}, false, err
	}
	if first != nil && first.Sequence == l.sequence {
		return receiptOfVerdict(first), true, nil
	}
	earlier, err := g.earlier(ctx, l.id, r.Sequence)
	for i := range earlier {
		if earlier[i].Sequence == l.sequence {
			return earlier[i], true, nil
		}
	}
	return Receipt{}, false, err
}

// verdict reads the verdict at a place in VERDICTS, or returns nil when there is none.
func (g *Gateway) verdict(ctx context.Context, sequence uint64) (*event.Verdict, error) {
	if sequence == 0 {
		return nil, nil
	}
	m, err := g.log.Get(ctx, stream.Verdicts, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &event.Verdict{}
	if err := json.Unmarshal(m.Data, v); err != nil {
		return nil, fmt.Errorf("read verdict %d: %w", sequence, err)
	}
	return v, nil
}

// receiptWithoutVerdict makes the receipt of a submission that has not been judged yet.
func (g *Gateway) receiptWithoutVerdict(ctx context.Context, id event.SubmissionID, e logPosition) (Receipt, error) {
	if e.submissionSequence == 0 {
		return Receipt{}, errNoSubmission
	}
	return g.receiptOfMessage(ctx, id, e.submissionSequence)
}

// receiptOfMessage makes a receipt from a message in SUBMISSIONS. Anyone with credentials
// of the broker can put any id into a header, so the message counts only when its content
// has the id; otherwise the error is errNoSubmission, as it is when there is no message.
func (g *Gateway) receiptOfMessage(ctx context.Context, id event.SubmissionID, sequence uint64) (Receipt, error) {
	m, err := g.log.Get(ctx, stream.Submissions, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Receipt{}, errNoSubmission
	}
	if err != nil {
		return Receipt{}, err
	}
	s, err := event.DecodeSubmission(m.Data)
	tokens := strings.Split(m.Subject, ".")
	if err != nil || len(tokens) != 3 {
		return Receipt{}, errNoSubmission
	}
	// The body may leave out the area and dataset, which the subject names.
	s.Area, s.Dataset = cmp.Or(s.Area, tokens[1]), cmp.Or(s.Dataset, tokens[2])
	if s.Area != tokens[1] || s.Dataset != tokens[2] || s.ID() != id.String() {
		return Receipt{}, errNoSubmission
	}
	return Receipt{
		ID: id.String(), Area: s.Area, Dataset: s.Dataset, File: event.Harmless(s.File), Rows: len(s.Observations), Part: s.Part,
		Sequence: sequence, ReceivedAt: m.Time.UTC(), Status: Received,
	}, nil
}
