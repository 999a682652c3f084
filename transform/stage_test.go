package transform

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

func TestSubmissionsBecomeTotals(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)

	for i, area := range []string{"901", "902", "903", "906"} {
		fixture.Submit(t, log, fixture.From(area, fixture.Figure("gdp", "2020", "100"), fixture.Figure("rd", "2020", fmt.Sprintf("1.%d", i)),
			fixture.Figure("gdp", "2021", "110"), fixture.Figure("rd", "2021", "2.2")))
	}
	ratio := fixture.TotalWith(t, log, "rd_intensity", "2021", func(total event.Total) bool {
		return len(total.Missing) == 0 && total.Change != ""
	})
	// 8.8 of 440 is 2 %; 4.6 of 400 is 1.15 %.
	if ratio.Value != "2" || ratio.Change != "0.85" || ratio.ChangeKind != "point" || !ratio.Publishable {
		t.Errorf("rd_intensity 2021 = %+v; want 2 at 0.85 points, publishable", ratio)
	}
	if n, err := ratio.Inputs.Check(); err != nil || n != 8 {
		t.Errorf("rd_intensity has %d inputs, want the 4 parts of both sums: %v", n, err)
	}

	// One revised figure changes the total, the ratio, and next year's change.
	fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2020", "200")))
	gdp := fixture.TotalWith(t, log, "gdp", "2020", func(total event.Total) bool { return total.Value == "500" })
	if gdp.Stage != "final" || gdp.Expected != 4 {
		t.Errorf("gdp 2020 = %+v; want final, of 4 areas", gdp)
	}
	fixture.TotalWith(t, log, "rd_intensity", "2020", func(total event.Total) bool { return total.Value == "0.92" })
	fixture.TotalWith(t, log, "gdp", "2021", func(total event.Total) bool { return total.Change == "-12" })
	fixture.TotalWith(t, log, "rd_intensity", "2021", func(total event.Total) bool { return total.Change == "1.08" })
}

func TestVerdicts(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)

	good := fixture.From("901", fixture.Figure("gdp", "2021", "100"))
	first := fixture.VerdictOn(t, log, fixture.Submit(t, log, good))
	if first.Outcome != event.AllAccepted || first.Accepted != 1 || first.AcceptedSequence == 0 || first.Repeated {
		t.Errorf("verdict = %+v; want one row accepted", first)
	}
	again := fixture.VerdictOn(t, log, fixture.Submit(t, log, good))
	if again.Outcome != event.AllAccepted || !again.Repeated || again.AcceptedSequence != first.AcceptedSequence || again.Submission != first.Submission {
		t.Errorf("verdict on the same content = %+v; want a repetition of %+v", again, first)
	}
	mixed := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gpd", "2021", "1"), fixture.Figure("rd", "2021", "5"), fixture.Figure("enterprises", "2021", "3.20812E+05"))))
	if mixed.Outcome != event.Partial || mixed.Accepted != 1 || mixed.RejectedRows != 2 || len(mixed.Findings) != 2 {
		t.Errorf("verdict = %+v; want one of three rows accepted", mixed)
	}
	broken := fixture.VerdictOn(t, log, fixture.SubmitRaw(t, log, "submissions.901.annual", []byte(`{"area":`)))
	if broken.Outcome != event.Rejected || len(broken.Findings) != 1 || broken.Findings[0].Code != "SUBMISSION_UNREADABLE" {
		t.Errorf("verdict on broken JSON = %+v", broken)
	}
	// A later final figure forbids a return to an estimate.
	back := fixture.Figure("gdp", "2021", "90")
	back.Stage = "estimate"
	backwards := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", back)))
	if backwards.Outcome != event.Rejected || backwards.Findings[0].Code != "STAGE_BACKWARDS" {
		t.Errorf("verdict on an earlier stage = %+v", backwards)
	}
}

// A submission with very many findings gets its verdict, which tells the first of them, and
// delays no other.
func TestVerdictsFitTheBroker(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)
	rows := make([]event.Observation, 40_000)
	for i := range rows {
		rows[i] = fixture.Figure("x", "2021", "1")
	}
	rows[len(rows)-1] = fixture.Figure("gdp", "2021", "1")
	v := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", rows...)))
	if v.Accepted != 1 || v.RejectedRows != 39_999 || len(v.Findings)+v.FindingsOmitted != 39_999 || v.FindingsOmitted == 0 {
		t.Errorf("accepted %d, rejected %d, %d findings and %d omitted", v.Accepted, v.RejectedRows, len(v.Findings), v.FindingsOmitted)
	}
	if v := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("902", fixture.Figure("gdp", "2021", "1")))); v.Outcome != event.AllAccepted {
		t.Errorf("the next verdict = %+v", v)
	}
}

// Several processes judge at the same time. The log holds every submission exactly
// once, each judged by a ledger that had folded in all before it.
func TestManyTransformsAgree(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	a, _ := startTransform(t, log, c)
	b, stopB := startTransform(t, log, c)

	const submissions = 300
	var last uint64
	for i := range submissions {
		last = fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", fmt.Sprint(i))))
		if i == submissions/2 {
			stopB()
		}
	}
	decided := map[uint64]bool{}
	fixture.Await(t, log, stream.Verdicts, "verdicts", func(d stream.Delivery) bool {
		var v event.Verdict
		if err := json.Unmarshal(d.Body, &v); err != nil {
			t.Fatal(err)
		}
		if v.Outcome != event.AllAccepted {
			t.Errorf("verdict %d = %+v", d.Sequence, v)
		}
		decided[v.Sequence] = true
		return len(decided) == int(last)
	})
	part, _ := a.Ledger().Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901")
	if got := part.Value.String(); got != fmt.Sprint(submissions-1) {
		t.Errorf("ledger has %s, want the last submission's %d", got, submissions-1)
	}
	if n := len(a.Ledger().Submissions(a.Ledger().Basis())); n != submissions {
		t.Errorf("ledger has %d submissions, want %d", n, submissions)
	}
	if b.Ledger().Basis() == 0 {
		t.Error("the second process followed nothing")
	}
}

func TestRestartReplaysTheLedger(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	_, stop := startTransform(t, log, c)
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100"))))
	stop()

	sequence := fixture.Submit(t, log, fixture.From("902", fixture.Figure("gdp", "2021", "1")))
	restarted, _ := startTransform(t, log, c)
	if v := fixture.VerdictOn(t, log, sequence); v.Outcome != event.AllAccepted {
		t.Errorf("verdict = %+v", v)
	}
	fixture.TotalWith(t, log, "gdp", "2021", func(total event.Total) bool { return total.Value == "101" })
	if part, ok := restarted.Ledger().Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901"); !ok || part.Value.String() != "100" {
		t.Errorf("after the restart the ledger has %+v, %v", part, ok)
	}
}
