package judge

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// Another validator publishes first on the subject of one of two submissions. That
// submission alone is judged again, by what the other published.
func TestOvertakenSubmissionIsJudgedAgain(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	ledger := ledger.New(c)
	v := NewValidator(log, ledger, nil, Config{}, fixture.Logger(t), time.Now, NewMetrics(nil), nil)

	r := readOf(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100")))
	final := event.AcceptedSubmission{ID: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence}
	final.Add(v.checks().apply(&r, newBatchState(ledger), nil).accepted[0])
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: []event.AcceptedSubmission{final}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Publish(t.Context(), stream.Message{Subject: "accepted.901.annual", Body: body}); err != nil {
		t.Fatal(err)
	}

	// The ledger folds it in only once the other submission is in the log.
	var behind []stream.Delivery
	enough := errors.New("the test has ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	followed := make(chan error, 1)
	go func() {
		followed <- log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted}, func(d stream.Delivery) error {
			behind = append(behind, d)
			for len(behind) > 0 && d.Sequence > 1 {
				batch, err := event.DecodeAccepted(behind[0].Body)
				if err != nil {
					return err
				}
				if err := ledger.Apply(behind[0].Sequence, behind[0].Subject, batch); err != nil {
					return err
				}
				behind = behind[1:]
			}
			return nil
		}, func() {})
	}()

	early := fixture.Figure("gdp", "2021", "90")
	early.Stage = "estimate"
	verdicts, err := v.accept(t.Context(), []received{
		readOf(t, log, fixture.From("901", early, fixture.Figure("rd", "2021", "5"))), readOf(t, log, fixture.From("902", fixture.Figure("gdp", "2021", "7"))),
	}, nil, stream.Refusals{})
	cancel(enough)
	if err := errors.Join(err, <-followed); err != nil {
		t.Fatal(err)
	}
	byArea := map[string]event.Verdict{}
	for _, v := range verdicts {
		byArea[v.Area] = v
	}
	if v := byArea["902"]; len(verdicts) != 2 || v.Outcome != event.AllAccepted || v.AcceptedSequence != 2 {
		t.Errorf("the submission that nobody overtook: %+v, want it accepted at once", v)
	}
	if v := byArea["901"]; v.Outcome != event.Partial || v.Accepted != 1 || v.AcceptedSequence != 3 {
		t.Errorf("the overtaken submission: %+v, want its estimate refused for the final figure", v)
	}
}

// readOf publishes a submission, and reads its message as the broker delivers it.
func readOf(t *testing.T, log *stream.Log, s event.Submission) (r received) {
	t.Helper()
	sequence := fixture.Submit(t, log, s)
	fixture.Await(t, log, stream.Submissions, "submission", func(d stream.Delivery) bool {
		r = readSubmission(d)
		return d.Sequence == sequence
	})
	return r
}

// A log that has lost its end is told, and nothing is judged by a ledger that is ahead of
// it.
func TestALostEndOfTheLogIsTold(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	l := ledger.New(c)
	if err := l.Apply(7, "accepted.901.annual", &event.AcceptedBatch{}); err != nil {
		t.Fatal(err)
	}
	v := NewValidator(log, l, nil, Config{Batch: 10, AckWait: 5 * time.Second}, fixture.Logger(t), time.Now, NewMetrics(nil), nil)
	fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100")))
	fixture.Run(t, v.Run)
	fixture.Stuck(t, log, "ACCEPTED ends at message 0 and the ledger of this program at 7")
}

// A lock holds for every submission that comes after it is on record, also where the ledger of who judges
// it has not followed the lock yet.
func TestALockHoldsFromWhenItIsOnRecord(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	late := ledger.New(c)
	v := NewValidator(log, late, nil, Config{Batch: 10, AckWait: 5 * time.Second}, fixture.Logger(t), time.Now, NewMetrics(nil), nil)
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	if err := Decide(t.Context(), log, c, event.Decision{Kind: event.Lock, Period: "2021", Reason: "published", Person: clerk}, time.Now()); err != nil {
		t.Fatal(err)
	}
	r := readOf(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100")))
	processed := make(chan error, 1)
	go func() { processed <- v.process(t.Context(), []stream.Delivery{r.delivery}) }()
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() { followed <- late.Follow(ctx, log, fixture.Logger(t), func() {}) }()
	err := <-processed
	stop()
	if err := errors.Join(err, <-followed); err != nil {
		t.Fatal(err)
	}
	m, err := log.GetLast(t.Context(), stream.Verdicts, "verdicts.901.annual")
	if err != nil {
		t.Fatal(err)
	}
	var verdict event.Verdict
	if err := json.Unmarshal(m.Data, &verdict); err != nil || verdict.Accepted != 0 {
		t.Errorf("under the lock: %+v, %v; want it held or refused", verdict, err)
	}
}
