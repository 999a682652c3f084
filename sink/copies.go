package sink

import (
	"context"
	"fmt"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/judge"
)

var _ judge.VerdictCopies = (*Store)(nil)

// Verdicts returns the verdicts that the store shows on messages of SUBMISSIONS from one sequence
// to another, by sequence: outcome, counts and findings, which are all that a store has of them.
func (s *Store) Verdicts(ctx context.Context, from, to uint64) (map[uint64]*event.Verdict, error) {
	verdicts := map[uint64]*event.Verdict{}
	rows, err := s.conn.Query(ctx, `SELECT area, dataset, sequence, id, outcome, repeated, accepted_sequence, received_at, decided_at, via, by, file, rows, accepted, held, rejected, catalogue,
	finding_code, finding_severity, finding_row, finding_column, finding_indicator, finding_period, finding_seen, finding_message_zh, finding_message_en
FROM submissions_data WHERE sequence BETWEEN ? AND ? ORDER BY sequence, verdict_sequence DESC LIMIT 1 BY sequence`, from, to)
	if err != nil {
		if hasCode(err, codeUnknownTable, codeUnknownDatabase) {
			return verdicts, nil
		}
		return nil, fmt.Errorf("read verdicts of ClickHouse: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		v := &event.Verdict{}
		var outcome string
		var counts [4]uint32
		var code, severity, column, indicator, period, seen, zh, en []string
		var at []uint32
		if err := rows.Scan(&v.Area, &v.Dataset, &v.Sequence, &v.Submission, &outcome, &v.Repeated, &v.AcceptedSequence, &v.ReceivedAt, &v.DecidedAt, &v.Via, &v.By, &v.File,
			&counts[0], &counts[1], &counts[2], &counts[3], &v.Catalogue, &code, &severity, &at, &column, &indicator, &period, &seen, &zh, &en); err != nil {
			return nil, fmt.Errorf("read verdicts of ClickHouse: %w", err)
		}
		v.Outcome, v.ReceivedAt, v.DecidedAt = event.Outcome(outcome), v.ReceivedAt.UTC(), v.DecidedAt.UTC()
		v.Rows, v.Accepted, v.Held, v.RejectedRows = int(counts[0]), int(counts[1]), int(counts[2]), int(counts[3])
		v.Findings = make([]event.Finding, len(code))
		for i := range code {
			v.Findings[i] = event.Finding{
				Code: code[i], Severity: event.Severity(severity[i]), Row: int(at[i]), Column: column[i], Indicator: indicator[i], Period: period[i], Seen: seen[i], MessageZH: zh[i], MessageEN: en[i],
			}
		}
		verdicts[v.Sequence] = v
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read verdicts of ClickHouse: %w", err)
	}
	return verdicts, nil
}
