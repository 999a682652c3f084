// Package digest compares what ClickHouse holds with what the log says it should hold, row
// by row and column by column, and mends ClickHouse where the two differ.
//
// In come the messages of a stream, as the rows that the sink makes of them, and the rows
// of the table that they fill. Rows are put into groups, each of 256 consecutive
// places of the log, and every group has a digest: how many rows it has, and the sum of
// their hashes. On the side of the log a digest is brought up to date with each new message.
// On the side of ClickHouse it is made of the digests of the table's parts, which never
// change, so that only parts which are new since the last comparison are read. Groups whose
// digests differ are read row by row. Out come the places that differ, by area, indicator
// and period, and a table that agrees with the log.
//
// What never happens: a write to the log; a row removed that the log holds; a difference
// reported that comes of rows which are still under way, or which came twice.
package digest
