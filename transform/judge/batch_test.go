package judge

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// Submissions judged in one batch get the verdicts that they would get one by one, with
// the ledger brought up to date in between.
func TestBatchIsJudgedAsOneByOne(t *testing.T) {
	c := fixture.Catalogue(t)
	j := checks{catalogue: c, rules: shippedRules(t, c)}
	refused := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		folded, sequence := ledger.New(c), uint64(0)
		fold := func(ledger *ledger.Ledger, batch *event.AcceptedBatch) {
			sequence++
			if err := ledger.Apply(sequence, "accepted", batch); err != nil {
				t.Fatal(err)
			}
		}
		past := newBatchState(ledger.New(c))
		sent := map[uint64]event.Submission{} // by place in SUBMISSIONS
		var behind []*event.AcceptedBatch     // what the ledger of the batch has yet to follow
		follow := func() {
			for _, batch := range behind {
				fold(past.ledger, batch)
			}
			behind = nil
		}
		for n := range rapid.IntRange(5, 60).Draw(t, "steps") {
			step := rapid.SampledFrom([]string{"submission", "submission", "submission", "submission", "decision", "hold"}).Draw(t, "step")
			pending := folded.Holds(func(h *ledger.Hold) bool { return h.State == ledger.HoldPending })
			if len(pending) > 0 && rapid.Bool().Draw(t, "decide about what is held") {
				step = "hold"
			}
			switch step {
			case "decision":
				batch := &event.AcceptedBatch{Decisions: []event.Decision{decisions().Draw(t, "decision")}}
				fold(folded, batch)
				fold(past.ledger, batch)
			case "hold":
				if len(pending) == 0 {
					continue
				}
				act := HoldAct{Kind: rapid.SampledFrom([]event.DecisionKind{event.ExplainHeld, event.ReleaseHeld, event.RefuseHeld, event.RefuseHeld}).Draw(t, "act")}
				batch := act.batch([]*ledger.Hold{rapid.SampledFrom(pending).Draw(t, "of")}, time.Time{})
				// A decision comes after what it decides: that batch is in the log, and a new one begins.
				follow()
				past = newBatchState(past.ledger)
				fold(folded, batch)
				fold(past.ledger, batch)
				refused[string(act.Kind)]++
			case "submission":
				s := submissions().Draw(t, "submission")
				before := folded.Holds(func(h *ledger.Hold) bool { return h.State == ledger.HoldRefused })
				if len(before) > 0 && rapid.Bool().Draw(t, "refused before") {
					s = sent[rapid.SampledFrom(before).Draw(t, "sent again").Sequence]
				}
				sent[uint64(n+1)] = s
				r := received{submission: s, area: s.Area, dataset: s.Dataset, byBureau: rapid.IntRange(0, 3).Draw(t, "by the bureau") == 0, id: fmt.Sprintf("%032x", n), content: fmt.Sprintf("%032x", n)}
				r.delivery.Sequence, r.delivery.StoredAt = uint64(n+1), time.Date(2022, 3, 1, 0, 0, 0, 0, time.UTC)
				want, got := j.apply(&r, newBatchState(folded), nil), j.apply(&r, past, nil)
				got.basis, want.basis = 0, 0 // the one ledger has more than the other
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("in a batch:  %+v\none by one: %+v", got, want)
				}
				for _, f := range got.findings {
					refused[f.Code]++
				}
				accepted := event.AcceptedSubmission{ID: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence, Held: want.held, OnBehalf: r.byBureau}
				accepted.Add(want.accepted...)
				batch := &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{accepted}}
				fold(folded, batch)
				behind = append(behind, batch)
				// Some of what is in the batch may be in the ledger as well.
				if past.add(&r, &got); rapid.Bool().Draw(t, "followed") {
					follow()
				}
			}
		}
	})
	for _, kind := range []string{"STAGE_BACKWARDS", "PERIOD_LOCKED", "TOTAL_LOCKED", "NOTHING_TO_WITHDRAW", "LOCKED_REVISION", "CORRECTED_BY_BUREAU", "OVER_CORRECTION", "HELD_REFUSED"} {
		if refused[kind] == 0 && !testing.Short() { // which draws a fifth
			t.Errorf("findings %v; want some of %s", refused, kind)
		}
	}
}

func decisions() *rapid.Generator[event.Decision] {
	return rapid.Custom(func(t *rapid.T) event.Decision {
		return event.Decision{
			Kind:      rapid.SampledFrom([]event.DecisionKind{event.Lock, event.Unlock, event.Reopen}).Draw(t, "kind"),
			Period:    rapid.SampledFrom([]string{"2020", "2021"}).Draw(t, "period"),
			Indicator: rapid.SampledFrom([]string{"", "gdp"}).Draw(t, "indicator"), Area: rapid.SampledFrom([]string{"", "901"}).Draw(t, "area"),
		}
	})
}

func submissions() *rapid.Generator[event.Submission] {
	return rapid.Custom(func(t *rapid.T) event.Submission {
		s := fixture.From(rapid.SampledFrom([]string{"901", "901", "902"}).Draw(t, "area"))
		s.Reason = rapid.SampledFrom([]string{"", "census"}).Draw(t, "reason")
		for range rapid.IntRange(1, 3).Draw(t, "rows") {
			o := fixture.Figure(rapid.SampledFrom([]string{"gdp", "gdp", "rd"}).Draw(t, "indicator"), rapid.SampledFrom([]string{"2021", "2021", "2020", "2019"}).Draw(t, "period"),
				rapid.SampledFrom([]string{"1", "1", "2", "2", "近2", "", "x"}).Draw(t, "value"))
			if o.Value == "" {
				o.Action = rapid.SampledFrom([]string{"", "D"}).Draw(t, "action")
				o.Status = rapid.SampledFrom([]string{"", "O"}).Draw(t, "status")
			}
			o.Stage = catalogue.Stage(rapid.IntRange(int(catalogue.Forecast), int(catalogue.Final)).Draw(t, "stage")).String()
			s.Observations = append(s.Observations, o)
		}
		return s
	})
}

// A submission is judged by what was accepted of earlier ones of the same area in the
// same batch, and not by other areas'.
func TestBatchSeesItself(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	v := &Validator{log: log, ledger: ledger.New(c), now: time.Now}
	staged := func(area, value, stage string) received {
		o := fixture.Figure("gdp", "2021", value)
		o.Stage = stage
		return readOf(t, log, fixture.From(area, o))
	}
	verdicts, outgoing, err := v.judgeAll(t.Context(), []received{
		staged("901", "100", "flash"), staged("901", "90", "estimate"), staged("902", "90", "estimate"), staged("901", "95", "final"), staged("901", "97", "flash"),
	}, newBatchState(v.ledger))
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []event.Outcome
	for _, verdict := range verdicts {
		outcomes = append(outcomes, verdict.Outcome)
	}
	if want := []event.Outcome{event.AllAccepted, event.Rejected, event.AllAccepted, event.AllAccepted, event.Rejected}; !reflect.DeepEqual(outcomes, want) {
		t.Errorf("outcomes %v, want %v", outcomes, want)
	}
	if n := len(outgoing.batches["accepted.901.annual"].Submissions); n != 2 {
		t.Errorf("%d submissions of area 901 go out, want 2", n)
	}
}
