package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// Consumer is the durable consumer by which the validators' progress is
// known.
const Consumer = "validate"

// Config is how a validator works.
type Config struct {
	// Batch is how many submissions are judged together at most.
	Batch int
	// AckWait is how long the broker waits for a sign of life before it gives a
	// message to somebody else.
	AckWait time.Duration
}

// Validator judges submissions and publishes what it accepts and decides. Any
// number may run: each publish to ACCEPTED names the last message the ledger
// knew on the subject, so a validator that judged by an outdated ledger is
// refused by the broker and judges again.
type Validator struct {
	log     *stream.Log
	ledger  *ledger.Ledger
	rules   rules
	config  Config
	logger  zerolog.Logger
	now     func() time.Time
	metrics *Metrics
	tracer  *stream.Tracer
}

// NewValidator returns a validator that judges by the catalogue and by the ledger,
// which somebody else fills. The tracer may be nil.
func NewValidator(log *stream.Log, l *ledger.Ledger, c *catalogue.Catalogue, config Config, logger zerolog.Logger, now func() time.Time, metrics *Metrics, tracer *stream.Tracer) *Validator {
	return &Validator{log: log, ledger: l, rules: rules{c}, config: config, logger: logger, now: now, metrics: metrics, tracer: tracer}
}

// Run judges until ctx ends. It is to be called once the ledger has caught up.
func (v *Validator) Run(ctx context.Context) error {
	consumer, err := v.log.Consume(ctx, stream.ConsumerConfig{
		Stream: stream.Submissions, Name: Consumer, AckWait: v.config.AckWait, MaxPending: 2 * v.config.Batch,
	})
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer consumer.Stop()
	for {
		batch, err := consumer.Batch(ctx, v.config.Batch)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		done := consumer.Hold(batch)
		err = stream.Finish(ctx, v.logger, "judge submissions", func(ctx context.Context) error {
			return v.process(ctx, batch)
		})
		done()
		if err != nil {
			return err
		}
	}
}

// process takes a batch from judgement to acknowledgement.
func (v *Validator) process(ctx context.Context, batch []stream.Delivery) (err error) {
	began, spans := v.now(), v.tracer.StartBatch(ctx, "validate", batch)
	defer func() { spans.End(err) }()
	submissions, err := readSubmissions(ctx, batch)
	if err != nil {
		return err
	}
	verdicts, err := v.accept(ctx, submissions, spans)
	if err != nil {
		return err
	}
	if err := v.publishVerdicts(ctx, verdicts, spans); err != nil {
		return err
	}
	v.metrics.observe(v.rules.catalogue, verdicts, v.now().Sub(began))
	return stream.AckAll(batch)
}

// accept judges until everything that was accepted is in the log, and returns the
// verdicts.
func (v *Validator) accept(ctx context.Context, submissions []received, spans *stream.Spans) ([]event.Verdict, error) {
	verdicts := make([]event.Verdict, 0, len(submissions))
	for {
		judged, outgoing, err := v.judgeAll(ctx, submissions)
		if err != nil {
			return nil, err
		}
		overtaken, err := v.publishAccepted(ctx, outgoing, judged, spans)
		if err != nil {
			return nil, err
		}
		// What somebody else has overtaken was judged by an outdated ledger.
		var again []received
		for i := range submissions {
			if overtaken[acceptedSubject(&submissions[i])] {
				again = append(again, submissions[i])
			} else {
				verdicts = append(verdicts, judged[i])
			}
		}
		if len(again) == 0 {
			return verdicts, nil
		}
		submissions = again
		v.metrics.conflicts.Inc()
		if err := v.catchUp(ctx); err != nil {
			return nil, err
		}
	}
}

func (v *Validator) catchUp(ctx context.Context) error {
	last, err := v.log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return err
	}
	return v.ledger.Wait(ctx, last)
}

// readSubmissions takes the messages apart on all processors, in the order in which they
// were received, which redelivery upsets.
func readSubmissions(ctx context.Context, batch []stream.Delivery) ([]received, error) {
	submissions := make([]received, len(batch))
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range batch {
		group.Go(func() error { submissions[i] = readSubmission(batch[i]); return nil })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(submissions, func(a, b received) int { return int(a.delivery.Sequence) - int(b.delivery.Sequence) })
	return submissions, nil
}

// outbox gathers accepted submissions by subject.
type outbox struct {
	subjects []string
	batches  map[string]*event.AcceptedBatch
	waiting  map[string][]int // verdicts by subject
}

// judgeAll judges in order; later submissions see what earlier ones of the same
// batch had accepted.
func (v *Validator) judgeAll(ctx context.Context, submissions []received) ([]event.Verdict, *outbox, error) {
	verdicts := make([]event.Verdict, len(submissions))
	outgoing := &outbox{batches: map[string]*event.AcceptedBatch{}, waiting: map[string][]int{}}
	past := newBatchState(v.ledger)
	for i := range submissions {
		r := &submissions[i]
		verdicts[i] = v.newVerdict(r)
		first, known, err := v.acceptedBefore(ctx, r.id, past)
		if err != nil {
			return nil, nil, err
		}
		if known {
			// The same content again; or, at the same sequence, this very message
			// delivered again because its acknowledgement was lost.
			verdicts[i].Repeated = first.sequence != r.delivery.Sequence
			v.repeatVerdict(&verdicts[i], r, past, first)
			if first.acceptedSequence == 0 {
				outgoing.awaitSequence(i, first.subject)
			}
			continue
		}
		result := v.rules.apply(r, past)
		conclude(&verdicts[i], r, &result)
		if len(result.accepted) > 0 {
			past.add(r, result.accepted)
			outgoing.add(i, r, result.accepted)
		}
	}
	return verdicts, outgoing, nil
}

// newVerdict begins the verdict on a submission.
func (v *Validator) newVerdict(r *received) event.Verdict {
	return event.Verdict{
		Submission: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence,
		ReceivedAt: r.delivery.StoredAt, DecidedAt: v.now().UTC(), Rows: len(r.submission.Observations),
		Via: r.delivery.Header(event.ViaHeader), By: r.delivery.Header(event.ByHeader), File: r.submission.File,
		Catalogue: v.rules.catalogue.Version(), Findings: []event.Finding{},
	}
}

func conclude(verdict *event.Verdict, r *received, result *judgement) {
	verdict.Accepted = len(result.accepted)
	verdict.RejectedRows = verdict.Rows - verdict.Accepted
	if result.findings != nil {
		verdict.Findings = result.findings
	}
	switch {
	case verdict.Accepted == 0:
		verdict.Outcome = event.Rejected
	case verdict.RejectedRows == 0:
		verdict.Outcome = event.AllAccepted
	default:
		verdict.Outcome = event.Partial
	}
}

func (o *outbox) add(verdict int, r *received, accepted []event.AcceptedObservation) {
	subject := acceptedSubject(r)
	batch := o.batches[subject]
	if batch == nil {
		batch = &event.AcceptedBatch{}
		o.batches[subject] = batch
		o.subjects = append(o.subjects, subject)
	}
	s := event.AcceptedSubmission{
		ID: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence, ReceivedAt: r.delivery.StoredAt.UnixMilli(),
		Via: r.delivery.Header(event.ViaHeader), By: r.delivery.Header(event.ByHeader),
		File: r.submission.File, Reason: r.submission.Reason,
	}
	s.Add(accepted...)
	batch.Submissions = append(batch.Submissions, s)
	o.awaitSequence(verdict, subject)
}

// own has the verdict told where the subject's batch is stored.
func (o *outbox) awaitSequence(verdict int, subject string) {
	o.waiting[subject] = append(o.waiting[subject], verdict)
}

// publishAccepted stores the accepted observations, a message a subject, and
// notes in the verdicts where. It returns the subjects where somebody else was
// first, on which nothing was stored: the others do not depend on them.
func (v *Validator) publishAccepted(ctx context.Context, o *outbox, verdicts []event.Verdict, spans *stream.Spans) (overtaken map[string]bool, err error) {
	var messages []stream.Message
	var owners [][]int // verdicts by message
	for _, subject := range o.subjects {
		bodies, counts, err := encodeAccepted(o.batches[subject].Submissions, v.maxBody())
		if err != nil {
			return nil, err
		}
		last, rest := v.ledger.LastOnSubject(subject), o.waiting[subject]
		for i, body := range bodies {
			m := stream.Message{Subject: subject, Body: body, Header: spans.Carry(verdicts[rest[0]].Sequence, nil)}
			if i == 0 {
				m.ExpectLast = &last
			}
			messages = append(messages, m)
			owners = append(owners, rest[:counts[i]])
			rest = rest[counts[i]:]
		}
	}
	var newest uint64
	var failed error
	overtaken = map[string]bool{}
	for i, answer := range v.storeAccepted(ctx, len(o.subjects), messages) {
		switch {
		case errors.Is(answer.Err, stream.ErrConflict):
			overtaken[messages[i].Subject] = true
			continue
		case answer.Err != nil:
			failed = answer.Err
			continue
		}
		newest = max(newest, answer.Sequence)
		for _, owner := range owners[i] {
			verdicts[owner].AcceptedSequence = answer.Sequence
		}
	}
	if failed != nil {
		return nil, failed
	}
	return overtaken, v.ledger.Wait(ctx, newest)
}

// storeAccepted publishes messages on so many subjects. Where a subject has more
// than one, only the first says what it builds on, so that none may go without the
// others.
func (v *Validator) storeAccepted(ctx context.Context, subjects int, messages []stream.Message) []stream.Answer {
	if len(messages) == subjects {
		return v.log.PublishEach(ctx, messages...)
	}
	answers := make([]stream.Answer, len(messages))
	published, err := v.log.Publish(ctx, messages...)
	for i := range answers {
		if answers[i].Err = err; i < len(published) {
			answers[i] = stream.Answer{Published: published[i]}
		}
	}
	return answers
}

// maxBody is how large a message's body may be, headers left aside.
func (v *Validator) maxBody() int { return int(v.log.MaxMessage()) - headerBytes }

const headerBytes = 4 << 10

// encodeAccepted encodes submissions as few messages as there is room for, and
// says how many each holds.
func encodeAccepted(submissions []event.AcceptedSubmission, room int) (bodies [][]byte, counts []int, err error) {
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: submissions})
	if err != nil {
		return nil, nil, err
	}
	if n := len(submissions); len(body) > room && n > 1 {
		first, firstCounts, err := encodeAccepted(submissions[:n/2], room)
		if err != nil {
			return nil, nil, err
		}
		second, secondCounts, err := encodeAccepted(submissions[n/2:], room)
		return append(first, second...), append(firstCounts, secondCounts...), err
	}
	return [][]byte{body}, []int{len(submissions)}, nil
}

// encodeVerdict encodes a verdict, without its last findings where there is no
// room for all.
func encodeVerdict(verdict *event.Verdict, room int) ([]byte, error) {
	for {
		body, err := json.Marshal(verdict)
		if err != nil {
			return nil, fmt.Errorf("encode verdict: %w", err)
		}
		n := len(verdict.Findings)
		if len(body) <= room || n == 0 {
			return body, nil
		}
		verdict.Findings, verdict.FindingsOmitted = verdict.Findings[:n/2], verdict.FindingsOmitted+n-n/2
	}
}

func (v *Validator) publishVerdicts(ctx context.Context, verdicts []event.Verdict, spans *stream.Spans) error {
	messages := make([]stream.Message, len(verdicts))
	for i := range verdicts {
		body, err := encodeVerdict(&verdicts[i], v.maxBody())
		if err != nil {
			return err
		}
		messages[i] = stream.Message{
			Subject: "verdicts." + verdicts[i].Area + "." + verdicts[i].Dataset,
			ID:      "verdict." + strconv.FormatUint(verdicts[i].Sequence, 10),
			Header: spans.Carry(verdicts[i].Sequence, map[string]string{
				event.SubmissionHeader: verdicts[i].Submission, event.OutcomeHeader: string(verdicts[i].Outcome),
				event.RepeatedHeader: strconv.FormatBool(verdicts[i].Repeated),
			}),
			Body: body,
		}
	}
	for _, answer := range v.log.PublishEach(ctx, messages...) {
		if answer.Err != nil {
			return answer.Err
		}
	}
	return nil
}
