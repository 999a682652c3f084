// Package header finds the header of a table and how the table is laid out.
//
// In go the first rows of a table, with what is known of it besides them; out comes a
// [Layout]: in which row the header stands, what each column is, whether a row holds one
// figure or many, and what titles above say of the unit and the period. What a table is not
// comes out as a [Failure], which says how near it came.
//
// [Role] and [Field] are the one place that knows by which words columns are recognised,
// whatever the format.
//
// What never happens: a table that can be read in two ways is read in one of them.
package header
