package sink

import "github.com/ClickHouse/clickhouse-go/v2/lib/driver"

// column is one column of an insert: its name and its values, which are a slice, a
// lazyValues or a valuesByRow.
type column struct {
	name   string
	values any
}

// lazyValues returns the slice of a column's values. It is called when the column is
// written, so that only one column of an insert is in memory beside the insert itself.
type lazyValues func() any

// valuesByRow calls add with the values of a column one by one. The client library does the
// same with a slice of words for a LowCardinality column, but allocates an interface value
// for each row; here a word that many rows share is allocated once.
type valuesByRow func(add func(any) error) error

// append writes the values into column i of the batch.
func (c *column) append(batch driver.Batch, i int) error {
	switch values := c.values.(type) {
	case lazyValues:
		return batch.Column(i).Append(values())
	case valuesByRow:
		return values(batch.Column(i).AppendRow)
	}
	return batch.Column(i).Append(c.values)
}

// valuesOf returns one field of every row.
func valuesOf[T, F any](rows []T, field func(*T) F) []F {
	values := make([]F, len(rows))
	for i := range rows {
		values[i] = field(&rows[i])
	}
	return values
}

// lazyValuesOf is valuesOf, evaluated when the column is written.
func lazyValuesOf[T, F any](rows []T, field func(*T) F) lazyValues {
	return func() any { return valuesOf(rows, field) }
}
