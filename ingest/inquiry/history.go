package inquiry

import (
	"context"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// HistorySubject is the subject of questions for all that an area has reported for a cell.
const HistorySubject = "inquiries.history"

// Cell is an area's cell: an indicator in a period.
type Cell struct {
	Area      string `json:"area"`
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
}

// MaxVintages is how many vintages a [History] lists.
const MaxVintages = 500

// History is every vintage of an area's figure, the best first.
type History struct {
	Basis    uint64    `json:"basis"`
	Unit     string    `json:"unit"`
	Vintages []Vintage `json:"vintages"`
	// VintagesOmitted counts those beyond the first [MaxVintages].
	VintagesOmitted int `json:"vintages_omitted,omitempty"`
}

// Vintage is a figure as it was accepted, and where it came from.
type Vintage struct {
	event.Said
	// Raw is the text as received, where it differs from the value's own.
	Raw        string    `json:"raw,omitempty"`
	Note       string    `json:"note,omitempty"`
	Dataset    string    `json:"dataset"`
	Submission string    `json:"submission"`
	Sequence   uint64    `json:"sequence"`
	ReceivedAt time.Time `json:"received_at"`
	// ReleasedAt is since when a figure counts that was held; zero for others.
	ReleasedAt time.Time `json:"released_at,omitzero"`
	File       string    `json:"file,omitempty"`
	Row        int       `json:"row"`
	Reason     string    `json:"reason,omitempty"`
	By         string    `json:"by,omitempty"`
	// OnBehalf is true of what the bureau sent for the area.
	OnBehalf bool `json:"on_behalf,omitempty"`
	// Confirms is true of one that says the same as the one behind it, which stays in force.
	Confirms bool `json:"confirms,omitempty"`
}

// AskHistory asks for every vintage of an area's figure.
func AskHistory(ctx context.Context, log *stream.Log, cell Cell) (History, error) {
	return ask[History](ctx, log, HistorySubject, cell)
}
