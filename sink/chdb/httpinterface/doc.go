// Package httpinterface serves ClickHouse's HTTP interface, so that drivers,
// curl and dashboards query the embedded engine unmodified.
//
// In come requests with a query, its parameters, settings and rows, in any of
// ClickHouse's encodings; out go answers in any of its formats, or exceptions
// with ClickHouse's codes and HTTP statuses. An answer goes out as it comes, so
// memory stays flat; an error after its first bytes breaks the body off and
// says why inside it.
//
// What never happens: an insert whose body broke off commits anything; a query
// whose client went away runs on; GET writes; a page of another origin makes a
// browser write with credentials it does not know.
package httpinterface
