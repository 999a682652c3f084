package digest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dchest/siphash"

	"github.com/citytally/citytally/ingest/stream"
)

// Table is a table of ClickHouse that one stream of the log fills.
type Table struct {
	Name string
	// What its rows are called in an imbalance.
	What string
	// Stream fills the table, by the durable consumer Consumer.
	Stream, Consumer string
	// Subjects limits the messages to those on them; empty is every message of Stream.
	Subjects []string
	// Sequence is the column for a message's place in Stream.
	Sequence string
	// Group is the column by which rows are put into groups: Sequence itself or, where a
	// message of Stream may come again under another sequence, the place of what it tells
	// of. Of the messages with one place the first counts.
	Group string
	// Varying are the columns in which a message that comes again may differ.
	Varying []string
	// Names are the columns that name a place to a person, in the order area, dataset,
	// indicator, period; "" is none.
	Names [4]string
	// Rows returns the rows that the sink stores of a message: none of one that it cannot
	// store.
	Rows func(*stream.Delivery) (Rows, error)
	// Store stores the rows of messages again. A row that is there stays one row.
	Store func(context.Context, []stream.Delivery) error
}

// Rows are rows, column by column.
type Rows struct {
	N int
	// Additional rows count beside those that another message told of the same place.
	Additional bool
	Columns    []Column
}

// Column is a column with the values of all rows: a slice, or RowValues for words.
type Column struct {
	Name   string
	Values any
}

// groupBits is how many of the low bits of a place do not matter to which group it is in.
const groupBits = 8

// hashKey makes hashes that nobody can foresee who does not know it.
type hashKey struct{ a, b uint64 }

// hashedRow is a row of the log as it is compared.
type hashedRow struct{ place, hash uint64 }

// hash returns the rows of a message as they are compared.
func (t *Table) hash(key hashKey, rows Rows) ([]hashedRow, error) {
	columns := slices.DeleteFunc(slices.Clone(rows.Columns), func(c Column) bool { return slices.Contains(t.Varying, c.Name) })
	slices.SortFunc(columns, func(a, b Column) int { return cmp.Compare(a.Name, b.Name) })
	texts, places := make([][]byte, rows.N), make([]uint64, rows.N)
	for i := range rows.Columns {
		if c := &rows.Columns[i]; c.Name == t.Group {
			copy(places, c.Values.([]uint64))
		}
	}
	for i := range columns {
		if err := appendColumn(texts, columns[i].Values); err != nil {
			return nil, fmt.Errorf("column %s of %s: %w", columns[i].Name, t.Name, err)
		}
	}
	hashed := make([]hashedRow, rows.N)
	for i, text := range texts {
		hashed[i] = hashedRow{place: places[i], hash: siphash.Hash(key.a, key.b, text)}
	}
	return hashed, nil
}

// names returns what names each row to a person.
func (t *Table) names(rows Rows) ([]place, error) {
	names := make([]place, rows.N)
	for at, name := range t.Names {
		for i := range rows.Columns {
			if c := &rows.Columns[i]; name == "" || c.Name != name {
				continue
			}
			texts := make([][]byte, rows.N)
			if err := appendColumn(texts, rows.Columns[i].Values); err != nil {
				return nil, err
			}
			for row, text := range texts {
				names[row][at] = string(text[:len(text)-1])
			}
		}
	}
	return names, nil
}

// place names rows to a person: area, dataset, indicator and period.
type place [4]string

// hashText returns SQL for the hash of a row, by the types of the columns that the sink
// writes.
func (t *Table) hashText(key hashKey, types map[string]string) (string, error) {
	rows, err := t.Rows(nil)
	if err != nil {
		return "", err
	}
	var names []string
	for _, c := range rows.Columns {
		if !slices.Contains(t.Varying, c.Name) {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	texts := make([]string, len(names))
	for i, name := range names {
		of, ok := types[name]
		if !ok {
			return "", fmt.Errorf("table %s has no column %s; have new tables filled from the log: citytally replay --into clickhouse", t.Name, name)
		}
		texts[i] = columnText(name, of) + ", char(31)"
	}
	return fmt.Sprintf("sipHash64Keyed((toUInt64(%d), toUInt64(%d)), concat(%s))", key.a, key.b, strings.Join(texts, ", ")), nil
}

// namesText returns SQL for what names a row to a person.
func (t *Table) namesText() string {
	texts := make([]string, len(t.Names))
	for i, name := range t.Names {
		texts[i] = "''"
		if name != "" {
			texts[i] = "toString(" + name + ")"
		}
	}
	return strings.Join(texts, ", ")
}
