package judge

import (
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// A figure that the bureau has refused, sent again, waits for the bureau, whatever held it and
// whatever the district says; another one is judged as any other. Every step is judged by a
// validator that was started anew and knows the log alone.
func TestARefusalOfTheBureauStands(t *testing.T) {
	h := newHolding(t)
	pending := func() *ledger.Hold {
		t.Helper()
		all := h.v.ledger.Holds(func(h *ledger.Hold) bool { return h.State == ledger.HoldPending })
		if len(all) != 1 {
			t.Fatalf("%d figures are held", len(all))
		}
		return all[0]
	}
	var refused event.HoldID
	act := func(kind event.DecisionKind, by event.Person, text string) func() {
		return func() {
			t.Helper()
			of := pending().ID
			if err := h.act(kind, by, text, of); err != nil {
				t.Fatal(err)
			}
			if kind == event.RefuseHeld {
				refused = of
			}
		}
	}
	refuse, release, explain := act(event.RefuseHeld, clerk, "not so"), act(event.ReleaseHeld, clerk, "checked"), act(event.ExplainHeld, district, "it is so")
	explainAndRefuse := func() { explain(); refuse() }
	h.gdp("2020", "100")
	for _, step := range []struct {
		name, role, period, value, stage, action string
		then                                     func()
		effect                                   event.Effect
		codes, inForce                           string
	}{
		{"the area reports", "district", "2021", "110", "flash", "", nil, event.New, "", "110"},
		{"an odd figure", "district", "2021", "1500", "flash", "", refuse, event.Held, "TENFOLD", "110"},
		{"the same again", "district", "2021", "1500", "flash", "", explain, event.Held, "TENFOLD HELD_REFUSED", "110"},
		{"while that is held", "district", "2021", "1500", "flash", "", explainAndRefuse, event.Held, stillHeldCode, "110"},
		{"written otherwise", "district", "2021", "1500.0", "flash", "", explainAndRefuse, event.Held, "TENFOLD HELD_REFUSED", "110"},
		{"of another stage", "district", "2021", "1500", "final", "", explainAndRefuse, event.Held, "TENFOLD HELD_REFUSED", "110"},
		{"another figure", "district", "2021", "1400", "flash", "", explain, event.Held, "TENFOLD", "1400"},
		{"one that nobody holds", "district", "2021", "120", "flash", "", nil, event.Changed, "", "120"},
		{"the refused one after that", "district", "2021", "1500", "flash", "", refuse, event.Held, "TENFOLD HELD_REFUSED", "120"},
		{"the year before grows", "bureau", "2020", "1000", "final", "", nil, event.Changed, "", "120"},
		{"no rule finds anything", "district", "2021", "1500", "flash", "", explainAndRefuse, event.Held, "HELD_REFUSED", "120"},
		{"the bureau takes it", "district", "2021", "1500", "flash", "", release, event.Held, "HELD_REFUSED", "1500"},
		{"in force", "district", "2021", "1500", "flash", "", nil, event.Unchanged, "", "1500"},
		{"in force, as final", "district", "2021", "1500", "final", "", nil, event.Changed, "", "1500"},
		{"a better one", "district", "2021", "1501", "final", "", nil, event.Changed, "", "1501"},
		{"the released one after that", "district", "2021", "1500.00", "final", "", nil, event.Changed, "", "1500"},
		{"what the bureau alone releases", "district", "2021", "200000", "final", "", refuse, event.Held, "HUNDREDFOLD TENFOLD", "1500"},
		{"that again", "district", "2021", "200000", "final", "", explainAndRefuse, event.Held, "TENFOLD HUNDREDFOLD HELD_REFUSED", "1500"},
		{"the bureau sends it", "bureau", "2021", "200000", "final", "", nil, event.Changed, "TENFOLD HUNDREDFOLD", "200000"},
		{"and the area agrees", "district", "2021", "200000", "final", "", nil, event.Unchanged, "", "200000"},
		{"a withdrawal", "district", "2021", "", "", "D", refuse, event.Held, "OVER_CORRECTION", "200000"},
		{"that again", "district", "2021", "", "", "D", explainAndRefuse, event.Held, "OVER_CORRECTION HELD_REFUSED", "200000"},
		{"another correction", "bureau", "2021", "1300", "final", "", nil, event.Changed, "", "1300"},
		{"a withdrawal of that", "district", "2021", "", "", "D", refuse, event.Held, "OVER_CORRECTION", "1300"},
	} {
		set := h.v.rules
		h.v = h.validator()
		h.v.rules = set
		o := fixture.Figure("gdp", step.period, step.value)
		o.Stage, o.Action = step.stage, step.action
		v := h.judge(fixture.From("901", o), step.role)
		if v.CountOf(step.effect) != 1 || codes(v) != step.codes {
			t.Errorf("%s: effects %v and findings %q, want %s and %q", step.name, v.Effects, codes(v), step.effect, step.codes)
		}
		if strings.Contains(step.codes, heldRefusedCode) {
			f := v.Findings[len(v.Findings)-1]
			for _, want := range []string{refused.String(), clerk.Name, "not so"} {
				if !strings.Contains(f.MessageZH, want) || !strings.Contains(f.MessageEN, want) {
					t.Errorf("%s: %s and %s, want both with %s", step.name, f.MessageZH, f.MessageEN, want)
				}
			}
			if of := pending(); of.Releaser != event.ByBureau || of.Findings[0].Code != heldRefusedCode {
				t.Errorf("%s: %+v", step.name, of)
			}
		}
		if step.then != nil {
			step.then()
		}
		if got := h.inForce("2021"); got != step.inForce {
			t.Fatalf("%s: in force %q, want %q", step.name, got, step.inForce)
		}
	}
}

// A row is held for everything that the bureau has to know of it: that it corrected the figure,
// that the period is locked, and that it refused the same before.
func TestARowIsHeldForAllThatTheBureauDecided(t *testing.T) {
	h := newHolding(t)
	h.gdp("2021", "110")
	h.judge(fixture.From("901", fixture.Figure("gdp", "2021", "120")), "bureau")
	h.decide(h.v, event.Lock)
	revision := fixture.From("901", fixture.Figure("gdp", "2021", "130"))
	if v := h.judge(revision, "district"); v.Outcome != event.Rejected || codes(v) != "PERIOD_LOCKED" {
		t.Errorf("without a reason = %+v", v)
	}
	revision.Reason = "census"
	for _, want := range []string{"LOCKED_REVISION OVER_CORRECTION", "OVER_CORRECTION LOCKED_REVISION HELD_REFUSED"} {
		v := h.judge(revision, "district")
		of := h.v.ledger.Hold(event.HoldID{Sequence: v.Sequence, Row: 1})
		if v.Outcome != event.AllHeld || codes(v) != want || of == nil || len(of.Findings) != len(v.Findings) {
			t.Fatalf("%+v, %+v; want %s", v, of, want)
		}
		if err := h.act(event.RefuseHeld, clerk, "not yet", of.ID); err != nil {
			t.Fatal(err)
		}
	}
}
