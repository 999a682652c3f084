package sink

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/bilingual"
)

// tablesText describes the tables as the migrations make them, one line for each table and each of
// its columns, as tablesQuery reads them.
//
//go:embed tables.txt
var tablesText string

// tablesQuery describes the tables of the database that have one of the names: table, what its engine
// is, or its column and what that is. A table's replicated engine, its settings and comments do not
// count; a time after which rows are dropped does.
const tablesQuery = `SELECT arraySort(groupArray(line)) FROM (
	SELECT concat(name, ' is ', replaceOne(engine, 'Replicated', ''), ' by ', sorting_key, if(partition_key = '', '', ', parts by ' || partition_key),
		if(match(create_table_query, '[\\s)]TTL\\s'), ', rows end', '')) AS line
	FROM system.tables WHERE database = currentDatabase() AND has(?, name)
	UNION ALL
	SELECT concat(table, '.', name, ' is ', default_kind, if(default_kind = '', '', ' '), type) AS line
	FROM system.columns WHERE database = currentDatabase() AND has(?, table))`

// OtherTablesError is the error for a database whose tables are not as the migrations made them, and
// which no recomputation mends.
type OtherTablesError struct {
	Database string
	// Tables are those that are missing, and Others what is missing or another of the rest.
	Tables []string
	Others []bilingual.Text
}

// Error says what is not as it was made, and what to do.
func (e *OtherTablesError) Error() string { return e.text().EN }

// Chinese says the same in Chinese.
func (e *OtherTablesError) Chinese() string { return e.text().ZH }

// namedColumns is how many columns an error names.
const namedColumns = 10

func (e *OtherTablesError) text() bilingual.Text {
	var zh, en []string
	if len(e.Tables) > 0 {
		zh, en = append(zh, "缺少表 "+strings.Join(e.Tables, "、")), append(en, "lacks "+strings.Join(e.Tables, ", "))
	}
	for _, other := range e.Others[:min(len(e.Others), namedColumns)] {
		zh, en = append(zh, other.ZH), append(en, other.EN)
	}
	if more := len(e.Others) - namedColumns; more > 0 {
		zh, en = append(zh, fmt.Sprintf("另有 %d 处", more)), append(en, fmt.Sprintf("%d more", more))
	}
	return bilingual.Text{
		ZH: fmt.Sprintf("ClickHouse 数据库 %s：%s；被人删除或改动，重算不能修复；请由日志写入新表：citytally replay --into clickhouse", e.Database, strings.Join(zh, "；")),
		EN: fmt.Sprintf("database %s of ClickHouse %s: somebody dropped or altered that, and no recomputation mends it; have new tables filled from the log: citytally replay --into clickhouse",
			e.Database, strings.Join(en, "; ")),
	}
}

// tableNames returns the tables that the migrations make, in order.
func tableNames() []string {
	var names []string
	for line := range strings.Lines(tablesText) {
		name, _, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, ".")
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// describeTables returns what the database has of the tables with the names, one line for each table and
// column.
func (s *Store) describeTables(ctx context.Context, names []string) (lines []string, err error) {
	if err := s.conn.QueryRow(ctx, tablesQuery, names, names).Scan(&lines); err != nil {
		return nil, fmt.Errorf("read how the tables are defined: %w", err)
	}
	return lines, nil
}

// checkTables returns an [*OtherTablesError] where tables or columns are missing or others than the
// migrations make. Additional columns are left to who made them.
func (s *Store) checkTables(ctx context.Context) error {
	lines, err := s.describeTables(ctx, tableNames())
	if err != nil {
		return err
	}
	found := map[string]string{}
	for _, line := range lines {
		name, is, _ := strings.Cut(line, " is ")
		found[name] = is
	}
	other := &OtherTablesError{Database: s.database}
	for line := range strings.Lines(tablesText) {
		name, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " is ")
		table, column, isColumn := strings.Cut(name, ".")
		is, exists := found[name]
		switch {
		case exists && is == want, isColumn && slices.Contains(other.Tables, table):
		case exists:
			other.Others = append(other.Others, bilingual.Text{
				ZH: fmt.Sprintf("%s 是 %s，应为 %s", name, is, want),
				EN: fmt.Sprintf("has %s as %s, want %s", name, is, want),
			})
		case isColumn:
			other.Others = append(other.Others, bilingual.Text{ZH: fmt.Sprintf("表 %s 缺少列 %s", table, column), EN: fmt.Sprintf("lacks column %s of %s", column, table)})
		default:
			other.Tables = append(other.Tables, table)
		}
	}
	if len(other.Tables) == 0 && len(other.Others) == 0 {
		return nil
	}
	return other
}

// existing returns which of the tables that the migrations make the database has.
func (s *Store) existing(ctx context.Context) (names []string, err error) {
	err = s.conn.QueryRow(ctx, "SELECT arraySort(groupArray(name)) FROM system.tables WHERE database = currentDatabase() AND has(?, name)", tableNames()).Scan(&names)
	if err != nil && !hasCode(err, codeUnknownDatabase) {
		return nil, fmt.Errorf("read which tables there are: %w", err)
	}
	return names, nil
}

// isNotThere reports whether an error says that a table, or the database, is not there.
func isNotThere(err error) bool { return hasCode(err, codeUnknownTable, codeUnknownDatabase) }

// isOtherTables reports whether an error is an [*OtherTablesError].
func isOtherTables(err error) bool {
	_, other := errors.AsType[*OtherTablesError](err)
	return other
}
