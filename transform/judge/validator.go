package judge

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
	"github.com/rs/zerolog"
)

// Consumer is the name of the validators' durable consumer of SUBMISSIONS, which
// tells how far they have come.
const Consumer = stream.Validators

// Config is how a validator works.
type Config struct {
	// Batch is how many submissions are judged together at most.
	Batch int
	// AckWait is how long the broker waits for a sign of life before it gives a
	// message to somebody else.
	AckWait time.Duration
}

// Validator judges submissions, and publishes the rows it accepts and a verdict on
// each submission. Any number may run: each message to ACCEPTED names the last
// message of its subject that the ledger knew, so the broker refuses a validator
// that judged by an outdated ledger, and it judges again.
type Validator struct {
	log     *stream.Log
	ledger  *ledger.Ledger
	rules   *rules.Set // until the log puts others in force; nil judges by the catalogue alone
	config  Config
	logger  zerolog.Logger
	now     func() time.Time
	metrics *Metrics
	tracer  *stream.Tracer
	earlier earlierVerdicts
	checked atomic.Pointer[checks] // those of the catalogue and the rules that were in force last
	// restored counts the submissions of which lost rows were brought back to ACCEPTED.
	restored int
	// countOnly has them counted and not brought back.
	countOnly bool
	// decisions are those that come back between them; nil where none do.
	decisions *decisionRestorer
}

// NewValidator returns a validator that judges by the ledger, which the caller keeps up to
// date, by the catalogue in force in it and by the rules. Rules and tracer may be nil.
func NewValidator(log *stream.Log, l *ledger.Ledger, set *rules.Set, config Config, logger zerolog.Logger, now func() time.Time, metrics *Metrics, tracer *stream.Tracer) *Validator {
	return &Validator{
		log: log, ledger: l, rules: set, config: config, logger: logger, now: now, metrics: metrics, tracer: tracer,
		earlier: earlierVerdicts{log: log},
	}
}

// checks returns those of the catalogue and the rules in force in the ledger.
func (v *Validator) checks() *checks {
	inForce, text, last := v.ledger.Catalogue(), v.ledger.Rules(), v.checked.Load()
	if last == nil || last.catalogue != inForce || last.text != text {
		last = newChecks(inForce, v.rules, text)
		v.checked.Store(last)
	}
	return last
}

// newChecks returns those of a catalogue and of the rules of a text, or where that is "" of
// the settings.
func newChecks(c *catalogue.Catalogue, ofSettings *rules.Set, text string) *checks {
	made := &checks{catalogue: c, text: text}
	if text == "" {
		made.rules = ofSettings.Under(c)
		return made
	}
	made.rules, made.err = rules.Parse("rules in force", []byte(text), c)
	if made.err != nil {
		made.err = &event.NewerLayout{Content: fmt.Errorf("the log puts rules in force that cannot be read under its catalogue: %w", made.err)}
	}
	return made
}

// Run judges submissions until ctx ends. Call it once the ledger has caught up with
// the log.
func (v *Validator) Run(ctx context.Context) error {
	return v.log.Work(ctx, stream.WorkConfig{
		Stage: "validate", What: "judge submissions", Batch: v.config.Batch, DrainFor: stream.DrainFor, Logger: v.logger,
		Consumer: stream.ConsumerConfig{
			Stream: stream.Submissions, Name: Consumer, AckWait: v.config.AckWait, MaxPending: 2 * v.config.Batch,
			MaxBytes: 2 * int(v.log.MaxMessage()), // rows that are judged take ten times as much
		},
	}, stream.NewBatchTask(v.config.Batch, v.process))
}

// process judges a batch, and stores what was accepted and the verdicts. It refuses
// the messages on which no verdict can be stored.
func (v *Validator) process(ctx context.Context, batch []stream.Delivery) (err error) {
	batch = slices.DeleteFunc(slices.Clone(batch), isFiller)
	began, spans := v.now(), v.tracer.StartBatch(ctx, "validate", batch)
	defer func() { spans.End(err) }()
	submissions, err := readSubmissions(ctx, batch)
	if err != nil {
		return err
	}
	refused := stream.Refusals{}
	submissions = slices.DeleteFunc(submissions, func(r received) bool {
		if r.stray != nil {
			refused[r.delivery.Sequence] = r.stray
		}
		return r.stray != nil
	})
	if submissions, err = v.dropJudged(ctx, submissions, false, refused); err != nil {
		return err
	}
	if len(submissions) > 0 {
		// What the bureau had decided before a submission came holds for it, however late the ledger is.
		if err := v.catchUp(ctx); err != nil {
			return err
		}
	}
	verdicts, err := v.accept(ctx, submissions, spans, refused)
	if err != nil {
		return err
	}
	if err := v.publishVerdicts(ctx, submissions, verdicts, spans, refused); err != nil {
		return err
	}
	v.metrics.observe(v.ledger.Catalogue(), verdicts, v.now().Sub(began))
	if len(refused) > 0 {
		return refused
	}
	return nil
}

// isFiller reports whether a message stands in the place of a submission that was lost and has its
// verdict.
func isFiller(d stream.Delivery) bool { return d.Header(event.LostHeader) != "" }

// dropJudged returns the submissions without those that have a verdict in the log,
// which stays as it is. With all set it looks at the log for every one of them, whether
// or not it is new. It adds to refused what a verdict accepted and the log has lost.
func (v *Validator) dropJudged(ctx context.Context, submissions []received, all bool, refused stream.Refusals) ([]received, error) {
	if err := v.earlier.refresh(ctx, submissions, all); err != nil {
		return nil, err
	}
	var lost []received
	submissions = slices.DeleteFunc(submissions, func(r received) bool {
		judged := v.earlier.judged.contains(r.delivery.Sequence)
		if judged && v.earlier.accepted.contains(r.delivery.Sequence) {
			lost = append(lost, r) // unless the ledger has it
		}
		return judged
	})
	return submissions, v.restoreLost(ctx, lost, refused)
}

// accept judges submissions and publishes their accepted rows. It judges those again
// that another validator overtook, until none is left, and returns the verdicts.
func (v *Validator) accept(ctx context.Context, submissions []received, spans *stream.Spans, refused stream.Refusals) ([]event.Verdict, error) {
	verdicts := make([]event.Verdict, 0, len(submissions))
	for checked := time.Now(); ; {
		judged, outgoing, _, err := v.judgeUnderOne(ctx, submissions)
		if err != nil {
			return nil, err
		}
		if time.Since(checked) > v.config.AckWait {
			// A process that stood still may have lost its messages to another validator.
			n := len(submissions)
			if submissions, err = v.dropJudged(ctx, submissions, true, refused); err != nil {
				return nil, err
			}
			if checked = time.Now(); len(submissions) < n {
				continue
			}
		}
		overtaken, err := v.publishAccepted(ctx, outgoing, judged, spans)
		if err != nil {
			return nil, err
		}
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

// catchUp waits until the ledger has folded in everything that ACCEPTED holds now.
func (v *Validator) catchUp(ctx context.Context) error {
	basis := v.ledger.Basis() // first, since the ledger follows while the broker is asked
	last, err := v.log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return err
	}
	if last < basis {
		return fmt.Errorf("ACCEPTED ends at message %d and the ledger of this program at %d: the log has lost its end; restart this program once the broker's data are whole", last, basis)
	}
	return v.ledger.Wait(ctx, last)
}

// judgeUnderOne judges submissions under one catalogue and the same rules: again where others
// came into force meanwhile. It returns what was accepted with the ledger.
func (v *Validator) judgeUnderOne(ctx context.Context, submissions []received) ([]event.Verdict, *outbox, *batchState, error) {
	for {
		by, state := v.checks(), newBatchState(v.ledger)
		if by.err != nil {
			return nil, nil, nil, by.err
		}
		verdicts, outgoing, err := v.judgeAll(ctx, submissions, state)
		if err != nil || v.checks() == by {
			return verdicts, outgoing, state, err
		}
	}
}

// judgeAll judges submissions in order, and adds what is accepted to the state. Later ones
// are judged by what was accepted of earlier ones, too.
func (v *Validator) judgeAll(ctx context.Context, submissions []received, state *batchState) ([]event.Verdict, *outbox, error) {
	verdicts := make([]event.Verdict, len(submissions))
	outgoing := newOutbox()
	for i := range submissions {
		r := &submissions[i]
		verdicts[i] = v.newVerdict(r)
		verdicts[i].Batch = submissions[0].delivery.Sequence
		if stored, ok := v.ledger.Accepted(r.id, r.delivery.Sequence); ok {
			// It is this message itself, and the process ended before its verdict was stored.
			of := &acceptance{id: r.id, sequence: stored.Sequence, acceptedSequence: stored.AcceptedSequence}
			rows, err := v.rowsOf(ctx, of)
			if err != nil {
				return nil, nil, err
			}
			result := v.judgedThen(r, state, rows, state.holdsOf(of))
			result.effects = effects{of: [len(allEffects)]rowsWith{isSilent: result.effects.of[isSilent]}} // the others cannot be told any more
			verdicts[i].AcceptedSequence = stored.AcceptedSequence
			v.conclude(&verdicts[i], &result)
			continue
		}
		outgoing.expect(v.ledger, r)
		if err := v.joinWhole(ctx, submissions, r, state); err != nil {
			return nil, nil, err
		}
		result, first, err := v.judge(ctx, r, state)
		if err != nil {
			return nil, nil, err
		}
		if first != nil {
			verdicts[i].Repeated, verdicts[i].AcceptedSequence = true, first.acceptedSequence
			v.conclude(&verdicts[i], &result)
			if first.acceptedSequence == 0 {
				outgoing.awaitSequence(i, first.subject)
			}
			continue
		}
		if err := v.rejectTooLarge(r, &result); err != nil {
			return nil, nil, err
		}
		v.conclude(&verdicts[i], &result)
		if len(result.accepted)+len(result.held) > 0 {
			state.add(r, &result)
			outgoing.add(i, r, result.accepted, result.held)
		}
	}
	outgoing.together = state.shared
	return verdicts, outgoing, nil
}

// newVerdict returns the verdict on a submission without its outcome.
func (v *Validator) newVerdict(r *received) event.Verdict {
	return event.Verdict{
		Submission: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence,
		ReceivedAt: r.delivery.StoredAt, DecidedAt: v.now().UTC(), Rows: len(r.submission.Observations),
		Via: r.via(), By: r.by(), File: r.submission.File, Original: event.Excerpt(r.delivery.Header(event.OriginalHeader), maxName), Part: r.submission.Part,
		Catalogue: v.checks().catalogue.Version(), Rules: v.checks().rules.Version(), Findings: []event.Finding{},
	}
}

// conclude writes the outcome, the counts and the findings into a verdict.
func (v *Validator) conclude(verdict *event.Verdict, result *judgement) {
	result.effects.tell(verdict)
	verdict.Basis = result.basis
	if result.assumed {
		if dataset, ok := v.checks().catalogue.Dataset(verdict.Dataset); ok {
			verdict.AssumedStage = dataset.Stage.String()
		}
	}
	verdict.Rows -= verdict.Silent
	verdict.Accepted = len(result.accepted)
	verdict.Held = result.heldRows
	verdict.RejectedRows = verdict.Rows - verdict.Accepted - verdict.Held
	if result.findings != nil {
		verdict.Findings = result.findings
	}
	verdict.FindingsOmitted = result.omitted
	verdict.Outcome = event.OutcomeOf(verdict.Rows, verdict.Accepted, verdict.Held)
}
