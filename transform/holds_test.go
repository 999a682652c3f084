package transform

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// A held figure enters no total; every total that it would move says so, with what it would be
// then: its own, the ratio that it is a part of, and the next year's change. A dry run foretells
// that. Once released it counts from there on, and an answer as of before is what it was.
func TestTotalsSayWhatIsHeld(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, stop := startTransform(t, log, c)
	for _, s := range []event.Submission{
		fixture.From("901", fixture.Figure("gdp", "2021", "100"), fixture.Figure("rd", "2021", "5"), fixture.Figure("gdp", "2022", "120")),
		fixture.From("902", fixture.Figure("gdp", "2021", "100"), fixture.Figure("rd", "2021", "5"), fixture.Figure("gdp", "2022", "120")),
	} {
		judgedAs(t, log, s)
	}
	decide(t, log, event.Decision{Kind: event.Lock, Period: "2021"})
	awaitApplied(t, log, stage)
	revision := fixture.From("901", fixture.Figure("gdp", "2021", "300"))
	revision.Reason = "census"

	foreseen, err := inquiry.DryRun(t.Context(), log, unsent(t, revision))
	if err != nil {
		t.Fatal(err)
	}
	if v := foreseen.Verdicts[0]; v.Outcome != event.AllHeld || len(foreseen.Totals) != 3 {
		t.Fatalf("foreseen: %s, %d totals", v.Outcome, len(foreseen.Totals))
	}
	if gdp := foreseen.Totals[0]; gdp.From.Value != "200" || gdp.To.Value != "200" || gdp.To.Held == nil || gdp.To.Held.Value != "400" || len(gdp.To.Held.Holds) > 0 {
		t.Errorf("foreseen total: from %+v to %+v", gdp.From, gdp.To)
	}

	held := judgedAs(t, log, revision)
	before := time.Now()
	id := event.HoldID{Sequence: held.Sequence, Row: 1}.String()
	says := func(value, withHeld string) func(event.Total) bool {
		return func(total event.Total) bool {
			return total.Value == value && total.Held != nil && total.Held.Value == withHeld && slices.Equal(total.Held.Holds, []string{id}) && slices.Equal(total.Held.Areas, []string{"901"})
		}
	}
	fixture.TotalWith(t, log, "gdp", "2021", says("200", "400"))
	fixture.TotalWith(t, log, "rd_intensity", "2021", says("5", "2.5"))
	fixture.TotalWith(t, log, "gdp", "2022", func(total event.Total) bool { return total.Held != nil && total.Held.Value == total.Value })

	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	holds, err := inquiry.AskHolds(t.Context(), log, inquiry.WantedHolds{Area: "901", State: "pending"})
	if err != nil || len(holds.Holds) != 1 || holds.Holds[0].ID != id || holds.Holds[0].InForce.Value != "100" || holds.Holds[0].Reason != "census" {
		t.Fatalf("held: %+v, %v", holds, err)
	}
	for _, act := range []inquiry.HoldAct{
		{Kind: event.ReleaseHeld, IDs: []string{"7"}, Text: "x", Person: clerk},
		{Kind: event.ReleaseHeld, IDs: []string{id}, Text: "", Person: clerk},
	} {
		if refused, err := inquiry.Decide(t.Context(), log, act); err != nil || refused.Refused == nil {
			t.Errorf("%+v: %+v, %v", act, refused, err)
		}
	}
	for _, act := range []inquiry.HoldAct{{Kind: "seize", IDs: []string{id}}, {Kind: event.ReleaseHeld}} {
		if _, err := inquiry.Decide(t.Context(), log, act); !event.IsPermanent(err) {
			t.Errorf("%+v: %v", act, err)
		}
	}
	released, err := inquiry.Decide(t.Context(), log, inquiry.HoldAct{Kind: event.ReleaseHeld, Submission: held.Submission, Text: "as agreed", Person: clerk})
	if err != nil || len(released.Holds) != 1 || released.Holds[0].State != "released" || released.Holds[0].Decision.Text != "as agreed" || released.Holds[0].Decision.Person != clerk {
		t.Fatalf("released: %+v, %v", released, err)
	}
	fixture.TotalWith(t, log, "gdp", "2021", func(total event.Total) bool { return total.Value == "400" && total.Held == nil })
	fixture.TotalWith(t, log, "rd_intensity", "2021", func(total event.Total) bool { return total.Value == "2.5" && total.Held == nil })

	history, err := inquiry.AskHistory(t.Context(), log, inquiry.Cell{Area: "901", Indicator: "gdp", Period: "2021"})
	if err != nil || len(history.Vintages) != 2 || history.Vintages[0].Value != "300" || !history.Vintages[0].ReceivedAt.After(before.Add(-time.Second)) {
		t.Errorf("history: %+v, %v", history, err)
	}
	for moment, want := range map[ledger.Moment]string{{Received: before}: "200", {}: "400"} {
		h, err := ledger.Replay(t.Context(), log, c, moment, answer.KeepFor(c, "gdp"))
		if err != nil {
			t.Fatal(err)
		}
		e, _ := answer.Explain(c, h, ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901")
		if e.Value != want || len(e.Sums[0].Holds) != 1 || (e.Held == nil) != (want == "400") {
			t.Errorf("explained as of %v: %s, held %+v, %+v", moment.Received, e.Value, e.Held, e.Sums[0].Holds)
		}
	}
	stop()

	// Another process that replays the log holds and releases the same.
	again := ledger.New(c)
	ctx, caughtUp := context.WithCancel(t.Context())
	if err := again.Follow(ctx, log, fixture.Logger(t), caughtUp); err != nil {
		t.Fatal(err)
	}
	if h := again.Holds(func(*ledger.Hold) bool { return true }); len(h) != 1 || h[0].State != ledger.HoldReleased || h[0].Decision.Person != clerk {
		t.Errorf("replayed: %+v", h)
	}
	if part, _ := again.Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901"); part.Value != (catalogue.Value{Coefficient: 300}) {
		t.Errorf("replayed: %+v", part)
	}
}
