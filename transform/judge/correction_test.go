package judge

import (
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// What the bureau corrects on an area's behalf stands: the figure of before, sent again, does
// not undo it, and a new one is held until the bureau decides. Every step is judged by a
// validator that was started anew and knows the log alone.
func TestACorrectionOfTheBureauStands(t *testing.T) {
	h := newHolding(t)
	figure := func(value, stage, action string) event.Submission {
		o := fixture.Figure("gdp", "2021", value)
		o.Stage, o.Action = stage, action
		return fixture.From("901", o)
	}
	pending := func() event.HoldID {
		t.Helper()
		all := h.v.ledger.Holds(func(h *ledger.Hold) bool { return h.State == ledger.HoldPending })
		if len(all) != 1 {
			t.Fatalf("%d figures are held", len(all))
		}
		return all[0].ID
	}
	decide := func(kind event.DecisionKind) func() {
		return func() {
			t.Helper()
			if err := h.act(kind, clerk, "checked "+pending().String(), pending()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, step := range []struct {
		name, role, value, stage, action string
		then                             func()
		effect                           event.Effect
		codes, inForce                   string
	}{
		{"the area reports", "district", "110", "flash", "", nil, event.New, "", "110"},
		{"the bureau corrects", "bureau", "120", "flash", "", nil, event.Changed, "", "120"},
		{"the same old file", "district", "110", "flash", "", nil, event.Superseded, correctedCode, "120"},
		{"the old figure as 110.0", "district", "110.0", "flash", "", nil, event.Superseded, correctedCode, "120"},
		{"the old figure of a lower stage", "district", "110", "estimate", "", nil, event.Superseded, correctedCode, "120"},
		{"the area agrees", "district", "120", "flash", "", nil, event.Unchanged, "", "120"},
		{"the old figure after that", "district", "110", "flash", "", nil, event.Superseded, correctedCode, "120"},
		{"a new figure", "district", "115", "flash", "", nil, event.Held, "OVER_CORRECTION", "120"},
		{"the same again", "district", "115", "flash", "", decide(event.RefuseHeld), event.Held, stillHeldCode, "120"},
		{"the old figure as final", "district", "110", "final", "", decide(event.RefuseHeld), event.Held, "OVER_CORRECTION", "120"},
		{"a withdrawal", "district", "", "", "D", decide(event.RefuseHeld), event.Held, "OVER_CORRECTION", "120"},
		{"another correction", "bureau", "121", "flash", "", nil, event.Changed, "", "121"},
		{"the old figure, twice corrected", "district", "110", "flash", "", nil, event.Superseded, correctedCode, "121"},
		{"a figure that the bureau releases", "district", "122", "flash", "", decide(event.ReleaseHeld), event.Held, "OVER_CORRECTION", "122"},
		{"after the release", "district", "112", "flash", "", nil, event.Changed, "", "112"},
		{"the bureau withdraws", "bureau", "", "", "D", nil, event.WithdrewIt, "", ""},
		{"what was withdrawn", "district", "112", "flash", "", nil, event.Superseded, correctedCode, ""},
		{"a figure after the withdrawal", "district", "113", "flash", "", decide(event.ReleaseHeld), event.Held, "OVER_CORRECTION", "113"},
		{"the bureau corrects again", "bureau", "130", "flash", "", nil, event.Changed, "", "130"},
		{"and gives the area's figure back", "bureau", "113.0", "flash", "", nil, event.Changed, "", "113"},
		{"which ends it", "district", "114", "flash", "", nil, event.Changed, "", "114"},
	} {
		set := h.v.rules
		h.v = h.validator()
		h.v.rules = set
		v := h.judge(figure(step.value, step.stage, step.action), step.role)
		if v.CountOf(step.effect) != 1 || codes(v) != step.codes {
			t.Errorf("%s: effects %v and findings %q, want %s and %q", step.name, v.Effects, codes(v), step.effect, step.codes)
		}
		for _, f := range v.Findings {
			if f.MessageZH == "" || f.MessageEN == "" {
				t.Errorf("%s: %+v", step.name, f)
			}
		}
		if step.then != nil {
			step.then()
		}
		if got := h.inForce("2021"); got != step.inForce {
			t.Fatalf("%s: in force %q, want %q", step.name, got, step.inForce)
		}
	}

	// Where the area had said nothing, or the bureau says the same, nothing was corrected.
	for _, step := range []struct{ role, value string }{{"bureau", "1"}, {"district", "2"}, {"bureau", "2"}, {"district", "3"}} {
		if v := h.judge(fixture.From("901", fixture.Figure("gdp", "2019", step.value)), step.role); v.Outcome != event.AllAccepted {
			t.Errorf("%s of the %s: %+v", step.value, step.role, v)
		}
	}
}
