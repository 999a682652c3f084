// Package nativeprotocol serves ClickHouse's native protocol over TCP, so that
// clickhouse-go, clickhouse-client and other drivers connect to the embedded
// engine unmodified.
//
// In come connections, queries and blocks of rows; out go blocks, progress and
// exceptions with ClickHouse's own codes. One goroutine serves a connection;
// another watches its socket while a query runs, and a third feeds the engine
// while rows come in. Memory stays flat however large a result or an insert is.
//
// What never happens: an insert whose client went away or whose data broke off
// commits anything; a query whose client went away runs on; a packet makes the
// server allocate what it merely claims to hold.
package nativeprotocol
