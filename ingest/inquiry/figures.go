package inquiry

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// FiguresSubject is the subject of questions for an area's figures in force.
const FiguresSubject = "inquiries.figures"

// MaxPeriods is how many periods one question may name.
const MaxPeriods = 100

// Wanted are the figures of an area that are asked for: those of a dataset, of any where
// Dataset is "", in the periods.
type Wanted struct {
	Area    string   `json:"area"`
	Dataset string   `json:"dataset,omitempty"`
	Periods []string `json:"periods"`
}

// Figures are an area's figures in force at one place of the log.
type Figures struct {
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis   uint64   `json:"basis"`
	Figures []Figure `json:"figures"`
	// Locked are those of the periods that are locked.
	Locked []string `json:"locked,omitempty"`
}

// Figure is an area's figure in force, in the indicator's unit.
type Figure struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Unit      string `json:"unit"`
	event.Said
	// Submission brought it, and Sequence is that one's place in SUBMISSIONS.
	Submission string `json:"submission"`
	Sequence   uint64 `json:"sequence"`
}

// AskFigures asks for an area's figures in force, by period as asked and in the catalogue's
// order of indicators.
func AskFigures(ctx context.Context, log *stream.Log, wanted Wanted) (Figures, error) {
	return ask[Figures](ctx, log, FiguresSubject, wanted)
}
