// Package wire lets every ClickHouse client talk to the engine embedded in
// this process: it serves ClickHouse's own protocols, the native one over TCP
// (native_*.go) and HTTP (http_*.go), so that clickhouse-go, clickhouse-client,
// JavaScript, curl and dashboards connect unmodified.
//
// In come connections, queries and blocks of rows; out go blocks, progress and
// errors with ClickHouse's own codes and text. Rows are never turned into Go
// values: the native server walks the columns only far enough to know where
// each ends, because the engine writes revision 0 of the Native format and
// clients speak a later one, and copies the bytes between. Memory therefore
// stays flat however large a result or an insert is.
//
// What never happens: an insert whose client went away or whose data broke off
// commits nothing; a query whose client went away does not run on; a packet
// from a client never makes the server allocate what the packet merely claims
// to hold.
package wire
