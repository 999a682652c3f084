package judge

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
)

// holdRules hold what is ten times the year before, until the district explains it, and what
// is a hundred times, until the bureau decides.
const holdRules = `rules:
  - id: tenfold
    severity: hold
    released_by: district
    expression: value > year_before * 10
    message_zh: "{value}"
    message_en: "{value} is ten times {year_before}"
    pass: [{value: "5", year_before: "1"}]
    fail: [{value: "11", year_before: "1"}]
  - id: hundredfold
    severity: hold
    expression: value > year_before * 100
    message_zh: "{value}"
    message_en: "{value} is a hundred times {year_before}"
    pass: [{value: "5", year_before: "1"}]
    fail: [{value: "101", year_before: "1"}]
`

// holding judges submissions by holdRules.
type holding struct {
	*finality
	v *Validator
}

func newHolding(t *testing.T) *holding {
	f := newFinality(t)
	h := &holding{f, f.validator()}
	var err error
	if h.v.rules, err = rules.Parse("rules", []byte(holdRules), h.v.ledger.Catalogue()); err != nil {
		t.Fatal(err)
	}
	return h
}

// judge publishes a submission, judges it, and returns the verdict.
func (h *holding) judge(s event.Submission, role string) event.Verdict {
	h.t.Helper()
	r := readOf(h.t, h.log, s)
	r = readSubmission(stream.Undelivered(stream.Message{Subject: "submissions." + s.Area + "." + s.Dataset, Body: r.delivery.Body, Header: map[string]string{event.RoleHeader: role, event.SubmissionHeader: r.id}}, r.delivery.Sequence, r.delivery.StoredAt))
	verdicts, err := h.v.accept(h.t.Context(), []received{r}, nil, stream.Refusals{})
	if err != nil {
		h.t.Fatal(err)
	}
	return verdicts[0]
}

func (h *holding) gdp(period, value string) event.Verdict {
	h.t.Helper()
	return h.judge(fixture.From("901", fixture.Figure("gdp", period, value)), "district")
}

func (h *holding) inForce(period string) string {
	h.t.Helper()
	part, ok := h.v.ledger.Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period(period)}, "901")
	if !ok {
		return ""
	}
	return part.Value.String()
}

func (h *holding) act(kind event.DecisionKind, person event.Person, text string, ids ...event.HoldID) error {
	h.t.Helper()
	_, err := DecideHold(h.t.Context(), h.log, h.v.ledger, HoldAct{Kind: kind, Holds: ids, Text: text, Person: person, Area: "901"}, time.Now)
	return err
}

func codes(v event.Verdict) string {
	var all []string
	for _, f := range v.Findings {
		all = append(all, f.Code)
	}
	return strings.Join(all, " ")
}

var district = event.Person{Name: "901", Role: "district", Way: event.WayToken}

// A figure that a rule holds counts for nothing until the district has explained it, where the
// rule leaves it to the district, or else until the bureau releases it. A refusal ends it, and
// so does a better figure.
//
// Rules: effects.
func TestHeldFigures(t *testing.T) {
	h := newHolding(t)
	h.gdp("2020", "100")
	h.gdp("2021", "110")

	v := h.gdp("2021", "1500")
	if v.Outcome != event.AllHeld || v.Held != 1 || v.Accepted+v.RejectedRows != 0 || v.CountOf(event.Held) != 1 || codes(v) != "TENFOLD" || v.Findings[0].ReleasedBy != event.ByDistrict {
		t.Fatalf("verdict on an odd figure = %+v", v)
	}
	first := event.HoldID{Sequence: v.Sequence, Row: 1}
	if got := h.inForce("2021"); got != "110" {
		t.Errorf("in force while 1500 is held: %s", got)
	}
	if again := h.gdp("2021", "1500"); !again.Repeated || again.Held != 1 || codes(again) != "STILL_HELD" {
		t.Errorf("the same again = %+v, want a repetition that is still held", again)
	}
	if err := h.act(event.ExplainHeld, district, "the refinery began", first); err != nil {
		t.Fatal(err)
	}
	if held := h.v.ledger.Hold(first); held.State != ledger.HoldReleased || len(held.Explanations) != 1 || h.inForce("2021") != "1500" {
		t.Errorf("after the explanation: %+v, in force %s", held, h.inForce("2021"))
	}
	if again := h.gdp("2021", "1500"); !again.Repeated || again.Accepted != 1 || again.CountOf(event.Unchanged) != 1 {
		t.Errorf("the released figure again = %+v", again)
	}

	// What the bureau alone releases stays held when it is explained.
	v = h.gdp("2021", "20000")
	second := event.HoldID{Sequence: v.Sequence, Row: 1}
	if codes(v) != "HUNDREDFOLD TENFOLD" || h.v.ledger.Hold(second).Releaser != event.ByBureau {
		t.Errorf("verdict by two rules = %+v", v)
	}
	if err := h.act(event.ExplainHeld, district, "really", second); err != nil || h.v.ledger.Hold(second).State != ledger.HoldPending {
		t.Errorf("explained (%v): %+v", err, h.v.ledger.Hold(second))
	}
	if err := h.act(event.RefuseHeld, clerk, "not so", second); err != nil || h.v.ledger.Hold(second).State != ledger.HoldRefused || h.inForce("2021") != "1500" {
		t.Errorf("refused (%v): %+v, in force %s", err, h.v.ledger.Hold(second), h.inForce("2021"))
	}

	// A better figure takes the place of one that is held, and says so.
	third := event.HoldID{Sequence: h.gdp("2021", "30000").Sequence, Row: 1}
	if v = h.gdp("2021", "900"); codes(v) != "HELD_SUPERSEDED" || v.Accepted != 1 {
		t.Errorf("a figure after one that is held = %+v", v)
	}
	if held := h.v.ledger.Hold(third); held.State != ledger.HoldSuperseded || held.Successor != v.Sequence {
		t.Errorf("superseded: %+v", held)
	}
	if parts := h.v.ledger.HeldParts(); len(parts) > 0 {
		t.Errorf("held in the end: %v", parts)
	}

	// The bureau's own figure is told about and not held.
	if v = h.judge(fixture.From("901", fixture.Figure("gdp", "2021", "2000")), "bureau"); v.Accepted != 1 || v.Findings[0].Severity != event.Inform {
		t.Errorf("the bureau's own figure = %+v", v)
	}
}

// A row has one fate: what is refused is held by nothing, though a rule that holds finds it, too,
// whichever of the two finds it first.
//
// Rules: effects.
func TestRefusedRowIsHeldByNothing(t *testing.T) {
	const whole = `
  - id: whole
    severity: reject
    expression: "!value.is_whole()"
    message_zh: "{value}"
    message_en: "{value} is a fraction"
    pass: [{value: "5"}]
    fail: [{value: "1.5"}]
`
	for _, text := range []string{holdRules + whole, "rules:" + whole + strings.TrimPrefix(strings.TrimSpace(holdRules), "rules:")} {
		h := newHolding(t)
		var err error
		if h.v.rules, err = rules.Parse("rules", []byte(text), h.v.ledger.Catalogue()); err != nil {
			t.Fatal(err)
		}
		h.gdp("2020", "100")
		v := h.gdp("2021", "1500.5")
		if v.Outcome != event.Rejected || v.Held != 0 || v.RejectedRows != 1 || v.CountOf(event.Refused) != 1 || len(v.Findings) != 2 {
			t.Errorf("verdict = %+v", v)
		}
		for _, f := range v.Findings {
			if f.Severity == event.Hold || f.ReleasedBy != "" {
				t.Errorf("finding on a refused row = %+v", f)
			}
		}
	}
}

// What takes the place of a held figure is told as what it says, a withdrawal or the word that
// there is no figure too, and the held figure as what that says.
func TestHeldSupersededSaysWhatTheRowSays(t *testing.T) {
	h := newHolding(t)
	for n, row := range []event.Observation{{Value: "120"}, {Status: "O"}, {Action: "D"}} {
		area := []string{"901", "902", "903"}[n]
		for _, figure := range []event.Observation{fixture.Figure("gdp", "2020", "100"), fixture.Figure("gdp", "2021", "110"), fixture.Figure("gdp", "2021", "1500")} {
			h.judge(fixture.From(area, figure), "district")
		}
		row.Indicator, row.Period = "gdp", "2021"
		v := h.judge(fixture.From(area, row), "district")
		if codes(v) != "HELD_SUPERSEDED" || v.Findings[0].Seen != string(row.Value)+row.Status+row.Action || !strings.Contains(v.Findings[0].MessageEN, "1500") {
			t.Errorf("%+v: %+v", row, v.Findings)
		}
	}
}

// The same content again ends no figure that came after it and is held: while it is in force it
// is a repetition, with others it is refused, and it takes the held figure's place where it says
// that it is meant again.
//
// Rules: same content.
func TestSameContentAgainEndsNoHold(t *testing.T) {
	h := newHolding(t)
	h.gdp("2020", "100")
	file := fixture.From("901", fixture.Figure("gdp", "2021", "110"), fixture.Figure("rd", "2021", "5"))
	alone := fixture.From("901", fixture.Figure("gdp", "2021", "110"))
	h.judge(alone, "district")
	h.judge(file, "district")
	v := h.gdp("2021", "1500")
	held := event.HoldID{Sequence: v.Sequence, Row: 1}
	stays := func(when string) {
		t.Helper()
		if of := h.v.ledger.Hold(held); of.State != ledger.HoldPending || h.inForce("2021") != "110" {
			t.Errorf("%s: %+v, in force %s", when, of, h.inForce("2021"))
		}
	}
	if v = h.judge(alone, "district"); !v.Repeated || v.Outcome != event.AllAccepted || v.CountOf(event.Unchanged) != 1 || codes(v) != "HELD_STAYS" || v.Findings[0].Seen != "110" {
		t.Errorf("what is in force again = %+v", v)
	}
	stays("after what is in force")

	// With a row that was superseded it is refused, and nothing of it is stored.
	h.judge(fixture.From("901", fixture.Figure("rd", "2021", "6")), "district")
	before, _ := h.log.LastSequence(t.Context(), stream.Accepted)
	if v = h.judge(file, "district"); v.Repeated || v.Outcome != event.Rejected || codes(v) != "SUPERSEDED SUPERSEDED" || v.CountOf(event.Superseded) != 2 ||
		v.Findings[0].Seen != "110" || !strings.Contains(v.Findings[0].MessageEN, held.String()) {
		t.Errorf("what was superseded in part = %+v", v)
	}
	if after, _ := h.log.LastSequence(t.Context(), stream.Accepted); after != before {
		t.Errorf("ACCEPTED grew from %d to %d", before, after)
	}
	stays("after what was superseded in part")

	// A held figure that another one superseded comes back no more than an accepted one does.
	h.judge(fixture.From("902", fixture.Figure("gdp", "2020", "1")), "district")
	h.judge(fixture.From("902", fixture.Figure("gdp", "2021", "50")), "district")
	second := h.judge(fixture.From("902", fixture.Figure("gdp", "2021", "60")), "district")
	if v = h.judge(fixture.From("902", fixture.Figure("gdp", "2021", "50")), "district"); v.Outcome != event.Rejected || codes(v) != "SUPERSEDED" {
		t.Errorf("a held figure that was superseded = %+v", v)
	}
	if of := h.v.ledger.Hold(event.HoldID{Sequence: second.Sequence, Row: 1}); of.State != ledger.HoldPending {
		t.Errorf("the later one: %+v", of)
	}

	alone.Again = true
	v = h.judge(alone, "district")
	if of := h.v.ledger.Hold(held); v.Repeated || v.Accepted != 1 || codes(v) != "HELD_SUPERSEDED" || of.State != ledger.HoldSuperseded || of.Successor != v.Sequence {
		t.Errorf("meant again = %+v, %+v", v, of)
	}
	// The cell is the row's, and so is what stands in it; the held figure is told by its id.
	if f := v.Findings[0]; f.Seen != "110" || !strings.Contains(f.MessageEN, "1500") || !strings.Contains(f.MessageEN, held.String()) {
		t.Errorf("finding = %+v", f)
	}
}

// Whoever asks for what cannot be done is told why, and nothing is on record.
func TestHeldFiguresThatCannotBeDecided(t *testing.T) {
	h := newHolding(t)
	h.gdp("2020", "1")
	h.gdp("2021", "1")
	id := func(v event.Verdict) event.HoldID { return event.HoldID{Sequence: v.Sequence, Row: 1} }
	released, refused, ended := id(h.gdp("2021", "150")), event.HoldID{}, event.HoldID{}
	for _, err := range []error{h.act(event.ExplainHeld, district, "so it is", released), h.act(event.ReleaseHeld, clerk, "checked", released)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	refused = id(h.gdp("2021", "160"))
	if err := h.act(event.RefuseHeld, clerk, "wrong", refused); err != nil {
		t.Fatal(err)
	}
	ended = id(h.gdp("2021", "170"))
	pending := id(h.gdp("2021", "180"))
	if err := h.act(event.ExplainHeld, district, "said", pending); err != nil {
		t.Fatal(err)
	}
	before, _ := h.log.LastSequence(t.Context(), stream.Accepted)
	for _, test := range []struct {
		name   string
		kind   event.DecisionKind
		person event.Person
		text   string
		of     event.HoldID
		code   string
	}{
		{"nothing of that id", event.ExplainHeld, district, "x", event.HoldID{Sequence: 1, Row: 1}, inquiry.HoldUnknown},
		{"no reason", event.ReleaseHeld, clerk, " ", pending, inquiry.HoldText},
		{"too long", event.ReleaseHeld, clerk, strings.Repeat("长", 2000), pending, inquiry.HoldText},
		{"control characters", event.ExplainHeld, district, "a\x1b[2J", pending, inquiry.HoldText},
		{"a district releases", event.ReleaseHeld, district, "x", pending, inquiry.HoldNotYours},
		{"an analyst explains", event.ExplainHeld, event.Person{Name: "a", Role: "analyst", Way: event.WayToken}, "x", pending, inquiry.HoldNotYours},
		{"released before", event.ReleaseHeld, clerk, "x", released, inquiry.HoldDecided},
		{"explained after the release", event.ExplainHeld, district, "x", released, inquiry.HoldDecided},
		{"refused before", event.ReleaseHeld, clerk, "x", refused, inquiry.HoldDecided},
		{"superseded", event.ReleaseHeld, clerk, "x", ended, inquiry.HoldEnded},
	} {
		err := h.act(test.kind, test.person, test.text, test.of)
		if p, ok := errors.AsType[*inquiry.HoldProblem](err); !ok || p.Code != test.code || p.ZH == "" || p.EN == "" {
			t.Errorf("%s: %v, want %s", test.name, err, test.code)
		}
	}
	if err := h.act(event.ReleaseHeld, event.Person{}, "x", pending); err == nil {
		t.Error("nobody released it")
	}
	other := HoldAct{Kind: event.ExplainHeld, Holds: []event.HoldID{pending}, Area: "902", Text: "x", Person: district}
	if _, err := DecideHold(t.Context(), h.log, h.v.ledger, other, time.Now); err == nil || err.(*inquiry.HoldProblem).Code != inquiry.HoldUnknown {
		t.Errorf("another area's: %v", err)
	}
	// What is on record already is put there no second time.
	for _, err := range []error{h.act(event.ExplainHeld, district, "said", pending), h.act(event.ReleaseHeld, clerk, "checked", released), h.act(event.RefuseHeld, clerk, "wrong", refused)} {
		if err != nil {
			t.Errorf("the same again: %v", err)
		}
	}
	if after, _ := h.log.LastSequence(t.Context(), stream.Accepted); after != before {
		t.Errorf("ACCEPTED grew from %d to %d", before, after)
	}
	if err := h.act(event.ReleaseHeld, clerk, "checked", pending); err != nil || h.inForce("2021") != "180" {
		t.Errorf("then good: %v, in force %s", err, h.inForce("2021"))
	}
}

// After a lock a change of a locked total needs a reason and then the bureau, whatever the
// rules say; the bureau's own change needs a reason alone.
//
// Rules: lock.
func TestALockedChangeWaitsForTheBureau(t *testing.T) {
	h := newHolding(t)
	h.gdp("2021", "100")
	h.decide(h.v, event.Lock)
	revision := fixture.From("901", fixture.Figure("gdp", "2021", "101"))
	if v := h.judge(revision, "district"); v.Outcome != event.Rejected || codes(v) != "PERIOD_LOCKED" {
		t.Errorf("without a reason = %+v", v)
	}
	revision.Reason = "census"
	v := h.judge(revision, "district")
	if v.Outcome != event.AllHeld || codes(v) != "LOCKED_REVISION" || h.inForce("2021") != "100" {
		t.Errorf("with a reason = %+v", v)
	}
	of := event.HoldID{Sequence: v.Sequence, Row: 1}
	if err := h.act(event.ExplainHeld, district, "census", of); err != nil || h.inForce("2021") != "100" {
		t.Errorf("explained (%v), in force %s", err, h.inForce("2021"))
	}
	if err := h.act(event.ReleaseHeld, clerk, "as agreed", of); err != nil || h.inForce("2021") != "101" {
		t.Errorf("released (%v), in force %s", err, h.inForce("2021"))
	}
	revision.Observations[0].Value = "102"
	if v := h.judge(revision, "bureau"); v.Outcome != event.AllAccepted || h.inForce("2021") != "102" {
		t.Errorf("the bureau's own = %+v", v)
	}
}

// Figures of one row of a wide table are held, told, released and repeated each by itself.
//
// Rules: effects.
func TestHeldFiguresOfOneRow(t *testing.T) {
	h := newHolding(t)
	h.gdp("2019", "10")
	h.gdp("2020", "10")
	wide := func(key, first, second, third string) event.Submission {
		s := fixture.From("901", fixture.Figure("gdp", "2020", first), fixture.Figure("gdp", "2021", second), fixture.Figure("gdp", "2022", third))
		for i := range s.Observations {
			s.Observations[i].Row, s.Observations[i].Cell = 2, string(rune('B'+i))+"2"
		}
		s.Key = key
		return s
	}
	v := h.judge(wide("k", "200", "2500", "17"), "district")
	if v.Held != 2 || v.Accepted != 1 || v.Effects[len(v.Effects)-1].Rows != "2" {
		t.Fatalf("verdict = %+v", v)
	}
	told := h.v.ledger.ToldHolds(h.v.ledger.Holds(func(*ledger.Hold) bool { return true }))
	if len(told) != 2 || told[0].ID == told[1].ID || told[0].Row != 2 || told[1].Row != 2 || told[0].Period != "2020" || told[1].Period != "2021" {
		t.Fatalf("held: %+v", told)
	}
	second, err := event.ParseHoldID(told[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.act(event.ReleaseHeld, clerk, "已核实", second); err != nil {
		t.Fatal(err)
	}
	if h.inForce("2020") != "10" || h.inForce("2021") != "2500" || h.inForce("2022") != "17" {
		t.Errorf("in force after the release: %s, %s, %s", h.inForce("2020"), h.inForce("2021"), h.inForce("2022"))
	}
	again := h.judge(wide("k", "200", "2500", "17"), "district")
	if !again.Repeated || again.Held != 1 || again.Accepted != 2 || again.RejectedRows != 0 || again.Findings[0].Hold != told[0].ID || again.Findings[0].Period != "2020" {
		t.Errorf("the same again: %+v", again)
	}
}
