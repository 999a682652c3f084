package transform

import (
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
)

func decide(t *testing.T, log *stream.Log, d event.Decision) {
	t.Helper()
	d.Reason, d.Person = "because", event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	if err := judge.Decide(t.Context(), log, fixture.Catalogue(t), d, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// judgedAs returns the verdict on a submission. Decisions made before hold for it once
// the ledger has folded them in; see awaitApplied.
func judgedAs(t *testing.T, log *stream.Log, s event.Submission) event.Verdict {
	t.Helper()
	return fixture.VerdictOn(t, log, fixture.Submit(t, log, s))
}

func TestLockedPeriodNeedsAReason(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, _ := startTransform(t, log, c)
	judgedAs(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100")))
	decide(t, log, event.Decision{Kind: event.Lock, Period: "2021"})
	awaitApplied(t, log, stage)

	v := judgedAs(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "101"), fixture.Figure("gdp", "2019", "99")))
	if v.Outcome != event.Partial || v.Findings[0].Code != "PERIOD_LOCKED" || !strings.Contains(v.Findings[0].MessageZH, "修订原因") {
		t.Errorf("verdict on a change after the lock = %+v", v)
	}
	if v := judgedAs(t, log, event.Submission{Area: "901", Dataset: "annual", File: "again", Observations: []event.Observation{{Indicator: "gdp", Period: "2021", Value: "100", Note: "unchanged"}}}); v.Outcome != event.AllAccepted {
		t.Errorf("verdict on an unchanged figure after the lock = %+v", v)
	}
	revision := fixture.From("901", fixture.Figure("gdp", "2021", "101"))
	revision.Reason = "census"
	if v := judgedAs(t, log, revision); v.Outcome != event.AllHeld || v.Findings[0].Code != "LOCKED_REVISION" {
		t.Errorf("verdict on a revision with a reason = %+v", v)
	}
	decide(t, log, event.Decision{Kind: event.Unlock, Period: "2021"})
	awaitApplied(t, log, stage)
	if v := judgedAs(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "102"))); v.Outcome != event.AllAccepted {
		t.Errorf("verdict on a change after the unlock = %+v", v)
	}
}

// A lock holds the totals of its period whatever feeds them: a part of the year, another
// area of the same total, and the year before, of which its change is made.
//
// Rules: lock.
func TestLockHoldsWhatFeedsTheTotal(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, _ := startTransform(t, log, c)
	monthly := func(period, value, reason string) event.Submission {
		return event.Submission{Area: "901", Dataset: "monthly", Reason: reason, Observations: []event.Observation{fixture.Figure("gdp", period, value)}}
	}
	yearly := func(indicator, period, value string) event.Submission {
		return fixture.From("901", fixture.Figure(indicator, period, value))
	}
	before := []event.Submission{monthly("2021-02", "10", ""), yearly("gdp", "2020", "100")}
	for _, area := range []string{"901", "902", "903", "906"} {
		before = append(before, fixture.From(area, fixture.Figure("enterprises", "2020", "5"), fixture.Figure("enterprises", "2021", "6")))
	}
	for _, s := range before {
		if v := judgedAs(t, log, s); v.Outcome != event.AllAccepted {
			t.Fatalf("verdict before the lock = %+v", v)
		}
	}
	decide(t, log, event.Decision{Kind: event.Lock, Period: "2021"})
	awaitApplied(t, log, stage)
	for _, test := range []struct {
		name string
		s    event.Submission
		code string // "" is accepted
	}{
		{"a month of the year, of which no total follows yet", monthly("2021-02", "11", ""), ""},
		{"the same figure of a month", event.Submission{Area: "901", Dataset: "monthly", Observations: []event.Observation{{Indicator: "gdp", Period: "2021-02", Value: "11", Note: "unchanged"}}}, ""},
		{"a year to date, from which the year does not follow alone", monthly("2021-YTD11", "120", ""), ""},
		{"the month from which it does", monthly("2021-12", "12", ""), "TOTAL_LOCKED"},
		{"a month of the year before, which the area has reported itself", monthly("2020-12", "9", ""), ""},
		{"a month of the year before, of another area", event.Submission{Area: "902", Dataset: "monthly", Observations: []event.Observation{fixture.Figure("gdp", "2020-12", "9")}}, ""},
		{"the year before, of which no change follows", yearly("gdp", "2020", "101"), ""},
		{"the base of a stock's change", yearly("enterprises", "2020", "6"), "TOTAL_LOCKED"},
		{"the year itself", yearly("gdp", "2021", "1"), "PERIOD_LOCKED"},
		{"a withdrawal of the base", fixture.From("901", event.Observation{Indicator: "enterprises", Period: "2020", Action: "D"}), "TOTAL_LOCKED"},
		{"two years before", yearly("gdp", "2019", "1"), ""},
		{"a month of the year after", monthly("2022-01", "1", ""), ""},
		{"a month with a reason", monthly("2021-02", "12", "census"), ""},
	} {
		v := judgedAs(t, log, test.s)
		code := ""
		if len(v.Findings) > 0 {
			code = v.Findings[0].Code
		}
		if code != test.code || (v.Outcome == event.AllAccepted) != (code == "") {
			t.Errorf("%s: %s with %q, want %q: %+v", test.name, v.Outcome, code, test.code, v.Findings)
		}
	}
}

// Rules: stage backwards.
func TestReopenedFigureBeginsAgain(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, stop := startTransform(t, log, c)
	judgedAs(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100"), fixture.Figure("rd", "2021", "5")))
	estimate := fixture.From("901", fixture.Figure("gdp", "2021", "90"), fixture.Figure("rd", "2021", "4"))
	estimate.Observations[0].Stage, estimate.Observations[1].Stage = "estimate", "estimate"
	decide(t, log, event.Decision{Kind: event.Reopen, Period: "2021", Indicator: "gdp", Area: "901"})
	awaitApplied(t, log, stage)

	v := judgedAs(t, log, estimate)
	if v.Outcome != event.Partial || v.Findings[0].Indicator != "rd" || v.Findings[0].Code != "STAGE_BACKWARDS" {
		t.Errorf("verdict = %+v; want gdp accepted and rd, which was not reopened, refused", v)
	}
	fixture.TotalWith(t, log, "gdp", "2021", func(total event.Total) bool { return total.Value == "90" && total.Stage == "estimate" })
	// Within the new epoch a stage may not go back either.
	judgedAs(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "95")))
	back := fixture.From("901", fixture.Figure("gdp", "2021", "91"))
	back.Observations[0].Stage = "flash"
	if v := judgedAs(t, log, back); v.Outcome != event.Rejected || v.Findings[0].Code != "STAGE_BACKWARDS" {
		t.Errorf("verdict on a step back in the new epoch = %+v", v)
	}

	// A restart replays decisions with the figures.
	stop()
	restarted, _ := startTransform(t, log, c)
	if part, _ := restarted.Ledger().Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901"); part.Value.String() != "95" || part.Epoch != 1 {
		t.Errorf("after the restart the ledger has %+v, want 95 in epoch 1", part)
	}
}

// awaitApplied waits until the stage's ledger has folded in everything in the log.
func awaitApplied(t *testing.T, log *stream.Log, stage *Stage) {
	t.Helper()
	last, err := log.LastSequence(t.Context(), stream.Accepted)
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Ledger().Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
}
