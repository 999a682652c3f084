package judge

import (
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// A file on whose every row a rule remarks makes a verdict of bounded size, which says how many
// remarks it leaves out. What refuses a row is told all the same.
func TestRemarksAreBounded(t *testing.T) {
	s := &received{submission: event.Submission{Observations: make([]event.Observation, 1)}}
	row := rowState{remarks: make([]event.Finding, maxRemarks+5), finding: reject("VALUE_BAD", "value", "x", "错", "wrong")}
	var result judgement
	(&checks{}).conclude(&result, s, 0, &row, &event.AcceptedObservation{}, &ledger.CellState{}, suggestions{})
	if len(result.findings) != maxRemarks+1 || result.omitted != 5 {
		t.Errorf("%d findings, %d left out", len(result.findings), result.omitted)
	}
}
