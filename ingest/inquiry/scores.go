package inquiry

import (
	"context"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/stream"
)

// ScoresSubject is the subject of questions for how timely and how good reports were.
const ScoresSubject = "inquiries.scores"

// WantedScores are the scores that are asked for: of the periods of a year, of an area or, for "",
// of all.
type WantedScores struct {
	Year int    `json:"year"`
	Area string `json:"area,omitempty"`
}

// Scores are those of a year, in the order of the areas' codes. An area of which nothing was due yet
// has none.
type Scores struct {
	Year   int     `json:"year"`
	Scores []Score `json:"scores"`
}

// Score is how timely and how good the reports of an area were, for the periods of one year
// whose deadlines have passed. Shares are in percent, to two places. The tags ch name the columns
// of the view that it is read from.
type Score struct {
	Area string `ch:"area" json:"area"`
	Year uint16 `ch:"year" json:"year"`
	// Due, InTime, Late and Incomplete count obligations: those whose deadline has passed, and of
	// them those that were complete by then, later, or not yet.
	Due        uint64 `ch:"due" json:"due"`
	InTime     uint64 `ch:"in_time" json:"in_time"`
	Late       uint64 `ch:"late" json:"late"`
	Incomplete uint64 `ch:"incomplete" json:"incomplete"`
	// Timeliness is InTime of Due, Completeness the indicators received of those owed.
	Timeliness   decimal.Decimal `ch:"timeliness" json:"timeliness"`
	Completeness decimal.Decimal `ch:"completeness" json:"completeness"`
	RowsAccepted uint64          `ch:"rows_accepted" json:"rows_accepted"`
	RowsRefused  uint64          `ch:"rows_refused" json:"rows_refused"`
	// RefusedShare is of all rows, nil without rows; RevisionShare of the indicators
	// received, nil without any.
	RefusedShare  *decimal.Decimal `ch:"refused_share" json:"refused_share"`
	Revisions     uint64           `ch:"revisions" json:"revisions"`
	RevisionShare *decimal.Decimal `ch:"revision_share" json:"revision_share"`
}

// AskScores asks for scores.
func AskScores(ctx context.Context, log *stream.Log, wanted WantedScores) (Scores, error) {
	return ask[Scores](ctx, log, ScoresSubject, wanted)
}
