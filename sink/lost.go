package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
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

// rowsOfMessages selects, for each stream of which the store may hold the only copy, the sequences of
// messages that have rows; ? stands for which are wanted.
var rowsOfMessages = map[string]string{
	stream.Accepted: `SELECT accepted_sequence AS s FROM observations_data WHERE ? UNION DISTINCT
		SELECT accepted_sequence AS s FROM holds_data WHERE event = 'held' AND ? UNION DISTINCT SELECT sequence AS s FROM decisions_data WHERE ?`,
	stream.Verdicts: "SELECT DISTINCT verdict_sequence AS s FROM submissions_data WHERE ?",
	stream.Releases: "SELECT DISTINCT sequence AS s FROM releases_data WHERE ?",
}

// ShownOf returns which sequences in the ranges are those of messages that have rows, in order.
func (p *Projection) ShownOf(ctx context.Context, name string, of []stream.Range) (shown []stream.Range, err error) {
	rows, err := p.conn.Query(ctx, "SELECT s FROM ("+strings.ReplaceAll(rowsOfMessages[name], "?", isIn("s", of))+") ORDER BY s")
	if err != nil {
		if hasCode(err, codeUnknownTable, codeUnknownDatabase) {
			return nil, nil
		}
		return nil, fmt.Errorf("read which messages have rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s uint64
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("read which messages have rows: %w", err)
		}
		if n := len(shown); n > 0 && shown[n-1].To+1 == s {
			shown[n-1].To = s
		} else {
			shown = append(shown, stream.Range{From: s, To: s})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read which messages have rows: %w", err)
	}
	return shown, nil
}

// isIn is the condition that a column is in one of the ranges.
func isIn(column string, of []stream.Range) string {
	conditions := make([]string, len(of))
	for i, r := range of {
		conditions[i] = fmt.Sprintf("%s BETWEEN %d AND %d", column, r.From, r.To)
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
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
			case err == nil && m.Header.Get(event.LostHeader) != "": // its verdict is there
				continue
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
