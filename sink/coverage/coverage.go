package coverage

import (
	"context"
	"fmt"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/inquiry"
)

// Store runs queries; rows is a pointer to a slice of structs with tags of columns.
type Store interface {
	Select(ctx context.Context, rows any, query string, args ...any) error
}

// State is how an obligation stands.
type State = string

// The states. InTime and Late are complete; Open and Grace have some time left.
const (
	InTime  State = "in_time"
	Late    State = "late"
	Open    State = "open"
	Grace   State = "grace"
	Overdue State = "overdue"
)

// Row is one obligation and what has become of it. Instants are in UTC.
type Row struct {
	Area     string    `ch:"area" json:"area"`
	Dataset  string    `ch:"dataset" json:"dataset"`
	Period   string    `ch:"period" json:"period"`
	Deadline time.Time `ch:"deadline" json:"deadline"`
	// Grace is the last instant at which being late is tolerated; nil is none.
	Grace *time.Time `ch:"grace" json:"grace,omitempty"`
	// Provisional says that the instants depend on holidays that are not known.
	Provisional bool  `ch:"provisional" json:"provisional,omitempty"`
	State       State `ch:"state" json:"state"`
	Complete    bool  `ch:"complete" json:"complete"`
	// Owed, Received, Held and Refused count indicators; Missing are the ids of those that
	// have not been received.
	Owed     uint32   `ch:"owed" json:"owed"`
	Received uint32   `ch:"received" json:"received"`
	Missing  []string `ch:"missing" json:"missing"`
	Held     uint32   `ch:"held" json:"held"`
	Refused  uint32   `ch:"refused" json:"refused"`
	// FirstReceivedAt and CompleteAt are when the first and the last indicator came.
	FirstReceivedAt *time.Time `ch:"first_received_at" json:"first_received_at,omitempty"`
	CompleteAt      *time.Time `ch:"complete_at" json:"complete_at,omitempty"`
	// LateSeconds is how late it was complete or, while it is not, how late it is by now.
	LateSeconds int64 `ch:"late_seconds" json:"late_seconds"`
	// RowsAccepted, RowsRefused and Revisions count rows of the indicators owed.
	RowsAccepted uint64 `ch:"rows_accepted" json:"rows_accepted"`
	RowsRefused  uint64 `ch:"rows_refused" json:"rows_refused"`
	Revisions    uint64 `ch:"revisions" json:"revisions"`
}

// LateBy returns how late the obligation was complete, or is by now; 0 is in time.
func (r *Row) LateBy() time.Duration { return time.Duration(r.LateSeconds) * time.Second }

// Filter says which obligations are asked for; "" is any.
type Filter struct{ Area, Dataset string }

const periodQuery = `SELECT area, dataset, period, deadline, grace, provisional, state, complete, owed, received, missing, held, refused,
	first_received_at, complete_at, late_seconds, rows_accepted, rows_refused, revisions
FROM coverage WHERE period = ? AND (? = '' OR area = ?) AND (? = '' OR dataset = ?) ORDER BY dataset, area`

// OfPeriod returns the obligations for a period, in the order of datasets and areas.
func OfPeriod(ctx context.Context, s Store, p catalogue.Period, f Filter) ([]Row, error) {
	rows := []Row{}
	if err := s.Select(ctx, &rows, periodQuery, p.String(), f.Area, f.Area, f.Dataset, f.Dataset); err != nil {
		return nil, fmt.Errorf("read coverage of %s: %w", p, err)
	}
	return rows, nil
}

// Scores returns the scores of a year, in the order of areas.
func Scores(ctx context.Context, s Store, year int) ([]inquiry.Score, error) {
	scores := []inquiry.Score{}
	if err := s.Select(ctx, &scores, `SELECT * FROM coverage_scores WHERE year = ? ORDER BY area`, year); err != nil {
		return nil, fmt.Errorf("read scores of %d: %w", year, err)
	}
	return scores, nil
}
