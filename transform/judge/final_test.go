package judge

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// finality is a log with validators, of which one stops between the verdict and the
// acknowledgement.
type finality struct {
	t   *testing.T
	log *stream.Log
	js  jetstream.JetStream
	of  *catalogue.Catalogue // nil is that of the fixture
}

func newFinality(t *testing.T) *finality {
	log, js := fixture.Broker(t)
	return &finality{t: t, log: log, js: js}
}

// validator returns a validator with a ledger of its own that follows the log.
func (f *finality) validator() *Validator {
	f.t.Helper()
	if f.of == nil {
		f.of = fixture.Catalogue(f.t)
	}
	l := ledger.New(f.of)
	replayed := make(chan struct{})
	fixture.Run(f.t, func(ctx context.Context) error {
		return l.Follow(ctx, f.log, fixture.Logger(f.t), func() { close(replayed) })
	})
	<-replayed
	return NewValidator(f.log, l, nil, Config{Batch: 100, AckWait: time.Second}, fixture.Logger(f.t), time.Now, NewMetrics(nil), nil)
}

func (f *finality) decide(v *Validator, kind event.DecisionKind) {
	f.t.Helper()
	d := event.Decision{Kind: kind, Period: "2021", Reason: "because", Person: event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}}
	if err := Decide(f.t.Context(), f.log, v.ledger.Catalogue(), d, time.Now()); err != nil {
		f.t.Fatal(err)
	}
	if err := v.catchUp(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// adoptRules puts the rules of a text in force.
func (f *finality) adoptRules(v *Validator, text string) {
	f.t.Helper()
	editions, err := edition.History(f.t.Context(), f.log)
	if err == nil {
		_, err = editions.AdoptRules(f.t.Context(), f.log, text, "because", clerk, time.Now())
	}
	if err == nil {
		err = v.catchUp(f.t.Context())
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// clerk is a person of the bureau.
var clerk = event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}

// decideHeld decides about what is held at the moment; nothing where nothing is.
func (f *finality) decideHeld(v *Validator, kind event.DecisionKind) {
	f.t.Helper()
	if err := v.catchUp(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	for _, h := range v.ledger.Holds(func(h *ledger.Hold) bool { return h.State == ledger.HoldPending }) {
		act := HoldAct{Kind: kind, Holds: []event.HoldID{h.ID}, Text: "because " + h.ID.String(), Person: clerk}
		var refused *inquiry.HoldProblem
		if _, err := DecideHold(f.t.Context(), f.log, v.ledger, act, time.Now); err != nil && !errors.As(err, &refused) {
			f.t.Fatal(err)
		}
	}
}

// judgeWithoutAck judges what waits, and leaves every message unacknowledged, as a
// process does that is killed then. It returns how many messages there were.
func (f *finality) judgeWithoutAck(v *Validator) int {
	f.t.Helper()
	consumer, err := f.log.Consume(f.t.Context(), stream.ConsumerConfig{Stream: stream.Submissions, Name: Consumer, AckWait: v.config.AckWait, MaxPending: 200})
	if err != nil {
		f.t.Fatal(err)
	}
	defer consumer.Stop()
	batch, err := consumer.Batch(f.t.Context(), 100)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := v.process(f.t.Context(), batch); err != nil {
		f.t.Fatal(err)
	}
	return len(batch)
}

// acknowledged waits until the validators have acknowledged everything received.
func (f *finality) acknowledged() {
	f.t.Helper()
	last, err := f.log.LastSequence(f.t.Context(), stream.Submissions)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		position, err := f.log.Position(ctx, stream.Submissions, Consumer)
		if err == nil && position.AckFloor >= last {
			return
		}
		select {
		case <-ctx.Done():
			f.t.Fatalf("acknowledged up to %d of %d (%v)", position.AckFloor, last, err)
		case <-tick.C:
		}
	}
}

// verdicts returns the verdicts in the log by the place of what they are about.
func (f *finality) verdicts() map[uint64][]event.Verdict {
	f.t.Helper()
	all := map[uint64][]event.Verdict{}
	ctx, cancel := context.WithCancel(f.t.Context())
	defer cancel()
	err := f.log.Follow(ctx, stream.FollowConfig{Stream: stream.Verdicts}, func(d stream.Delivery) error {
		var v event.Verdict
		if err := json.Unmarshal(d.Body, &v); err != nil {
			return err
		}
		all[v.Sequence] = append(all[v.Sequence], v)
		return nil
	}, cancel)
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// A verdict stays what it was, whichever way its message comes to be delivered again:
// to another validator after the first was killed before it acknowledged, or to any
// after the consumer was lost. Neither an unlock lets a rejected row in, nor does a
// lock take an accepted one out.
//
// Rules: verdict final.
func TestVerdictIsFinal(t *testing.T) {
	for _, test := range []struct {
		name   string
		before event.DecisionKind // in force when the first validator judges
		after  event.DecisionKind // decided before the second one does
		want   event.Outcome
		lose   bool // the consumer
	}{
		{"rejected, then unlocked", event.Lock, event.Unlock, event.Rejected, false},
		{"rejected, then unlocked, without the consumer", event.Lock, event.Unlock, event.Rejected, true},
		{"accepted, then locked", event.Unlock, event.Lock, event.AllAccepted, false},
		{"accepted, then locked, without the consumer", event.Unlock, event.Lock, event.AllAccepted, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFinality(t)
			a, b := f.validator(), f.validator()
			f.decide(a, test.before)
			sequence := fixture.Submit(t, f.log, fixture.From("901", fixture.Figure("gdp", "2021", "100")))
			if n := f.judgeWithoutAck(a); n != 1 {
				t.Fatalf("%d messages, want 1", n)
			}
			f.decide(b, test.after)
			if test.lose {
				if err := f.js.DeleteConsumer(t.Context(), stream.Submissions, Consumer); err != nil {
					t.Fatal(err)
				}
			}
			fixture.Run(t, b.Run)
			// A later message is judged as ever.
			later := fixture.Submit(t, f.log, fixture.From("902", fixture.Figure("gdp", "2018", "7")))
			fixture.VerdictOn(t, f.log, later)
			f.acknowledged()
			verdicts := f.verdicts()
			if v := verdicts[sequence]; len(v) != 1 || v[0].Outcome != test.want {
				t.Errorf("verdicts %+v, want the first, %s, alone", v, test.want)
			}
			if v := verdicts[later]; len(v) != 1 || v[0].Outcome != event.AllAccepted {
				t.Errorf("verdicts on the later message %+v", v)
			}
			_, kept := b.ledger.Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901")
			if want := test.want != event.Rejected; kept != want {
				t.Errorf("the figure counts: %v, want %v", kept, want)
			}
		})
	}
}

// A process is killed after the accepted rows are stored and before the verdict is.
// The verdict given later says what was stored, though the period has been locked since.
func TestVerdictSaysWhatWasStored(t *testing.T) {
	f := newFinality(t)
	a := f.validator()
	early := fixture.Figure("rd", "2021", "5")
	early.Stage = "estimate"
	fixture.Submit(t, f.log, fixture.From("901", fixture.Figure("rd", "2021", "6")))
	f.judgeWithoutAck(a)
	sequence := fixture.Submit(t, f.log, fixture.From("901", fixture.Figure("gdp", "2021", "100"), fixture.Figure("gdp", "2019", "x"), early))
	fixture.Await(t, f.log, stream.Submissions, "submission", func(d stream.Delivery) bool {
		if d.Sequence != sequence {
			return false
		}
		if _, err := a.accept(t.Context(), []received{readSubmission(d)}, nil, stream.Refusals{}); err != nil {
			t.Error(err)
		}
		return true
	})
	f.decide(a, event.Lock)
	fixture.Run(t, f.validator().Run)
	v := fixture.VerdictOn(t, f.log, sequence)
	if v.Outcome != event.Partial || v.Accepted != 1 || v.RejectedRows != 2 || len(v.Findings) != 2 || v.AcceptedSequence == 0 || v.Repeated {
		t.Errorf("verdict = %+v; want the first row accepted and the others refused", v)
	}
}

// What a verdict accepted and ACCEPTED has lost is stored again, as the verdict says
// and not as it would be judged today.
func TestLostRowsFollowTheVerdict(t *testing.T) {
	f := newFinality(t)
	a := f.validator()
	sequence := fixture.Submit(t, f.log, fixture.From("901", fixture.Figure("gdp", "2021", "100"), fixture.Figure("none", "2021", "1")))
	fixture.Await(t, f.log, stream.Submissions, "submission", func(d stream.Delivery) bool {
		r := readSubmission(d)
		verdicts, _, err := a.judgeAll(t.Context(), []received{r}, newBatchState(a.ledger))
		if err == nil {
			err = a.publishVerdicts(t.Context(), []received{r}, verdicts, nil, stream.Refusals{})
		}
		if err != nil {
			t.Error(err)
		}
		return true
	})
	f.decide(a, event.Lock)
	b := f.validator()
	fixture.Run(t, b.Run)
	f.acknowledged()
	part, ok := b.ledger.Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901")
	if !ok || part.Value.String() != "100" || part.Sequence != sequence {
		t.Errorf("the ledger has %+v, %v; want the 100 of submission %d", part, ok, sequence)
	}
	if v := f.verdicts()[sequence]; len(v) != 1 {
		t.Errorf("verdicts %+v, want the first alone", v)
	}
}

// Of a row of a wide table, what the verdict accepted is stored again, what it held is held
// again, and what it refused stays refused.
func TestLostFiguresOfOneRowFollowTheVerdict(t *testing.T) {
	h := newHolding(t)
	h.gdp("2019", "10")
	h.gdp("2020", "10")
	wide := fixture.From("901", fixture.Figure("gdp", "2020", "200"), fixture.Figure("gdp", "2021", "2500"), fixture.Figure("gdp", "2022", "17"), fixture.Figure("gdp", "2023", "x"))
	for i := range wide.Observations {
		wide.Observations[i].Row, wide.Observations[i].Cell = 2, string(rune('B'+i))+"2"
	}
	r := readOf(t, h.log, wide)
	if err := h.v.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	verdicts, _, err := h.v.judgeAll(t.Context(), []received{r}, newBatchState(h.v.ledger))
	if err == nil {
		err = h.v.publishVerdicts(t.Context(), []received{r}, verdicts, nil, stream.Refusals{})
	}
	if err != nil || verdicts[0].Accepted != 1 || verdicts[0].Held != 2 || verdicts[0].RejectedRows != 1 {
		t.Fatalf("verdict = %+v, %v", verdicts[0], err)
	}
	refused := stream.Refusals{}
	if err := h.v.restoreLost(t.Context(), []received{r}, refused); err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	if err := h.v.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.inForce("2020") != "10" || h.inForce("2022") != "17" {
		t.Errorf("in force: %s, %s; want 10 and 17", h.inForce("2020"), h.inForce("2022"))
	}
	told := h.v.ledger.ToldHolds(h.v.ledger.Holds(func(*ledger.Hold) bool { return true }))
	if len(told) != 2 || told[0].Period != "2020" || told[1].Period != "2021" || told[1].ID != told[0].ID+"-2" {
		t.Errorf("held: %+v", told)
	}
}

// First deliveries in normal running cost no look at VERDICTS; what waited at the start
// may have been judged, and costs one.
func TestNewMessagesAreJudgedWithoutLooking(t *testing.T) {
	f := newFinality(t)
	v := f.validator()
	fixture.Submit(t, f.log, fixture.From("901", fixture.Figure("gdp", "2020", "1")))
	stop := fixture.Run(t, v.Run)
	f.acknowledged()
	for range 20 {
		fixture.VerdictOn(t, f.log, fixture.Submit(t, f.log, fixture.From("901", fixture.Figure("gdp", "2021", "1"))))
	}
	stop()
	if v.earlier.reads != 1 {
		t.Errorf("VERDICTS was read %d times, want once", v.earlier.reads)
	}
}
