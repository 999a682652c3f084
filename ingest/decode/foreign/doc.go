// Package foreign names files of formats that are not read.
//
// In go the first bytes of a file and its name, or the names of an archive's parts; out comes a
// [*catalogue.Problem] that says what the file is and how the program that wrote it saves what
// can be read.
//
// What never happens: a format that is read is named here.
package foreign
