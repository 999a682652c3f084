package transform

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// inForce returns the figure of area 901 that counts; "" where there is none.
func inForce(t *testing.T, log *stream.Log, stage *Stage, indicator string) string {
	t.Helper()
	awaitApplied(t, log, stage)
	part, ok := stage.Ledger().Part(ledger.Cell{Indicator: indicator, Period: fixture.Period("2021")}, "901")
	switch {
	case !ok:
		return ""
	case part.Status.SaysMissing():
		return "O"
	}
	return part.Value.String()
}

func gdp2021(value string, change ...func(*event.Submission)) event.Submission {
	s := fixture.From("901", fixture.Figure("gdp", "2021", value))
	for _, change := range change {
		change(&s)
	}
	return s
}

func withKey(key string) func(*event.Submission) { return func(s *event.Submission) { s.Key = key } }
func meantAgain(s *event.Submission)             { s.Again = true }

// The same content is a repetition while it is in force, refused once it was superseded,
// and taken as a new version when it says so.
//
// Rules: same content, keys.
func TestSameContentAgain(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, _ := startTransform(t, log, c)
	for _, step := range []struct {
		name     string
		s        event.Submission
		outcome  event.Outcome
		repeated bool
		code     string
		inForce  string
	}{
		{"A", gdp2021("900"), event.AllAccepted, false, "", "900"},
		{"A again at once", gdp2021("900"), event.AllAccepted, true, "", "900"},
		{"B", gdp2021("910"), event.AllAccepted, false, "", "910"},
		{"A again after B", gdp2021("900"), event.Rejected, false, "SUPERSEDED", "910"},
		{"A with again", gdp2021("900", meantAgain), event.AllAccepted, false, "", "900"},
		{"B, superseded", gdp2021("910"), event.Rejected, false, "SUPERSEDED", "900"},
		{"B with a key", gdp2021("910", withKey("k1")), event.AllAccepted, false, "", "910"},
		{"B with the key, a retry", gdp2021("910", withKey("k1")), event.AllAccepted, true, "", "910"},
		{"A with another key", gdp2021("900", withKey("k2")), event.AllAccepted, false, "", "900"},
		{"B with the first key is the same submission for ever", gdp2021("910", withKey("k1")), event.AllAccepted, true, "", "900"},
		{"B without a key", gdp2021("910"), event.Rejected, false, "SUPERSEDED", "900"},
		{"other content with a key that was used", gdp2021("930", withKey("k1")), event.Rejected, false, "KEY_REUSED", "900"},
		{"other content", gdp2021("930"), event.AllAccepted, false, "", "930"},
	} {
		v := judgedAs(t, log, step.s)
		code := ""
		if len(v.Findings) > 0 {
			code = v.Findings[0].Code
		}
		if v.Outcome != step.outcome || v.Repeated != step.repeated || code != step.code {
			t.Errorf("%s: %s, repeated %v, %q; want %s, %v, %q: %+v", step.name, v.Outcome, v.Repeated, code, step.outcome, step.repeated, step.code, v)
		}
		if got := inForce(t, log, stage, "gdp"); got != step.inForce {
			t.Errorf("%s: %s is in force, want %s", step.name, got, step.inForce)
		}
	}
}

// What supersedes is told with the figure in force and the submission that brought it,
// also within one batch.
//
// Rules: same content.
func TestSupersededSaysByWhat(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	both := fixture.From("901", fixture.Figure("gdp", "2021", "900"), fixture.Figure("rd", "2021", "5"))
	fixture.Submit(t, log, both)
	b := gdp2021("910")
	second := fixture.Submit(t, log, b)
	third := fixture.Submit(t, log, both)
	startTransform(t, log, c)
	v := fixture.VerdictOn(t, log, third)
	want := []event.Change{{
		Row: 1, Indicator: "gdp", Period: "2021", Effect: event.Superseded, Submission: b.ID(), Sequence: second,
		From: &event.Said{Value: "910", Stage: "final"}, To: &event.Said{Value: "900", Stage: "final"},
	}}
	if diff := cmp.Diff(want, v.Changes); diff != "" || v.Outcome != event.Partial || v.Accepted != 1 {
		t.Errorf("verdict %+v\nchanges (-want +got):\n%s", v, diff)
	}
}

// A message to the broker says by its Nats-Msg-Id which submission it is.
//
// Rules: keys.
func TestMessageIDIsAKey(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, _ := startTransform(t, log, c)
	publish := func(id, value string) event.Verdict {
		body, err := json.Marshal(gdp2021(value))
		if err != nil {
			t.Fatal(err)
		}
		published, err := log.Publish(t.Context(), stream.Message{Subject: "submissions.901.annual", ID: id, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		return fixture.VerdictOn(t, log, published[0].Sequence)
	}
	publish("a", "900")
	publish("b", "910")
	if v := publish("", "900"); v.Outcome != event.Rejected {
		t.Errorf("the first content without an id: %+v", v)
	}
	if v := publish("c", "900"); v.Outcome != event.AllAccepted || v.Repeated || inForce(t, log, stage, "gdp") != "900" {
		t.Errorf("the first content with another id: %+v", v)
	}
}

// Rows that were refused for a lock or a stage are judged anew when the file is sent
// again, and what was accepted of it stays.
//
// Rules: judged again.
func TestPartlyRefusedFileAgain(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, _ := startTransform(t, log, c)
	decide(t, log, event.Decision{Kind: event.Lock, Period: "2021"})
	awaitApplied(t, log, stage)
	file := fixture.From("901", fixture.Figure("gdp", "2021", "900"), fixture.Figure("gdp", "2018", "800"))
	if v := judgedAs(t, log, file); v.Outcome != event.Partial || v.Findings[0].Code != "PERIOD_LOCKED" {
		t.Fatalf("verdict under the lock = %+v", v)
	}
	decide(t, log, event.Decision{Kind: event.Unlock, Period: "2021"})
	awaitApplied(t, log, stage)
	v := judgedAs(t, log, file)
	want := []event.RowEffect{{Effect: event.New, Count: 1, Rows: "1"}, {Effect: event.Unchanged, Count: 1, Rows: "2"}}
	if diff := cmp.Diff(want, v.Effects); diff != "" || v.Outcome != event.AllAccepted || v.Repeated || inForce(t, log, stage, "gdp") != "900" {
		t.Errorf("verdict after the unlock = %+v\n%s", v, diff)
	}
	if v := judgedAs(t, log, file); v.Outcome != event.AllAccepted || !v.Repeated {
		t.Errorf("verdict on the file once more = %+v", v)
	}
}

// Silence changes nothing and says which figure stays; O says that there is none, and D
// takes back what was said. Both can be taken back by reporting again.
//
// Rules: silence, missing.
func TestSilenceMissingAndWithdrawal(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, stop := startTransform(t, log, c)
	row := func(change func(*event.Observation)) event.Submission {
		o := fixture.Figure("gdp", "2021", "")
		change(&o)
		return fixture.From("901", o, fixture.Figure("rd", "2021", "5"))
	}
	value := func(text string) func(*event.Observation) {
		return func(o *event.Observation) { o.Value = event.Text(text) }
	}
	status := func(o *event.Observation) { o.Status = "O" }
	action := func(o *event.Observation) { o.Action = "D" }
	noted := func(change func(*event.Observation), note string) func(*event.Observation) {
		return func(o *event.Observation) { change(o); o.Note = note }
	}
	estimate := func(o *event.Observation) { o.Value, o.Stage = "70", "estimate" }
	for _, step := range []struct {
		name    string
		s       event.Submission
		code    string
		effect  event.Effect // of the first row
		inForce string
	}{
		{"silence where nothing is", row(value("")), "", event.Silent, ""},
		{"a figure", row(value("87")), "", event.New, "87"},
		{"an empty cell", row(value(" ")), "VALUE_SILENT", event.Silent, "87"},
		{"a dash", row(value("—")), "VALUE_SILENT", event.Silent, "87"},
		{"an ellipsis", row(value("……")), "VALUE_SILENT", event.Silent, "87"},
		{"a stroke", row(value("/")), "VALUE_SILENT", event.Silent, "87"},
		{"status O", row(status), "", event.Changed, "O"},
		{"an estimate after O", row(noted(estimate, "1")), "STAGE_BACKWARDS", event.Refused, "O"},
		{"withdrawal of O", row(action), "", event.WithdrewIt, ""},
		{"withdrawal of nothing", row(noted(action, "2")), "NOTHING_TO_WITHDRAW", event.Silent, ""},
		{"the figure of before", row(value("87")), "", event.New, "87"},
		{"withdrawal of the figure", row(noted(action, "3")), "", event.WithdrewIt, ""},
		{"an earlier stage begins anew", row(estimate), "", event.New, "70"},
		{"silence again", row(noted(value("-"), "4")), "VALUE_SILENT", event.Silent, "70"},
	} {
		v := judgedAs(t, log, step.s)
		code := ""
		for _, f := range v.Findings {
			if f.Row == 1 {
				code = f.Code
			}
		}
		effect := event.Effect("")
		for _, e := range v.Effects {
			if e.Rows == "1" || e.Rows == "1-2" {
				effect = e.Effect
			}
		}
		if code != step.code || effect != step.effect || v.Rows != v.Accepted+v.Held+v.RejectedRows || v.Rows+v.Silent != 2 {
			t.Errorf("%s: %q, %s; want %q, %s: %+v", step.name, code, effect, step.code, step.effect, v)
		}
		if got := inForce(t, log, stage, "gdp"); got != step.inForce {
			t.Errorf("%s: %q is in force, want %q", step.name, got, step.inForce)
		}
	}
	stop()
	restarted, _ := startTransform(t, log, c)
	if got := inForce(t, log, restarted, "gdp"); got != "70" {
		t.Errorf("after a restart %q is in force, want 70", got)
	}
	if v := judgedAs(t, log, fixture.From("901", fixture.Figure("gdp", "2021", ""))); v.Outcome != event.Rejected || v.Silent != 1 || v.Rows != 0 || len(v.Findings) != 2 || v.Findings[1].Code != "SUBMISSION_EMPTY" {
		t.Errorf("verdict on silence alone = %+v", v)
	}
}

// A withdrawn figure counts no longer: a total that followed from the others comes back,
// and one that followed from it is withdrawn too.
//
// Rules: withdrawal.
func TestWithdrawalBringsDerivedTotalsBack(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)
	monthly := func(o ...event.Observation) event.Submission {
		return event.Submission{Area: "901", Dataset: "monthly", Observations: o}
	}
	judgedAs(t, log, monthly(fixture.Figure("gdp", "2021-YTD02", "30"), fixture.Figure("gdp", "2021-YTD03", "50"), fixture.Figure("gdp", "2021-03", "99")))
	fixture.TotalWith(t, log, "gdp", "2021-03", func(total event.Total) bool { return total.Value == "99" })
	judgedAs(t, log, monthly(event.Observation{Indicator: "gdp", Period: "2021-03", Action: "d"}))
	fixture.TotalWith(t, log, "gdp", "2021-03", func(total event.Total) bool { return total.Value == "20" })
	judgedAs(t, log, monthly(event.Observation{Indicator: "gdp", Period: "2021-YTD02", Action: "D"}))
	fixture.TotalWith(t, log, "gdp", "2021-03", func(total event.Total) bool { return total.Value == "" && total.Status == catalogue.Withdrawn.String() })
}

// A verdict says what its rows did, each change with both figures.
//
// Rules: effects, stage left out.
func TestVerdictSaysWhatRowsDid(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)
	first := fixture.From("901", fixture.Figure("gdp", "2020", "100"), fixture.Figure("rd", "2020", "近5"), fixture.Figure("enterprises", "2020", "7"))
	firstAt := fixture.Submit(t, log, first)
	fixture.VerdictOn(t, log, firstAt)
	v := judgedAs(t, log, fixture.From("901",
		fixture.Figure("gdp", "2020", "110"), event.Observation{Indicator: "rd", Period: "2020", Action: "D"}, fixture.Figure("enterprises", "2020", "7"),
		fixture.Figure("gdp", "2019", "1"), fixture.Figure("rd", "2019", "2"), fixture.Figure("none", "2019", "1"), fixture.Figure("gdp", "2018", "…"), fixture.Figure("gdp", "2017", "3")))
	wantEffects := []event.RowEffect{
		{Effect: event.New, Count: 3, Rows: "4-5,8"}, {Effect: event.Changed, Count: 1, Rows: "1"}, {Effect: event.Unchanged, Count: 1, Rows: "3"},
		{Effect: event.WithdrewIt, Count: 1, Rows: "2"}, {Effect: event.Refused, Count: 1, Rows: "6"}, {Effect: event.Silent, Count: 1, Rows: "7"},
	}
	wantChanges := []event.Change{
		{Row: 1, Indicator: "gdp", Period: "2020", Effect: event.Changed, Submission: first.ID(), Sequence: firstAt,
			From: &event.Said{Value: "100", Stage: "final"}, To: &event.Said{Value: "110", Stage: "final"}},
		{Row: 2, Indicator: "rd", Period: "2020", Effect: event.WithdrewIt, Submission: first.ID(), Sequence: firstAt,
			From: &event.Said{Value: "5", Stage: "final", Qualifier: "below"}},
	}
	if diff := cmp.Diff(wantEffects, v.Effects); diff != "" {
		t.Errorf("effects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantChanges, v.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if v.AssumedStage != "final" || v.Rows != 7 || v.Silent != 1 || v.Accepted != 6 || v.RejectedRows != 1 {
		t.Errorf("verdict = %+v", v)
	}
}
