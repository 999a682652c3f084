package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// outbox is the accepted submissions of a batch, by subject of ACCEPTED.
type outbox struct {
	subjects []string // in the order in which they first occurred
	batches  map[string]*event.AcceptedBatch
	waiting  map[string][]int // indexes of the verdicts that wait for the subject's sequence
	// after is the last message on each subject by which was judged: where another follows it
	// meanwhile, what is judged here is judged again.
	after map[string]uint64
	// together is whether all or none has to be stored, because a verdict depends on what was accepted
	// of another area in the batch.
	together bool
}

func newOutbox() *outbox {
	return &outbox{batches: map[string]*event.AcceptedBatch{}, waiting: map[string][]int{}, after: map[string]uint64{}}
}

// expect is called before a submission is judged, since the ledger goes on meanwhile.
func (o *outbox) expect(l *ledger.Ledger, r *received) {
	if subject := acceptedSubject(r); o.batches[subject] == nil {
		o.after[subject] = l.LastOnSubject(subject)
	}
}

// add adds what was accepted of a submission, and what is held, on which the verdict at an
// index is.
func (o *outbox) add(verdict int, r *received, accepted []event.AcceptedObservation, held []event.HeldRow) {
	subject := acceptedSubject(r)
	batch := o.batches[subject]
	if batch == nil {
		batch = &event.AcceptedBatch{}
		o.batches[subject] = batch
		o.subjects = append(o.subjects, subject)
	}
	batch.Submissions = append(batch.Submissions, acceptedSubmission(r, accepted, held))
	o.awaitSequence(verdict, subject)
}

// acceptedSubmission returns a submission with its accepted and its held rows alone.
func acceptedSubmission(r *received, accepted []event.AcceptedObservation, held []event.HeldRow) event.AcceptedSubmission {
	s := event.AcceptedSubmission{
		ID: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence, ReceivedAt: r.delivery.StoredAt.UnixMilli(),
		Via: r.via(), By: r.by(), File: r.submission.File, Reason: r.submission.Reason, Held: held, OnBehalf: r.byBureau,
	}
	if r.key != "" {
		s.Key, s.Content = r.key, r.content
	}
	s.Add(accepted...)
	return s
}

// rejectTooLarge rejects a submission whose accepted rows do not fit into a message:
// one that is itself as large as the broker takes, or came in when the broker took
// larger ones.
func (v *Validator) rejectTooLarge(r *received, result *judgement) error {
	// What is accepted of a submission takes hardly more than the submission did. Held rows
	// have words with them.
	if len(result.accepted)+len(result.held) == 0 || len(result.held) == 0 && len(r.delivery.Body)+headerBytes < v.maxBody() {
		return nil
	}
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: []event.AcceptedSubmission{acceptedSubmission(r, result.accepted, result.held)}})
	if err != nil {
		return err
	}
	if len(body) > v.maxBody() {
		*result = rejectAll(r, tooLarge(len(body), v.maxBody()))
	}
	return nil
}

// awaitSequence has the sequence of the subject's message written into the verdict at
// an index, once the message is stored.
func (o *outbox) awaitSequence(verdict int, subject string) {
	o.waiting[subject] = append(o.waiting[subject], verdict)
}

// publishAccepted publishes the accepted submissions, one message for each subject
// where it has room, and writes into the verdicts where they are stored. It returns
// the subjects on which another validator published first; nothing was stored on
// those. Then it waits until the ledger has folded the others in.
func (v *Validator) publishAccepted(ctx context.Context, o *outbox, verdicts []event.Verdict, spans *stream.Spans) (overtaken map[string]bool, err error) {
	var messages []stream.Message
	var waiting [][]int // indexes of verdicts, by message
	for _, subject := range o.subjects {
		bodies, counts, err := encodeAccepted(o.batches[subject].Submissions, v.maxBody())
		if err != nil {
			return nil, err
		}
		last, rest := o.after[subject], o.waiting[subject]
		for i, body := range bodies {
			m := stream.Message{Subject: subject, Body: body, Header: spans.Inject(verdicts[rest[0]].Sequence, nil)}
			if i == 0 {
				m.ExpectLast = &last
			}
			messages = append(messages, m)
			waiting = append(waiting, rest[:counts[i]])
			rest = rest[counts[i]:]
		}
	}
	var newest uint64
	var failed error
	overtaken = map[string]bool{}
	for i, answer := range v.storeAccepted(ctx, o.together || len(messages) > len(o.subjects), messages) {
		switch {
		case errors.Is(answer.Err, stream.ErrConflict):
			overtaken[messages[i].Subject] = true
			continue
		case answer.Err != nil:
			failed = answer.Err
			continue
		}
		newest = max(newest, answer.Sequence)
		for _, verdict := range waiting[i] {
			verdicts[verdict].AcceptedSequence = answer.Sequence
		}
	}
	if failed != nil {
		return nil, failed
	}
	return overtaken, v.ledger.Wait(ctx, newest)
}

// storeAccepted publishes messages, each by itself or, together, as one batch, of which all are
// stored or none. Where a subject has more than one message, only its first names the message
// before it, so they go together.
func (v *Validator) storeAccepted(ctx context.Context, together bool, messages []stream.Message) []stream.PublishResult {
	if !together {
		return v.log.PublishEach(ctx, messages...)
	}
	answers := make([]stream.PublishResult, len(messages))
	published, err := v.log.Publish(ctx, messages...)
	for i := range answers {
		if answers[i].Err = err; i < len(published) {
			answers[i] = stream.PublishResult{Published: published[i]}
		}
	}
	return answers
}

// Bytes of a message that are left for its headers.
const headerBytes = 4 << 10

// maxBody returns how many bytes a message's body may have.
func (v *Validator) maxBody() int { return int(v.log.MaxMessage()) - headerBytes }

// encodeAccepted encodes submissions as bodies of at most maxBody bytes, and returns
// how many submissions each body holds. A submission that is larger by itself is a
// body of its own.
func encodeAccepted(submissions []event.AcceptedSubmission, maxBody int) (bodies [][]byte, counts []int, err error) {
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: submissions})
	if err != nil {
		return nil, nil, err
	}
	if n := len(submissions); len(body) > maxBody && n > 1 {
		first, firstCounts, err := encodeAccepted(submissions[:n/2], maxBody)
		if err != nil {
			return nil, nil, err
		}
		second, secondCounts, err := encodeAccepted(submissions[n/2:], maxBody)
		return append(first, second...), append(firstCounts, secondCounts...), err
	}
	return [][]byte{body}, []int{len(submissions)}, nil
}

// encodeVerdict encodes a verdict in at most maxBody bytes. Where there is no room for all
// it drops the last findings, then the last changes, and counts them in FindingsOmitted and
// ChangesOmitted.
func encodeVerdict(verdict *event.Verdict, maxBody int) ([]byte, error) {
	for {
		body, err := json.Marshal(verdict)
		if err != nil {
			return nil, fmt.Errorf("encode verdict: %w", err)
		}
		findings, changes := len(verdict.Findings), len(verdict.Changes)
		switch {
		case len(body) <= maxBody || findings+changes == 0:
			return body, nil
		case findings > 0:
			verdict.Findings, verdict.FindingsOmitted = verdict.Findings[:findings/2], verdict.FindingsOmitted+findings-findings/2
		default:
			verdict.Changes, verdict.ChangesOmitted = verdict.Changes[:changes/2], verdict.ChangesOmitted+changes-changes/2
		}
	}
}

// publishVerdicts stores the verdicts on submissions, and names in refused those that the broker
// will never take. Headers say which message of DIRECT a verdict is about, and what its sender
// called it: the receipt of who publishes to the broker has no more of it.
func (v *Validator) publishVerdicts(ctx context.Context, submissions []received, verdicts []event.Verdict, spans *stream.Spans, refused stream.Refusals) error {
	direct := map[uint64]*stream.Delivery{}
	for i := range submissions {
		if d := &submissions[i].delivery; d.Header(event.DirectHeader) != "" {
			direct[d.Sequence] = d
		}
	}
	messages := make([]stream.Message, len(verdicts))
	for i := range verdicts {
		body, err := encodeVerdict(&verdicts[i], v.maxBody())
		if err != nil {
			return err
		}
		messages[i] = stream.Message{
			Subject: verdictSubject(verdicts[i].Area, verdicts[i].Dataset),
			ID:      event.VerdictID(verdicts[i].Sequence),
			Header: map[string]string{
				event.SubmissionHeader: verdicts[i].Submission, event.OutcomeHeader: string(verdicts[i].Outcome),
				event.RepeatedHeader: strconv.FormatBool(verdicts[i].Repeated),
			},
			Body: body,
		}
		if d := direct[verdicts[i].Sequence]; d != nil {
			messages[i].Header[event.DirectHeader] = d.Header(event.DirectHeader)
			if key := d.Header(event.KeyHeader); key != "" {
				messages[i].Header[event.KeyHeader] = key
			}
		}
		messages[i].Header = spans.Inject(verdicts[i].Sequence, messages[i].Header)
	}
	for i, answer := range v.log.PublishEach(ctx, messages...) {
		switch {
		case event.IsPermanent(answer.Err):
			refused[verdicts[i].Sequence] = fmt.Errorf("store its verdict: %w", answer.Err)
		case answer.Err != nil:
			return answer.Err
		}
	}
	return nil
}

// verdictSubject returns the subject of VERDICTS for an area's submissions of a dataset.
func verdictSubject(area, dataset string) string { return "verdicts." + area + "." + dataset }
