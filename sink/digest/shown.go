package digest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/citytally/citytally/ingest/stream"
)

// shown is what a table holds, by its parts. A part never changes: what changes a row makes
// a part anew, with another name or another checksum.
type shown struct {
	conn  driver.Conn
	table *Table
	hash  string // SQL for the hash of a row
	parts map[part]*partSums
}

// part identifies a part with its content.
type part struct{ name, checksum string }

// partSums are the digests of what a part holds of each group; err is why it cannot be read.
type partSums struct {
	groups map[uint64]Sum
	err    error
}

// settleAttempts is how often the parts are listed at most, while merges replace them.
const settleAttempts = 8

// errRestless is returned where parts were replaced faster than they could be read.
var errRestless = errors.New("ClickHouse kept merging the parts that were to be compared; they are compared next time")

// sums returns the digest of each group. It reads the parts that it has not read before.
func (s *shown) sums(ctx context.Context, first uint64) (map[uint64]Sum, error) {
	for range settleAttempts {
		active, err := s.active(ctx)
		if err != nil {
			return nil, err
		}
		maps.DeleteFunc(s.parts, func(p part, _ *partSums) bool { return !slices.Contains(active, p) })
		if err := s.probe(ctx); err != nil {
			return nil, err
		}
		unread := slices.DeleteFunc(slices.Clone(active), func(p part) bool { _, read := s.parts[p]; return read })
		if err := s.read(ctx, unread, first); err != nil {
			return nil, err
		}
		again := active
		if len(unread) > 0 { // else nothing was read that may be gone
			if again, err = s.active(ctx); err != nil {
				return nil, err
			}
		}
		if slices.ContainsFunc(active, func(p part) bool { return !slices.Contains(again, p) }) {
			for _, p := range unread {
				delete(s.parts, p) // one that was gone when it was read has no rows
			}
			continue
		}
		sums := map[uint64]Sum{}
		for _, of := range s.parts {
			for group, sum := range of.groups {
				total := sums[group]
				total.add(sum)
				sums[group] = total
			}
		}
		return sums, nil
	}
	return nil, errRestless
}

// probe reads the last row of every part that has been read before, and forgets what is known of the
// parts when one of them cannot be read any more: its files were cut off, or are gone. What else
// a disk alters in a part is found when everything is read anew.
func (s *shown) probe(ctx context.Context) error {
	var names []string
	for p, of := range s.parts {
		if of.err == nil {
			names = append(names, p.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	err := s.query(ctx, func(driver.Rows) error { return nil }, fmt.Sprintf(`SELECT countIf(NOT ignore(*)) FROM %s WHERE _part IN (?) AND (toString(_part), _part_offset) IN (
		SELECT name, toUInt64(rows - 1) FROM system.parts WHERE active AND database = currentDatabase() AND table = ?)`, s.table.Name), names, s.table.Name)
	if IsUnreadable(err) {
		clear(s.parts)
		return nil
	}
	return err
}

func (s *shown) active(ctx context.Context) ([]part, error) {
	var parts []part
	err := s.query(ctx, func(rows driver.Rows) error {
		var p part
		if err := rows.Scan(&p.name, &p.checksum); err != nil {
			return err
		}
		parts = append(parts, p)
		return nil
	}, "SELECT name, hash_of_all_files FROM system.parts WHERE active AND database = currentDatabase() AND table = ?", s.table.Name)
	return parts, err
}

// read reads parts, all at once or, where that fails for what one of them holds, one by one.
func (s *shown) read(ctx context.Context, parts []part, first uint64) error {
	if len(parts) == 0 {
		return nil
	}
	err := s.readParts(ctx, parts, first)
	if err == nil || !IsUnreadable(err) {
		return err
	}
	if len(parts) == 1 {
		s.parts[parts[0]] = &partSums{err: err}
		return nil
	}
	for i := range parts {
		if err := s.read(ctx, parts[i:i+1], first); err != nil {
			return err
		}
	}
	return nil
}

func (s *shown) readParts(ctx context.Context, parts []part, first uint64) error {
	names, byName := make([]string, len(parts)), map[string]*partSums{}
	for i, p := range parts {
		names[i], byName[p.name] = p.name, &partSums{groups: map[uint64]Sum{}}
	}
	err := s.query(ctx, func(rows driver.Rows) error {
		var name string
		var group uint64
		var sum Sum
		if err := rows.Scan(&name, &group, &sum.rows, &sum.hash); err != nil {
			return err
		}
		byName[name].groups[group] = sum
		return nil
	}, fmt.Sprintf("SELECT toString(_part) AS name, %s AS numbered, count(), sum(%s) FROM %s WHERE _part IN (?) AND %s >= ? GROUP BY name, numbered",
		s.groupText(), s.hash, s.table.Name, s.table.Sequence), names, first)
	if err != nil {
		return err
	}
	for _, p := range parts {
		s.parts[p] = byName[p.name]
	}
	return nil
}

func (s *shown) groupText() string {
	return fmt.Sprintf("bitShiftRight(%s, %d)", s.table.Group, groupBits)
}

// span selects the messages whose rows are compared: those from one sequence to another,
// and those beyond the end of the log. The rows of others are still under way.
type span struct {
	first, last uint64
	beyond      []uint64
}

// span returns the messages to compare, of those up to last: the sink has stored all of
// them. The rows are looked at before the log, so that messages which arrive meanwhile are
// not taken for such as the log does not have.
func (s *shown) span(ctx context.Context, log *stream.Log, first, last uint64) (span, error) {
	under := span{first: first, last: last}
	err := s.query(ctx, func(rows driver.Rows) error {
		var sequence uint64
		if err := rows.Scan(&sequence); err != nil {
			return err
		}
		under.beyond = append(under.beyond, sequence)
		return nil
	}, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE _part NOT IN (?) AND %[1]s > ? LIMIT ?", s.table.Sequence, s.table.Name), s.passedOver(), last, maxBeyond)
	if err != nil {
		return under, err
	}
	end, err := log.LastSequence(ctx, s.table.Stream)
	under.beyond = slices.DeleteFunc(under.beyond, func(sequence uint64) bool { return sequence <= end })
	return under, err
}

// maxBeyond is how many messages that are under way, or that the log does not have, are told
// apart in one comparison.
const maxBeyond = 100_000

// distinct returns the digests of groups with every row counted once, however often it is
// stored.
func (s *shown) distinct(ctx context.Context, groups []uint64, of span) (map[uint64]Sum, error) {
	sums := map[uint64]Sum{}
	err := s.query(ctx, func(rows driver.Rows) error {
		var group uint64
		var sum Sum
		if err := rows.Scan(&group, &sum.rows, &sum.hash); err != nil {
			return err
		}
		sums[group] = sum
		return nil
	}, fmt.Sprintf("SELECT numbered, count(), sum(hashed) FROM (SELECT DISTINCT %s AS numbered, %s AS hashed FROM %s WHERE %s AND _part NOT IN (?)) GROUP BY numbered",
		s.groupText(), s.hash, s.table.Name, s.condition()), append(s.arguments(groups, of), s.passedOver())...)
	return sums, err
}

// rows returns the rows of groups, by their hash.
func (s *shown) rows(ctx context.Context, groups []uint64, of span) (map[uint64]place, error) {
	all := map[uint64]place{}
	err := s.query(ctx, func(rows driver.Rows) error {
		var hash uint64
		var at place
		if err := rows.Scan(&hash, &at[0], &at[1], &at[2], &at[3]); err != nil {
			return err
		}
		all[hash] = at
		return nil
	}, fmt.Sprintf("SELECT DISTINCT %s AS hashed, %s FROM %s WHERE %s AND _part NOT IN (?)", s.hash, s.table.namesText(), s.table.Name, s.condition()),
		append(s.arguments(groups, of), s.passedOver())...)
	return all, err
}

// remove removes the rows of groups that have one of the hashes.
func (s *shown) remove(ctx context.Context, groups, hashes []uint64, of span) error {
	for some := range slices.Chunk(hashes, removedAtOnce) {
		err := s.conn.Exec(bigQuery(ctx), fmt.Sprintf("ALTER TABLE %s DELETE WHERE %s AND %s IN (?) SETTINGS mutations_sync = 1", s.table.Name, s.condition(), s.hash),
			append(s.arguments(groups, of), some)...)
		if err != nil {
			return fmt.Errorf("remove rows of %s that the log does not hold: %w", s.table.Name, err)
		}
	}
	return nil
}

// removedAtOnce is how many rows one mutation removes: their hashes are two megabytes of SQL.
const removedAtOnce = 100_000

// bigQuery lets the server take a statement that lists many numbers.
func bigQuery(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 64 << 20}))
}

// condition selects the rows of groups, of the messages of a span.
func (s *shown) condition() string {
	return fmt.Sprintf("%s IN (?) AND (%s BETWEEN ? AND ? OR %[2]s IN (?))", s.groupText(), s.table.Sequence)
}

func (s *shown) arguments(groups []uint64, of span) []any {
	beyond := of.beyond
	if len(beyond) == 0 {
		beyond = []uint64{of.last}
	}
	return []any{groups, of.first, of.last, beyond}
}

// passedOver returns the names of the parts that cannot be read and, since a list in SQL is
// never empty, the name of none.
func (s *shown) passedOver() []string { return append(s.unreadable(), "") }

// unreadable returns the names of the parts that cannot be read.
func (s *shown) unreadable() []string {
	var names []string
	for p, of := range s.parts {
		if of.err != nil {
			names = append(names, p.name)
		}
	}
	slices.Sort(names)
	return names
}

// detach puts the parts that cannot be read aside: they stay on disk, in the table's folder
// detached, and are no longer read.
func (s *shown) detach(ctx context.Context) (int, error) {
	names := s.unreadable()
	for _, name := range names {
		if err := s.conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DETACH PART ?", s.table.Name), name); err != nil {
			return 0, fmt.Errorf("put part %s of %s aside: %w", name, s.table.Name, err)
		}
	}
	return len(names), nil
}

func (s *shown) query(ctx context.Context, each func(driver.Rows) error, text string, arguments ...any) error {
	rows, err := s.conn.Query(bigQuery(ctx), text, arguments...)
	if err != nil {
		return fmt.Errorf("compare %s: %w", s.table.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return fmt.Errorf("compare %s: %w", s.table.Name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("compare %s: %w", s.table.Name, err)
	}
	return nil
}

// unreadableCodes are the codes with which ClickHouse says that a file of a part is damaged:
// it ends early, is absent, does not fit its checksum, or has sizes that make no sense.
var unreadableCodes = []int32{32, 33, 40, 74, 76, 79, 107, 117, 128, 131, 190, 226, 228, 246, 271, 305, 432, 740}

// IsUnreadable reports whether an error says that what is stored is damaged.
func IsUnreadable(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && slices.Contains(unreadableCodes, exception.Code)
}

// columnTypes returns the types of the columns of those of the tables that exist, by table.
func columnTypes(ctx context.Context, conn driver.Conn, tables []string) (map[string]map[string]string, error) {
	rows, err := conn.Query(ctx, "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND table IN (?)", tables)
	if err != nil {
		return nil, fmt.Errorf("read the columns of tables: %w", err)
	}
	defer rows.Close()
	types := map[string]map[string]string{}
	for rows.Next() {
		var table, name, of string
		if err := rows.Scan(&table, &name, &of); err != nil {
			return nil, fmt.Errorf("read the columns of tables: %w", err)
		}
		if types[table] == nil {
			types[table] = map[string]string{}
		}
		types[table][name] = of
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the columns of tables: %w", err)
	}
	return types, nil
}
