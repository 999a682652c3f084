// Package tables is what the servers of both protocols ask the engine about
// tables, and how they load the ones that come along with a query.
//
// In come a session and a name, or a table's rows; out go columns ([Describe]),
// rows of text ([Rows]) or a temporary table ([External]). What never happens:
// an external table outlives its query.
package tables
