package event_test

import (
	"testing"

	"github.com/citytally/citytally/ingest/event"
)

// Held figures of one row that an earlier program wrote under one number are read as several: the last
// one keeps it, since decisions were about that.
func TestHeldFiguresOfOneRowAreReadApart(t *testing.T) {
	held := func(row uint32, period string) event.HeldRow {
		return event.HeldRow{Indicator: "gdp", Unit: "亿元", Period: period, Coefficient: 1, Row: row, Releaser: event.ByBureau, Findings: []event.HeldFinding{}}
	}
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: []event.AcceptedSubmission{{
		ID: "74ec5f00851a800bd495d03dff9848f3", Area: "320812", Dataset: "sti-annual", Sequence: 37, Held: []event.HeldRow{held(2, "2023"), held(2, "2024"), held(3, "2024")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := event.DecodeAccepted(body)
	if err != nil {
		t.Fatal(err)
	}
	first, second, third := batch.Submissions[0].Held[0], batch.Submissions[0].Held[1], batch.Submissions[0].Held[2]
	if first.Row == 2 || first.Row == 3 || first.Line != 2 || second.Row != 2 || second.Line != 0 || third.Row != 3 || third.Line != 0 {
		t.Errorf("read as rows %d (%d), %d (%d), %d (%d)", first.Row, first.Line, second.Row, second.Line, third.Row, third.Line)
	}
}

func TestHoldIDs(t *testing.T) {
	for text, row := range map[string]int{"812.4": 4, "812.4-2": 2_000_004, "812.0": 0, "812.1999999-3": 5_999_999} {
		id, err := event.ParseHoldID(text)
		if err != nil || id != (event.HoldID{Sequence: 812, Row: row}) || id.String() != text {
			t.Errorf("%s is read as %+v, %v", text, id, err)
		}
	}
	for _, text := range []string{"", "812", "812.", "812.4-", "812.4-1", "812.4-0", "812.4--2", "812.2000004", "812.04", "812.4-2-3", "-1.4", "812.4-70000"} {
		if id, err := event.ParseHoldID(text); err == nil {
			t.Errorf("%q is read as %+v", text, id)
		}
	}
}
