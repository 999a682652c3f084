package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// rowsOfMessages are the tables, for each stream of which the store may hold the only copy, that have
// rows of its messages, with the column of the sequence and which rows are meant.
var rowsOfMessages = map[string][]struct{ table, sequence, where string }{
	stream.Accepted: {
		{"observations_data", "accepted_sequence", "true"},
		{"holds_data", "accepted_sequence", "event = '" + heldKind + "'"},
		{"decisions_data", "sequence", "true"},
	},
	stream.Verdicts: {{"submissions_data", "verdict_sequence", "true"}},
	stream.Releases: {{"releases_data", "sequence", "true"}},
}

// ShownOf returns which sequences in the ranges are those of messages that have rows, in order. A table
// that is missing has none.
func (s *Store) ShownOf(ctx context.Context, name string, of []stream.Range) ([]stream.Range, error) {
	var all []uint64
	for _, from := range rowsOfMessages[name] {
		var sequences []uint64
		err := s.conn.QueryRow(ctx, fmt.Sprintf("SELECT groupUniqArray(%s) FROM %s WHERE %s AND %s", from.sequence, from.table, from.where, isIn(from.sequence, of))).Scan(&sequences)
		if err != nil && !isNotThere(err) {
			return nil, fmt.Errorf("read which messages have rows: %w", err)
		}
		all = append(all, sequences...)
	}
	slices.Sort(all)
	return stream.RangesOf(slices.Compact(all)), nil
}

// isIn is the condition that a column is in one of the ranges.
func isIn(column string, of []stream.Range) string {
	conditions := make([]string, len(of))
	for i, r := range of {
		conditions[i] = fmt.Sprintf("%s BETWEEN %d AND %d", column, r.From, r.To)
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

// LostSubmissions returns the submissions that the store shows and the log has lost, each once and the
// newest first: those behind the last one that both have, of which neither what was accepted nor, where
// nothing was, the verdict is in the log. Expired ones are not lost.
func (p *Projection) LostSubmissions(ctx context.Context) ([]LostSubmission, error) {
	missing, err := p.missingSubmissions(ctx)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	told, err := p.toldElsewhere(ctx, missing)
	if err != nil {
		return nil, err
	}
	verdicts, err := p.Log.Extent(ctx, stream.Verdicts)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	lost := make([]LostSubmission, 0, len(missing))
	for i := range missing {
		m := &missing[i]
		expired := !m.stored && verdicts.KeptFor > 0 && time.Since(m.ReceivedAt) > verdicts.KeptFor
		if told[m.place] || expired || named[m.ID] {
			continue
		}
		named[m.ID] = true
		lost = append(lost, m.LostSubmission)
	}
	return lost, nil
}

// missingSubmission is one that SUBMISSIONS does not have as it came.
type missingSubmission struct {
	LostSubmission
	place submissionPlace
	// stored says that its verdict had rows of it stored in ACCEPTED.
	stored bool
}

type submissionPlace struct {
	sequence uint64
	id       string
}

// missingSubmissions returns those that the store shows behind the last one that SUBMISSIONS has too,
// the newest first.
func (p *Projection) missingSubmissions(ctx context.Context) ([]missingSubmission, error) {
	extent, err := p.Log.Extent(ctx, stream.Submissions)
	if err != nil {
		return nil, err
	}
	rows, err := p.conn.Query(ctx, "SELECT sequence, id, area, dataset, received_at, toUInt8(NOT repeated AND accepted + held > 0) FROM submissions_data ORDER BY sequence DESC, verdict_sequence DESC LIMIT 1 BY sequence")
	if err != nil {
		if isNotThere(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read submissions: %w", err)
	}
	defer rows.Close()
	var all []missingSubmission
	for rows.Next() {
		var m missingSubmission
		var stored uint8
		if err := rows.Scan(&m.place.sequence, &m.ID, &m.Area, &m.Dataset, &m.ReceivedAt, &stored); err != nil {
			return nil, fmt.Errorf("read submissions: %w", err)
		}
		m.place.id, m.stored = m.ID, stored > 0
		if sequence := m.place.sequence; sequence <= extent.Last {
			message, err := p.Log.Get(ctx, stream.Submissions, sequence)
			switch {
			case errors.Is(err, jetstream.ErrMsgNotFound) && extent.Messages > 0 && sequence <= extent.Missing:
				return all, nil
			case err == nil && message.Time.Truncate(time.Millisecond).Equal(m.ReceivedAt):
				return all, nil
			case err != nil && !errors.Is(err, jetstream.ErrMsgNotFound):
				return nil, err
			}
		}
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read submissions: %w", err)
	}
	return all, nil
}

// toldElsewhere returns, of submissions that SUBMISSIONS does not have, those of which the log has what
// their verdict had stored, or the verdict where that had nothing stored.
func (p *Projection) toldElsewhere(ctx context.Context, missing []missingSubmission) (map[submissionPlace]bool, error) {
	stored := map[submissionPlace]bool{}
	for i := range missing {
		stored[missing[i].place] = missing[i].stored
	}
	told := map[submissionPlace]bool{}
	tell := func(of submissionPlace, byAccepted bool) {
		if wants, isMissing := stored[of]; isMissing && wants == byAccepted {
			told[of] = true
		}
	}
	for name, read := range map[string]func(stream.Delivery) error{
		stream.Accepted: func(d stream.Delivery) error {
			batch, err := event.DecodeAccepted(d.Body)
			if err != nil {
				return err
			}
			for i := range batch.Submissions {
				tell(submissionPlace{batch.Submissions[i].Sequence, batch.Submissions[i].ID}, true)
			}
			return nil
		},
		stream.Verdicts: func(d stream.Delivery) error {
			if sequence, ok := event.JudgedSequence(d.ID()); ok {
				tell(submissionPlace{sequence, d.Header(event.SubmissionHeader)}, false)
			}
			return nil
		},
	} {
		reading, atEnd := context.WithCancel(ctx)
		config := stream.FollowConfig{Stream: name, HeadersOnly: name == stream.Verdicts}
		err := p.Log.Follow(reading, config, func(d stream.Delivery) error {
			if err := read(d); !event.IsPermanent(err) {
				return err
			}
			return nil // it is a letter
		}, atEnd)
		atEnd()
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return told, nil
}
