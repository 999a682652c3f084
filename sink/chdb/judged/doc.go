// Package judged says of every name that the pinned ClickHouse library knows
// whether a client may use it: functions, table functions, table and database
// engines, formats, settings, dictionary sources and layouts, and the tables of
// the database system.
//
// In come the lists in the directory names, one name a line with its verdict;
// out go verdicts. What is in no list is refused. A test of package engine
// compares the lists with the library and fails on a name that nobody has
// judged, so that a new version of the library opens no door.
package judged
