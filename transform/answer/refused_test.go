package answer

import (
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// An explanation tells what a missing area has sent last and why it was not accepted, as
// of a moment what it had sent by then; an area that is not missing has nothing to tell.
//
// Rules: refused is told.
func TestExplainTellsWhatWasRefused(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startStage(t, log, c)
	var verdicts []event.Verdict
	for _, s := range []event.Submission{
		fixture.From("901", fixture.Figure("gdp", "2021", "oops"), fixture.Figure("gdp", "2020", "wrong year")),
		fixture.From("901", fixture.Figure("gdp", "2021", "100")),
		fixture.From("902", fixture.Figure("gdp", "2021", "first")),
		fixture.From("902", fixture.Figure("rd", "2021", "another indicator"), fixture.Figure("gdp", "2021", "second")),
	} {
		verdicts = append(verdicts, fixture.VerdictOn(t, log, fixture.Submit(t, log, s)))
	}
	explain := func(moment ledger.Moment) *Explanation {
		t.Helper()
		h, err := ledger.Replay(t.Context(), log, c, moment, KeepFor(c, "gdp"))
		if err != nil {
			t.Fatal(err)
		}
		e, _ := Explain(c, h, ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "")
		if err := AddRefused(t.Context(), log, c, moment, e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := explain(ledger.Moment{})
	if len(e.Refused) != 1 || e.Refused[0].Area != "902" || e.Refused[0].Finding.Seen != "second" ||
		e.Refused[0].Finding.Row != 2 || e.Refused[0].Finding.Code != "VALUE_NOT_A_NUMBER" || e.Refused[0].Submission != verdicts[3].Submission {
		t.Errorf("refused = %+v", e.Refused)
	}
	then := explain(ledger.Moment{Received: verdicts[2].ReceivedAt})
	if len(then.Refused) != 1 || then.Refused[0].Finding.Seen != "first" {
		t.Errorf("refused then = %+v", then.Refused)
	}
}
