package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
)

// LostSubmission is a submission with a receipt that the store shows and the log no longer has.
type LostSubmission struct {
	ID         string    `json:"id"`
	Area       string    `json:"area"`
	Dataset    string    `json:"dataset"`
	ReceivedAt time.Time `json:"received_at"`
}

// String is a line for a person.
func (l *LostSubmission) String() string {
	return fmt.Sprintf("%s of %s, %s, received at %s", l.ID, l.Area, l.Dataset, l.ReceivedAt.UTC().Format(time.RFC3339))
}

// LostSubmissions returns the submissions that the store shows and the log has lost, the newest
// first: those behind the last one that both have. Expired ones are not lost.
func (p *Projection) LostSubmissions(ctx context.Context) ([]LostSubmission, error) {
	extent, err := p.Log.Extent(ctx, stream.Submissions)
	if err != nil {
		return nil, err
	}
	rows, err := p.conn.Query(ctx, "SELECT sequence, id, area, dataset, received_at FROM submissions_data ORDER BY sequence DESC, verdict_sequence DESC LIMIT 1 BY sequence")
	if err != nil {
		if hasCode(err, codeUnknownTable, codeUnknownDatabase) {
			return nil, nil
		}
		return nil, fmt.Errorf("read submissions: %w", err)
	}
	defer rows.Close()
	var lost []LostSubmission
	for rows.Next() {
		var l LostSubmission
		var sequence uint64
		if err := rows.Scan(&sequence, &l.ID, &l.Area, &l.Dataset, &l.ReceivedAt); err != nil {
			return nil, fmt.Errorf("read submissions: %w", err)
		}
		if sequence <= extent.Last {
			m, err := p.Log.Get(ctx, stream.Submissions, sequence)
			switch {
			case errors.Is(err, jetstream.ErrMsgNotFound) && extent.Messages > 0 && sequence <= extent.Missing:
				return lost, nil
			case err == nil && m.Time.Truncate(time.Millisecond).Equal(l.ReceivedAt):
				return lost, nil
			case err != nil && !errors.Is(err, jetstream.ErrMsgNotFound):
				return nil, err
			}
		}
		lost = append(lost, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read submissions: %w", err)
	}
	return lost, nil
}
