package transform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// validator judges submissions and publishes what it accepts and decides. Any
// number may run: each publish to ACCEPTED names the last message the ledger
// knew on the subject, so a validator that judged by an outdated ledger is
// refused by the broker and judges again.
type validator struct {
	log     *stream.Log
	ledger  *Ledger
	judge   judge
	config  Config
	logger  zerolog.Logger
	now     func() time.Time
	version string // of the catalogue
}

// run judges until ctx ends. It is to be called once the ledger has caught up.
func (v *validator) run(ctx context.Context) error {
	consumer, err := v.log.Consume(ctx, stream.ConsumerConfig{
		Stream: stream.Submissions, Name: "validate", AckWait: v.config.AckWait, MaxPending: 2 * v.config.Batch,
	})
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
		err = finish(ctx, v.logger, "judge submissions", func(ctx context.Context) error {
			return v.decide(ctx, batch)
		})
		done()
		if err != nil {
			return err
		}
	}
}

// decide takes a batch from judgement to acknowledgement.
func (v *validator) decide(ctx context.Context, batch []stream.Delivery) error {
	submissions, err := readAll(ctx, batch)
	if err != nil {
		return err
	}
	var verdicts []stream.Verdict
	for {
		var outgoing *outbox
		verdicts, outgoing = v.judgeAll(submissions)
		err := v.publishAccepted(ctx, outgoing, verdicts)
		if err == nil {
			break
		}
		if !errors.Is(err, stream.ErrConflict) {
			return err
		}
		if err := v.catchUp(ctx); err != nil {
			return err
		}
	}
	if err := v.publishVerdicts(ctx, verdicts); err != nil {
		return err
	}
	return stream.AckAll(batch)
}

func (v *validator) catchUp(ctx context.Context) error {
	last, err := v.log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return err
	}
	return v.ledger.Wait(ctx, last)
}

// readAll takes the messages apart on all processors, in the order in which they
// were received, which redelivery upsets.
func readAll(ctx context.Context, batch []stream.Delivery) ([]received, error) {
	submissions := make([]received, len(batch))
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range batch {
		group.Go(func() error { submissions[i] = read(batch[i]); return nil })
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
	batches  map[string]*stream.AcceptedBatch
	owners   map[string][]int // verdicts by subject
}

// judgeAll judges in order; later submissions see what earlier ones of the same
// batch had accepted.
func (v *validator) judgeAll(submissions []received) ([]stream.Verdict, *outbox) {
	verdicts := make([]stream.Verdict, len(submissions))
	outgoing := &outbox{batches: map[string]*stream.AcceptedBatch{}, owners: map[string][]int{}}
	past := &overlay{ledger: v.ledger, parts: map[overlayKey]Part{}, accepted: map[string]uint64{}}
	for i := range submissions {
		r := &submissions[i]
		verdicts[i] = v.verdict(r)
		if first, known := past.find(r.id); known {
			// The same content again; or, at the same sequence, this very message
			// delivered again because its acknowledgement was lost.
			verdicts[i].Repeated = first != r.delivery.Sequence
			v.restate(&verdicts[i], r, past, first)
			continue
		}
		result := v.judge.judge(r, past)
		settle(&verdicts[i], r, &result)
		if len(result.accepted) > 0 {
			past.add(r, result.accepted)
			outgoing.add(i, r, result.accepted)
		}
	}
	return verdicts, outgoing
}

// verdict begins the verdict on a submission.
func (v *validator) verdict(r *received) stream.Verdict {
	return stream.Verdict{
		Submission: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence,
		ReceivedAt: r.delivery.StoredAt, DecidedAt: v.now().UTC(), Rows: len(r.submission.Observations),
		Via: r.delivery.Header(stream.ViaHeader), By: r.delivery.Header(stream.ByHeader), File: r.submission.File,
		Catalogue: v.version, Findings: []stream.Finding{},
	}
}

func settle(verdict *stream.Verdict, r *received, result *judgement) {
	verdict.Accepted = len(result.accepted)
	verdict.RejectedRows = verdict.Rows - verdict.Accepted
	if result.findings != nil {
		verdict.Findings = result.findings
	}
	switch {
	case verdict.Accepted == 0:
		verdict.Outcome = stream.Rejected
	case verdict.RejectedRows == 0:
		verdict.Outcome = stream.AllAccepted
	default:
		verdict.Outcome = stream.Partial
	}
}

// restate says again what had been said of content that was accepted as the
// message at the sequence of SUBMISSIONS, and accepts nothing.
func (v *validator) restate(verdict *stream.Verdict, r *received, past history, sequence uint64) {
	known, _ := v.ledger.Accepted(r.id)
	verdict.AcceptedSequence = known.Stored
	result := v.judge.judge(r, before{past, sequence})
	settle(verdict, r, &result)
}

// before is history as far as it came before a sequence of SUBMISSIONS.
type before struct {
	history
	sequence uint64
}

func (b before) Part(cell Cell, area string) (Part, bool) {
	p, ok := b.history.Part(cell, area)
	return p, ok && p.Sequence < b.sequence
}

func (o *outbox) add(verdict int, r *received, accepted []stream.AcceptedObservation) {
	subject := "accepted." + r.area + "." + r.dataset
	batch := o.batches[subject]
	if batch == nil {
		batch = &stream.AcceptedBatch{}
		o.batches[subject] = batch
		o.subjects = append(o.subjects, subject)
	}
	s := stream.AcceptedSubmission{
		ID: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence, ReceivedAt: r.delivery.StoredAt.UnixMilli(),
		Via: r.delivery.Header(stream.ViaHeader), By: r.delivery.Header(stream.ByHeader),
		File: r.submission.File, Reason: r.submission.Reason,
	}
	for _, row := range accepted {
		s.Add(row)
	}
	batch.Submissions = append(batch.Submissions, s)
	o.owners[subject] = append(o.owners[subject], verdict)
}

// publishAccepted stores the accepted observations, a message a subject, and
// notes in the verdicts where.
func (v *validator) publishAccepted(ctx context.Context, o *outbox, verdicts []stream.Verdict) error {
	if len(o.subjects) == 0 {
		return nil
	}
	messages := make([]stream.Message, len(o.subjects))
	for i, subject := range o.subjects {
		body, err := stream.EncodeAccepted(o.batches[subject])
		if err != nil {
			return err
		}
		last := v.ledger.LastOf(subject)
		messages[i] = stream.Message{Subject: subject, Body: body, ExpectLast: &last}
	}
	published, err := v.log.Publish(ctx, messages...)
	if err != nil {
		return err
	}
	for i, subject := range o.subjects {
		for _, owner := range o.owners[subject] {
			verdicts[owner].AcceptedSequence = published[i].Sequence
		}
	}
	return v.ledger.Wait(ctx, published[len(published)-1].Sequence)
}

func (v *validator) publishVerdicts(ctx context.Context, verdicts []stream.Verdict) error {
	messages := make([]stream.Message, len(verdicts))
	for i := range verdicts {
		body, err := json.Marshal(&verdicts[i])
		if err != nil {
			return fmt.Errorf("encode verdict: %w", err)
		}
		messages[i] = stream.Message{
			Subject: "verdicts." + verdicts[i].Area + "." + verdicts[i].Dataset,
			ID:      "verdict." + strconv.FormatUint(verdicts[i].Sequence, 10),
			Header: map[string]string{
				stream.SubmissionHeader: verdicts[i].Submission, stream.OutcomeHeader: string(verdicts[i].Outcome),
				stream.RepeatedHeader: strconv.FormatBool(verdicts[i].Repeated),
			},
			Body: body,
		}
	}
	_, err := v.log.Publish(ctx, messages...)
	return err
}

// overlay is the ledger with what the present batch is about to add to it.
type overlay struct {
	ledger   *Ledger
	parts    map[overlayKey]Part
	accepted map[string]uint64 // submission id to its place in SUBMISSIONS
}

type overlayKey struct {
	cell Cell
	area string
}

// Part returns the better of the ledger's figure and the batch's own.
func (o *overlay) Part(cell Cell, area string) (Part, bool) {
	best, ok := o.ledger.Part(cell, area)
	if own, has := o.parts[overlayKey{cell, area}]; has && (!ok || own.Stage >= best.Stage) {
		return own, true
	}
	return best, ok
}

func (o *overlay) find(id string) (sequence uint64, ok bool) {
	if sequence, ok = o.accepted[id]; ok {
		return sequence, true
	}
	known, ok := o.ledger.Accepted(id)
	return known.Sequence, ok
}

func (o *overlay) add(r *received, accepted []stream.AcceptedObservation) {
	o.accepted[r.id] = r.delivery.Sequence
	for i := range accepted {
		a := &accepted[i]
		o.parts[overlayKey{Cell{a.Indicator, a.Period}, r.area}] = Part{Area: r.area, Value: a.Value, Stage: a.Stage, Status: a.Status, Sequence: r.delivery.Sequence}
	}
}
