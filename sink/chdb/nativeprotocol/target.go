package nativeprotocol

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
	"github.com/citytally/citytally/sink/chdb/statement"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// insertTarget is where an INSERT's rows go.
type insertTarget struct {
	wanted []nativeformat.Column
	table  []tables.Column
}

// maxInsertTargets bounds insertTargets: a client that has written to more tables asks the engine again.
const maxInsertTargets = 64

// insertTargets remembers a connection's targets, since a description costs as much as a small INSERT. It is emptied
// when anybody's statement may have changed a table or a right, and when the connection has changed its database.
type insertTargets struct {
	version uint64 // of the engine's schema
	known   map[[2]string]insertTarget
}

func (t *insertTargets) forget() { t.known = nil }

func (t *insertTargets) find(ctx context.Context, e *engine.Engine, s *engine.Session, parsed statement.Statement) (insertTarget, error) {
	if version := e.SchemaVersion(); version != t.version || len(t.known) >= maxInsertTargets {
		t.version, t.known = version, nil
	}
	key := [2]string{parsed.InsertTable, parsed.InsertColumns}
	if target, is := t.known[key]; is {
		return target, nil
	}
	target, err := insertColumns(ctx, s, parsed)
	if err != nil {
		return insertTarget{}, err
	}
	if t.known == nil {
		t.known = map[[2]string]insertTarget{}
	}
	t.known[key] = target
	return target, nil
}

// insertColumns finds the columns that the client has to send, in the order of
// the INSERT's list.
func insertColumns(ctx context.Context, s *engine.Session, parsed statement.Statement) (insertTarget, error) {
	if parsed.InsertFunction != "" {
		columns, err := tables.Describe(ctx, s, parsed.InsertFunction)
		return insertTarget{wanted: tables.WithoutDefaults(columns)}, err
	}
	columns, err := tables.Describe(ctx, s, parsed.InsertTable)
	if err != nil {
		return insertTarget{}, err
	}
	target := insertTarget{table: columns}
	if parsed.InsertColumns == "" {
		for _, column := range columns {
			if column.DefaultKind == "" || column.DefaultKind == "DEFAULT" {
				target.wanted = append(target.wanted, column.Column)
			}
		}
		return target, nil
	}
	names, ok := parsed.InsertColumnNames()
	if !ok { // such as (* EXCEPT(a)), which only the engine can resolve
		target.wanted, err = tables.DescribeSelect(ctx, s, "SELECT "+parsed.InsertColumns+" FROM "+parsed.InsertTable)
		return target, err
	}
	for _, name := range names {
		at := slices.IndexFunc(columns, func(c tables.Column) bool { return c.Name == name })
		if at < 0 {
			return insertTarget{}, exception.Newf(proto.ErrNoSuchColumnInTable, "No such column %s in table %s", name, parsed.InsertTable)
		}
		target.wanted = append(target.wanted, columns[at].Column)
	}
	return target, nil
}

// columnsDescription writes a table's columns and defaults in the text form that
// clients parse. Source: ColumnsDescription::toString of ClickHouse.
func columnsDescription(columns []tables.Column) string {
	var b strings.Builder
	fmt.Fprintf(&b, "columns format version: 1\n%d columns:\n", len(columns))
	for _, c := range columns {
		b.WriteString(statement.QuoteName(c.Name) + " " + descriptionEscapes.Replace(c.Type))
		if c.DefaultKind != "" {
			b.WriteString("\t" + c.DefaultKind + "\t" + descriptionEscapes.Replace(c.DefaultExpression))
		}
		b.WriteString("\n")
	}
	return b.String()
}

var descriptionEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "'", `\'`, "\x00", `\0`)
