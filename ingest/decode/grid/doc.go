// Package grid reads files that hold tables as rows of cells with their places.
//
// In goes the text of a CSV or TSV file, or an Excel workbook; out come rows, one at a
// time, of cells as a person sees them, with what has to be known of them: the row's
// number, cells that cannot be read, cells that are merged with those above. What the cells
// mean is not known here.
//
// What never happens: a number loses digits that a spreadsheet shows, a row is lost to a
// stray quotation mark in another one, or more is unpacked or kept than [Limits] allow.
package grid
