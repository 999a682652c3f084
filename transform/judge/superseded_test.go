package judge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// A verdict that names who set the figure in force names the submission that did, and none that has
// said the same since, whether they were judged together or one after another.
//
// Rules: same content.
func TestSupersededNamesWhoSetTheFigure(t *testing.T) {
	of := func(gdp string, others ...string) event.Submission {
		figures := []event.Observation{fixture.Figure("gdp", "2021", gdp)}
		for i, value := range others {
			figures = append(figures, fixture.Figure("rd", fmt.Sprint(2019+i), value))
		}
		return fixture.From("901", figures...)
	}
	submissions := []event.Submission{of("100"), of("105"), of("105", "3"), of("105", "3", "4"), of("100")}
	for together := 0; together <= len(submissions); together++ { // how many of the first are judged together
		h := newHolding(t)
		var all []received
		for _, s := range submissions {
			all = append(all, readOf(t, h.log, s))
		}
		var verdicts []event.Verdict
		for len(all) > 0 {
			n := max(1, together-len(verdicts))
			judged, err := h.v.accept(t.Context(), all[:n], nil, stream.Refusals{})
			if err != nil {
				t.Fatal(err)
			}
			verdicts, all = append(verdicts, judged...), all[n:]
		}
		v, setter := &verdicts[len(verdicts)-1], &verdicts[1]
		if codes(*v) != "SUPERSEDED" || !strings.Contains(v.Findings[0].MessageEN, fmt.Sprintf("submission %s, number %d)", setter.Submission, setter.Sequence)) {
			t.Errorf("%d together: %+v, want one that names number %d", together, v.Findings, setter.Sequence)
		}
		var part ledger.Part
		if part, _ = h.v.ledger.Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901"); part.Sequence != setter.Sequence {
			t.Errorf("%d together: number %d set the figure, want %d", together, part.Sequence, setter.Sequence)
		}
	}
}
