package tables

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
)

// Column is a column as DESCRIBE tells of it.
type Column struct {
	nativeformat.Column
	DefaultKind       string // DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL, or empty
	DefaultExpression string
}

// Rows runs a query and returns its rows, with every value as text.
func Rows(ctx context.Context, s *engine.Session, query string) ([][]string, error) {
	result, err := s.Query(ctx, query, "JSONCompactStringsEachRow")
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.Lines(string(result.Data)) {
		var row []string
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return nil, fmt.Errorf("read answer of %q: %w", query, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Describe returns the columns of a table, a table function or a query in parentheses, as written in SQL.
func Describe(ctx context.Context, s *engine.Session, what string) ([]Column, error) {
	rows, err := Rows(ctx, s, "DESCRIBE TABLE "+what+" SETTINGS print_pretty_type_names = 0, describe_compact_output = 0")
	if err != nil {
		return nil, err
	}
	columns := make([]Column, len(rows))
	for i, row := range rows {
		if len(row) < 4 {
			return nil, fmt.Errorf("describe %s: %d columns of an answer, want at least 4", what, len(row))
		}
		columns[i] = Column{nativeformat.Column{Name: row[0], Type: row[1]}, row[2], row[3]}
	}
	return columns, nil
}

// DescribeSelect returns the columns of a SELECT's answer, without its FORMAT clause. Only these have the time zones of
// DateTime. What is no SELECT cannot be described and is an error.
func DescribeSelect(ctx context.Context, s *engine.Session, query string) ([]nativeformat.Column, error) {
	columns, err := Describe(ctx, s, "(\n"+query+"\n)") // a line break ends a comment
	return WithoutDefaults(columns), err
}

// WithoutDefaults returns the columns' names and types alone.
func WithoutDefaults(columns []Column) []nativeformat.Column {
	plain := make([]nativeformat.Column, len(columns))
	for i, c := range columns {
		plain[i] = c.Column
	}
	return plain
}
