package sink

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/judge"
)

var (
	_ judge.VerdictCopies  = (*Store)(nil)
	_ judge.DecisionCopies = (*Store)(nil)
	_ answer.ReleaseCopies = (*Store)(nil)
)

// Verdicts returns the verdicts that the store shows on messages of SUBMISSIONS from one sequence
// to another, by sequence: outcome, counts and findings, which are all that a store has of them.
func (s *Store) Verdicts(ctx context.Context, from, to uint64) (map[uint64]*event.Verdict, error) {
	verdicts := map[uint64]*event.Verdict{}
	rows, err := s.conn.Query(ctx, `SELECT area, dataset, sequence, id, outcome, repeated, accepted_sequence, received_at, decided_at, via, by, file, rows, accepted, held, rejected, catalogue,
	finding_code, finding_severity, finding_row, finding_column, finding_indicator, finding_period, finding_seen, finding_message_zh, finding_message_en
FROM submissions_data WHERE sequence BETWEEN ? AND ? ORDER BY sequence, verdict_sequence DESC LIMIT 1 BY sequence`, from, to)
	if err != nil {
		if isNotThere(err) {
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

// Decisions returns the bureau's decisions that the store shows, in the order of ACCEPTED.
func (s *Store) Decisions(ctx context.Context) ([]judge.DecisionCopy, error) {
	rows, err := s.conn.Query(ctx, `SELECT * FROM (
SELECT sequence, number, toString(kind) AS kind, toString(period) AS period, toString(indicator) AS indicator, toString(area) AS area, reason, by, toString(by_role) AS role, toString(by_way) AS way, decided_at, if(kind = 'adopt', catalogue, rules) AS version, toUInt64(0) AS about, '' AS submission, toUInt32(0) AS row
FROM decisions_data FINAL WHERE kind NOT IN ('explain', 'release', 'refuse')
UNION ALL
SELECT accepted_sequence, place, toString(event), '', '', toString(area), text, toString(person), toString(role), toString(way), at, '', sequence, submission, row
FROM holds_data FINAL WHERE event != ?
) ORDER BY sequence, number`, heldKind)
	if err != nil {
		if isNotThere(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read decisions of ClickHouse: %w", err)
	}
	defer rows.Close()
	var all []judge.DecisionCopy
	for rows.Next() {
		var d judge.DecisionCopy
		var number, row uint32
		var kind string
		var at time.Time
		if err := rows.Scan(&d.AcceptedSequence, &number, &kind, &d.Period, &d.Indicator, &d.Area, &d.Reason, &d.By, &d.Person.Role, &d.Person.Way, &at, &d.Version, &d.Sequence, &d.Submission, &row); err != nil {
			return nil, fmt.Errorf("read decisions of ClickHouse: %w", err)
		}
		d.Kind, d.At = event.DecisionKind(kind), at.UnixMilli()
		if d.Person.Role != "" {
			d.Person.Name = d.By
		}
		if n := len(all); d.Sequence > 0 && n > 0 && all[n-1].AcceptedSequence == d.AcceptedSequence && all[n-1].Kind == d.Kind && all[n-1].Sequence == d.Sequence {
			all[n-1].Rows = append(all[n-1].Rows, row)
			continue
		}
		if d.Sequence > 0 {
			d.Rows = []uint32{row}
		}
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read decisions of ClickHouse: %w", err)
	}
	return all, nil
}

// DropDecisions removes the rows of decisions at places of ACCEPTED that the log now has at others.
func (s *Store) DropDecisions(ctx context.Context, moved []judge.DecisionCopy) error {
	places := make([]string, len(moved))
	for i := range moved {
		places[i] = fmt.Sprintf("(%d, %d)", moved[i].AcceptedSequence, moved[i].At)
	}
	in := " IN (" + strings.Join(places, ", ") + ") SETTINGS mutations_sync = 1"
	for _, statement := range []string{
		"ALTER TABLE decisions_data DELETE WHERE (sequence, toUnixTimestamp64Milli(decided_at))" + in,
		"ALTER TABLE holds_data DELETE WHERE event != '" + heldKind + "' AND (accepted_sequence, toUnixTimestamp64Milli(at))" + in,
	} {
		if err := s.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("drop decisions of places that the log has lost: %w", err)
		}
	}
	return nil
}

// AcceptedIn returns the ids of the submissions, by their sequence in SUBMISSIONS, of which the store
// has rows that messages of ACCEPTED in the ranges brought.
func (s *Store) AcceptedIn(ctx context.Context, of []stream.Range) (map[uint64]string, error) {
	submissions := map[uint64]string{}
	for _, from := range rowsOfMessages[stream.Accepted] {
		if from.table == "decisions_data" {
			continue // these are of no submission
		}
		err := s.addSubmissions(ctx, submissions, fmt.Sprintf("SELECT DISTINCT sequence, submission FROM %s WHERE %s AND %s", from.table, from.where, isIn(from.sequence, of)))
		if err != nil && !isNotThere(err) {
			return nil, fmt.Errorf("read what was accepted: %w", err)
		}
	}
	return submissions, nil
}

func (s *Store) addSubmissions(ctx context.Context, to map[uint64]string, query string) error {
	rows, err := s.conn.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var sequence uint64
		var id string
		if err := rows.Scan(&sequence, &id); err != nil {
			return err
		}
		to[sequence] = id
	}
	return rows.Err()
}

// Releases returns the releases that the store shows, by their sequence, with all that a store has of
// them, which is all that they are. Their totals are in the order of their indicators' ids.
func (s *Store) Releases(ctx context.Context) ([]*event.Release, error) {
	rows, err := s.conn.Query(ctx, `SELECT name, note, as_of, absent, by, by_role, by_way, basis, catalogue, computed_at, period,
	indicator, value, unit, toString(stage), status, qualifier, change, change_kind, change_absolute, change_reason, expected, missing, publishable, inputs, flags,
	change_qualifier, change_areas, carried, held, held_areas, value_with_held, change_with_held, qualifier_with_held, change_qualifier_with_held
FROM releases_data FINAL ORDER BY sequence, name, indicator`)
	if err != nil {
		if isNotThere(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read releases of ClickHouse: %w", err)
	}
	defer rows.Close()
	var all []*event.Release
	for rows.Next() {
		r := &event.Release{}
		var asOf *time.Time
		var created time.Time
		var t event.Total
		var value, change, absolute, withHeld, changeWithHeld *decimal.Decimal
		var expected uint32
		var inputs string
		var held event.TotalWithHeld
		if err := rows.Scan(&r.Name, &r.Note, &asOf, &r.Absent, &r.Person.Name, &r.Person.Role, &r.Person.Way, &r.Basis, &r.Catalogue, &created, &r.Period,
			&t.Indicator, &value, &t.Unit, &t.Stage, &t.Status, &t.Qualifier, &change, &t.ChangeKind, &absolute, &t.ChangeReason, &expected, &t.Missing, &t.Publishable, &inputs, &t.Flags,
			&t.ChangeQualifier, &t.ChangeAreas, &t.Carried, &held.Holds, &held.Areas, &withHeld, &changeWithHeld, &held.Qualifier, &held.ChangeQualifier); err != nil {
			return nil, fmt.Errorf("read releases of ClickHouse: %w", err)
		}
		t.Value, t.Change, t.ChangeAbsolute = figureText(value), figureText(change), figureText(absolute)
		t.Expected, t.Inputs, t.Missing, t.Flags = int(expected), event.Inputs(inputs), nilIfEmpty(t.Missing), nilIfEmpty(t.Flags)
		t.ChangeAreas, t.Carried = nilIfEmpty(t.ChangeAreas), nilIfEmpty(t.Carried)
		t.Held = heldOf(held, withHeld, changeWithHeld)
		if len(all) == 0 || all[len(all)-1].Name != r.Name {
			r.CreatedAt, r.Absent = created.UnixMilli(), nilIfEmpty(r.Absent)
			if asOf != nil {
				r.Received = asOf.UnixMilli()
			}
			all = append(all, r)
		}
		last := all[len(all)-1]
		last.Totals = append(last.Totals, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read releases of ClickHouse: %w", err)
	}
	return all, nil
}
