// Package obligation prints what areas owe and what has become of it: as tables, CSV and
// JSON, and what is owed as an iCalendar feed too (RFC 5545), which calendar programs show.
//
// In come obligations and rows of coverage, and out goes text in the printer's language.
// What never happens: a time without a zone.
package obligation
