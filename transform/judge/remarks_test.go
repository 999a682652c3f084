package judge

import (
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// A file on whose every row a rule remarks makes a verdict of bounded size, which says how many
// remarks it leaves out. What refuses a row is told all the same, of each kind on as many rows.
func TestRemarksAreBounded(t *testing.T) {
	s := &received{submission: event.Submission{Observations: make([]event.Observation, 1)}}
	row := rowState{remarks: make([]event.Finding, maxRemarks+5), finding: reject("VALUE_BAD", "value", "x", "错", "wrong")}
	var result judgement
	(&checks{}).conclude(&result, s, 0, &row, &event.AcceptedObservation{}, &ledger.CellState{}, suggestions{})
	if len(result.findings) != maxRemarks+1 || result.omitted != 5 {
		t.Errorf("%d findings, %d left out", len(result.findings), result.omitted)
	}
	result = judgement{}
	for range maxAlike + 7 {
		for _, code := range []string{"VALUE_BAD", "PERIOD_BAD"} {
			row := rowState{finding: reject(code, "value", "x", "错", "wrong")}
			(&checks{}).conclude(&result, s, 0, &row, &event.AcceptedObservation{}, &ledger.CellState{}, suggestions{})
		}
	}
	if len(result.findings) != 2*maxAlike || result.omitted != 14 || result.effects.of[isRefused].count != 2*(maxAlike+7) {
		t.Errorf("%d findings of two kinds, %d left out", len(result.findings), result.omitted)
	}
}
