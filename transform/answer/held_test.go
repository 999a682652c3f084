package answer

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
)

// heldFigure has a period locked and an area report a figure of it with a reason, which is
// held. It returns the figure's id.
func heldFigure(t *testing.T, log *stream.Log, c *catalogue.Catalogue, s event.Submission) string {
	t.Helper()
	period, clerk := s.Observations[0].Period, event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	if err := judge.Decide(t.Context(), log, c, event.Decision{Kind: event.Lock, Period: period, Reason: "published", Person: clerk}, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.Reason = "census"
	v := fixture.VerdictOn(t, log, fixture.Submit(t, log, s))
	if v.Held != 1 {
		t.Fatalf("verdict: %+v", v)
	}
	return event.HoldID{Sequence: v.Sequence, Row: 1}.String()
}

// decideHold has the bureau decide about held figures.
func decideHold(t *testing.T, log *stream.Log, kind event.DecisionKind, id string) {
	t.Helper()
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	if told, err := inquiry.Decide(t.Context(), log, inquiry.HoldAct{Kind: kind, IDs: []string{id}, Text: "as agreed", Person: clerk}); err != nil || told.Refused != nil {
		t.Fatalf("%s: %+v, %v", kind, told, err)
	}
}

func replayed(t *testing.T, log *stream.Log, c *catalogue.Catalogue, moment ledger.Moment, keep ledger.Keep) *ledger.History {
	t.Helper()
	h, err := ledger.Replay(t.Context(), log, c, moment, keep)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// An indicator of which all that was reported is held is told as that, and not as unreported:
// its total has no value and says what it would be, wherever totals are told. It stops a
// release, as what waits for the bureau, and naming it as absent is wrong. Refused, the total
// is withdrawn.
//
// Rules: unreported, one code per cause.
func TestHeldIsNotUnreported(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startStage(t, log, c)
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("rd", "2021", "5"))))
	id := heldFigure(t, log, c, fixture.From("901", fixture.Figure("gdp", "2021", "100")))
	told := fixture.TotalWith(t, log, "gdp", "2021", func(total event.Total) bool { return total.Held != nil })
	if told.Value != "" || told.Status != "O" || told.Publishable || told.Held.Value != "100" || !slices.Equal(told.Held.Holds, []string{id}) || told.Have() != 0 || told.Expected != 4 ||
		!slices.Equal(told.Held.Areas, []string{"901"}) || !slices.Equal(told.NotReported(), []string{"902", "903", "906"}) {
		t.Errorf("total of what is held alone: %+v", told)
	}
	fixture.TotalWith(t, log, "rd_intensity", "2021", func(total event.Total) bool { return total.Value == "" && total.Held != nil && total.Held.Value == "5" })

	h := replayed(t, log, c, ledger.Moment{}, KeepFor(c, "gdp"))
	e, _ := Explain(c, h, ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "")
	if !e.Reported || e.Value != "" || e.Held == nil || len(e.Sums[0].Holds) != 1 || !slices.Equal(e.Missing, []string{"902", "903", "906"}) {
		t.Errorf("explained: %+v", e)
	}
	request := ReleaseRequest{Name: "r", Period: fixture.Period("2021"), Absent: []string{"visits", "enterprises", "balance", "contribution", "enterprises_per_gdp"}}
	var withheld *UnpublishableError
	if _, _, err := CreateRelease(t.Context(), log, c, h, request, time.Now()); !errors.As(err, &withheld) || withheld.Totals[0].Indicator != "gdp" || withheld.Totals[0].Held == nil {
		t.Errorf("release: %v", err)
	}
	request.Absent = append(request.Absent, "gdp")
	var unreported *UnreportedError
	if _, _, err := CreateRelease(t.Context(), log, c, h, request, time.Now()); !errors.As(err, &unreported) || !slices.Equal(unreported.Reported, []string{"gdp"}) {
		t.Errorf("release with what is held named as absent: %v", err)
	}

	decideHold(t, log, event.RefuseHeld, id)
	for _, indicator := range []string{"gdp", "rd_intensity"} {
		fixture.TotalWith(t, log, indicator, "2021", func(total event.Total) bool { return total.Status == catalogue.Withdrawn.String() })
	}
	if e, _ := Explain(c, replayed(t, log, c, ledger.Moment{}, KeepFor(c, "gdp")), ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, ""); e.Reported {
		t.Errorf("explained once it was refused: %+v", e)
	}
}

// What differs from a release is told with its cause: a figure that is held since, one that
// was held and refused or released, one that was withdrawn, a catalogue, each by itself.
//
// Rules: release, provenance.
func TestReleaseDiffersByItsCause(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startStage(t, log, c)
	for _, area := range []string{"901", "902", "903", "906"} {
		fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From(area, fixture.Figure("gdp", "2021", "100"), fixture.Figure("balance", "2021", "2"))))
	}
	releases, repetition := map[string]*event.Release{}, uint64(0)
	release := func(name string) {
		t.Helper()
		request := ReleaseRequest{Name: name, Period: fixture.Period("2021"), Absent: []string{"rd", "rd_intensity", "visits", "enterprises", "contribution", "enterprises_per_gdp"}, Force: true}
		made, _, err := CreateRelease(t.Context(), log, c, replayed(t, log, c, ledger.Moment{}, nil), request, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		releases[name] = made
	}
	differs := func(name string, today *catalogue.Catalogue, want ...string) {
		t.Helper()
		r := releases[name]
		then := replayed(t, log, c, MomentOf(r), nil)
		now := replayed(t, log, c, ledger.Moment{}, KeepSince(then))
		if today != c {
			adopted := &event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Adopt, Catalogue: today.Text()}}}
			if err := now.Ledger.Apply(now.Ledger.Basis()+1, edition.Subject, adopted); err != nil {
				t.Fatal(err)
			}
		}
		differences, err := CompareRelease(today, r, then, now)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range differences {
			line := d.Indicator
			for _, cause := range d.Causes {
				line += " " + cause.After.Area + ":" + cause.Before.Value.String() + ">" + cause.After.Status.String() + cause.After.Value.String()
				if cause.After.Sequence == repetition {
					line += " blamed on the repetition"
				}
			}
			for _, h := range d.Holds {
				line += " " + h.Area + " " + h.State
			}
			if d.ByCatalogue {
				line += " by catalogue"
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s differs by %q, want %q", name, got, want)
		}
	}
	release("before")
	differs("before", c)
	monthly := fixture.From("901", fixture.Figure("gdp", "2021-YTD06", "40")) // of which nothing of the year follows
	monthly.Dataset = "monthly"
	fixture.VerdictOn(t, log, fixture.Submit(t, log, monthly))
	id := heldFigure(t, log, c, fixture.From("901", fixture.Figure("gdp", "2021", "150")))
	differs("before", c, "gdp 901 pending")
	release("held")
	decideHold(t, log, event.RefuseHeld, id)
	differs("before", c)
	differs("held", c, "gdp 901 refused")

	id = heldFigure(t, log, c, fixture.From("902", fixture.Figure("balance", "2021", "7"), fixture.Figure("gdp", "2021", "100")))
	release("held-again")
	decideHold(t, log, event.ReleaseHeld, id)
	differs("held-again", c, "balance 902:2>A7 902 released")
	differs("before", c, "balance 902:2>A7")
	repetition = fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("902", fixture.Figure("balance", "2021", "7"), fixture.Figure("visits", "2021-S1", "1")))).Sequence
	differs("before", c, "balance 902:2>A7")

	withdrawal := fixture.From("903", event.Observation{Indicator: "balance", Period: "2021", Action: "D"})
	withdrawal.Reason = "not ours"
	id = event.HoldID{Sequence: fixture.VerdictOn(t, log, fixture.Submit(t, log, withdrawal)).Sequence, Row: 1}.String()
	decideHold(t, log, event.ReleaseHeld, id)
	differs("before", c, "balance 902:2>A7 903:2>X0")

	inYuan, err := catalogue.Parse([]byte(strings.Replace(c.Text(), "name_en: balance, unit: 万元", "name_en: balance, unit: 元", 1)))
	if err != nil {
		t.Fatal(err)
	}
	differs("before", inYuan, "balance 902:20000>A70000 903:20000>X0 by catalogue")
	release("now")
	differs("now", inYuan, "balance by catalogue")
}

// A figure that was held tells when it was received and since when it counts, which are two
// instants; its hold tells the same receipt.
func TestReleasedFigureTellsWhenItWasReceived(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startStage(t, log, c)
	id := heldFigure(t, log, c, fixture.From("901", fixture.Figure("gdp", "2021", "100")))
	decideHold(t, log, event.ReleaseHeld, id)
	e, _ := Explain(c, replayed(t, log, c, ledger.Moment{}, KeepFor(c, "gdp")), ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901")
	part, held := e.Sums[0].Parts[0], e.Sums[0].Holds[0]
	if !part.ReceivedAt.Equal(held.ReceivedAt) || !part.ReleasedAt.Equal(held.Decision.At) {
		t.Errorf("the part was received %v and released %v, the hold received %v and decided %v", part.ReceivedAt, part.ReleasedAt, held.ReceivedAt, held.Decision.At)
	}
	history, err := inquiry.AskHistory(t.Context(), log, inquiry.Cell{Area: "901", Indicator: "gdp", Period: "2021"})
	if err != nil || !history.Vintages[0].ReceivedAt.Equal(held.ReceivedAt) || !history.Vintages[0].ReleasedAt.Equal(held.Decision.At) {
		t.Errorf("history: %+v, %v", history, err)
	}
}

// The parts of one area are those of the areas that it was formed from, too: in the base of its
// change they are what counts.
func TestExplanationOfAnAreaHasItsPredecessors(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startStage(t, log, c)
	for area, period := range map[string]string{"901": "2015", "904": "2015", "905": "2015", "903": "2016"} {
		fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From(area, fixture.Figure("gdp", period, "10"))))
	}
	e, _ := Explain(c, replayed(t, log, c, ledger.Moment{}, KeepFor(c, "gdp")), ledger.Cell{Indicator: "gdp", Period: fixture.Period("2016")}, "903")
	var told []string
	for _, p := range append(e.Sums[0].Parts, e.Base.Sums[0].Parts...) {
		told = append(told, p.Area)
	}
	if !slices.Equal(told, []string{"903", "904", "905"}) {
		t.Errorf("parts of %q, want 903 and, a year before, 904 and 905", told)
	}
}
