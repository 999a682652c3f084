package event

import "fmt"

// Imbalance is a place where ClickHouse does not show what the log holds.
type Imbalance struct {
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	// What is counted: submissions or observations.
	What string `json:"what"`
	// Log is how many the log holds, Shown how many ClickHouse shows.
	Log   int64 `json:"log"`
	Shown int64 `json:"shown"`
	// Dead is how many messages of the area and dataset were put aside in DEAD, which
	// may be why.
	Dead int64 `json:"dead,omitempty"`
}

// String returns the imbalance as a sentence.
func (i Imbalance) String() string {
	text := fmt.Sprintf("%s %s: the log holds %d %s, ClickHouse shows %d", i.Area, i.Dataset, i.Log, i.What, i.Shown)
	if i.Dead > 0 {
		text += fmt.Sprintf("; %d messages of them are in DEAD (citytally dead list)", i.Dead)
	}
	return text
}

// What an Imbalance counts.
const (
	CountSubmissions  = "submissions"
	CountObservations = "observations"
)
