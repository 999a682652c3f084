package wire

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// insertTarget is where rows go: the columns wanted of the client and, when it
// is a table, all it has.
type insertTarget struct {
	wanted []field
	table  []described
}

// insertColumns finds the columns an INSERT wants, in its own order.
func insertColumns(ctx context.Context, s *engine.Session, statement engine.Statement) (insertTarget, error) {
	table, list := statement.InsertTable, insertList(statement)
	if function, is := cutKeyword(table, "FUNCTION"); is {
		columns, err := describe(ctx, s, function)
		return insertTarget{wanted: fieldsOf(columns)}, err
	}
	table, _ = cutKeyword(table, "TABLE")
	columns, err := describe(ctx, s, table)
	if err != nil {
		return insertTarget{}, err
	}
	names, plain := splitNames(list)
	if !plain {
		// Such as (* EXCEPT(a)): only the engine can tell what that means.
		wanted, err := describe(ctx, s, "(SELECT "+list+" FROM "+table+")")
		return insertTarget{wanted: fieldsOf(wanted), table: columns}, err
	}
	target := insertTarget{table: columns}
	if list == "" {
		for _, column := range columns {
			if column.defaultKind == "" || column.defaultKind == "DEFAULT" {
				target.wanted = append(target.wanted, column.field)
			}
		}
		return target, nil
	}
	for _, name := range names {
		at := slices.IndexFunc(columns, func(d described) bool { return d.Name == name })
		if at < 0 {
			return insertTarget{}, exceptionf(proto.ErrNoSuchColumnInTable, "No such column %s in table %s", name, table)
		}
		target.wanted = append(target.wanted, columns[at].field)
	}
	return target, nil
}

// insertList is what stands in the parentheses after the table, "" for none.
func insertList(statement engine.Statement) string {
	_, rest, found := strings.Cut(statement.InsertHead, statement.InsertTable)
	rest = strings.TrimSpace(rest)
	if !found || !strings.HasPrefix(rest, "(") {
		return ""
	}
	end := closingParenthesis(rest)
	if end < 0 {
		return ""
	}
	return strings.TrimSpace(rest[1:end])
}

// closingParenthesis finds where the parenthesis that s begins with is closed,
// -1 when it is not.
func closingParenthesis(s string) int {
	depth := 0
	var quote byte
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '\'' || b == '`' || b == '"':
			quote = b
		case b == '(':
			depth++
		case b == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// splitNames takes the names out of a list of columns; plain is false when the
// list holds anything else.
func splitNames(list string) (names []string, plain bool) {
	if list == "" {
		return nil, true
	}
	start := 0
	var items []string
	for i := range topLevel(list, ',') {
		items = append(items, list[start:i])
		start = i + 1
	}
	for _, item := range append(items, list[start:]) {
		name, ok := unquoteName(strings.TrimSpace(item))
		if !ok {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}

// unquoteName reads an identifier, which may be quoted and have dots.
func unquoteName(item string) (string, bool) {
	if item == "" {
		return "", false
	}
	if quote := item[0]; quote == '`' || quote == '"' {
		inside, closed := strings.CutSuffix(item[1:], string(quote))
		if !closed || strings.ContainsRune(inside, rune(quote)) || strings.Contains(inside, `\`) {
			return "", false
		}
		return inside, true
	}
	for part := range strings.SplitSeq(item, ".") {
		if !plainName(part) {
			return "", false
		}
	}
	return item, true
}

// cutKeyword cuts a leading keyword, given in capitals, and the space after it.
func cutKeyword(s, keyword string) (rest string, found bool) {
	s = strings.TrimSpace(s)
	if len(s) <= len(keyword) || !strings.EqualFold(s[:len(keyword)], keyword) || !isSpace(s[len(keyword)]) {
		return s, false
	}
	return strings.TrimSpace(s[len(keyword):]), true
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// columnsDescription writes a table's columns as the client's parser of
// defaults reads them.
// Source: ColumnsDescription::toString of ClickHouse.
func columnsDescription(columns []described) string {
	var b strings.Builder
	fmt.Fprintf(&b, "columns format version: 1\n%d columns:\n", len(columns))
	for _, c := range columns {
		b.WriteString("`" + nameEscapes.Replace(c.Name) + "` " + descriptionEscapes.Replace(c.Type))
		if c.defaultKind != "" {
			b.WriteString("\t" + c.defaultKind + "\t" + descriptionEscapes.Replace(c.defaultExpression))
		}
		b.WriteString("\n")
	}
	return b.String()
}

var descriptionEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "'", `\'`, "\x00", `\0`)
