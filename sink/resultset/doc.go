// Package resultset writes the rows of a ClickHouse answer as text: as an aligned table
// for people, as CSV (RFC 4180, with a header), or as a JSON array of objects in the order
// of the columns.
//
// In come rows of any types, as clickhouse-go delivers them; out goes text to a writer, row
// by row, so that memory does not grow with the answer. Values are exact: decimals are
// written digit by digit, and in JSON they, and integers beyond 2^53, are strings, so that
// no reader rounds them.
package resultset
