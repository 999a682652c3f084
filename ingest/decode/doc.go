// Package decode turns what districts send into submissions.
//
// In goes a file as it is; out come submissions whose observations know where they stood,
// and an [Understanding]: one sentence, in Chinese and English, on what the file was taken
// for, and notes on what was passed over. A file goes through four steps, each of which
// knows nothing of the ones behind it:
//
//  1. container.go tells by the first bytes what a file is; a gzip or zip archive is opened,
//     and a format that is not read is named, with the way out.
//  2. Package charset decides the encoding of a text, once for the whole file.
//  3. Package grid hands out rows of cells with their places, of a text or a workbook. JSON
//     (json.go) has observations and needs no grid, but for objects as other programs write
//     them, which package records hands out as rows.
//  4. Package header finds out how a grid is laid out, and rows.go reads its rows.
//
// A new format is one file: a grid, or a reader of observations, and a line in container.go, which chooses by the content.
//
// Names of indicators and areas become their ids, and periods their codes, where they have
// one meaning; figures are kept as the reporter wrote them, and nothing is judged here.
// What cannot be read as an observation becomes a malformed one with its row and the reason.
// A file that can be read in two ways, or in none, is an error that says what to do, always
// a [*catalogue.Problem].
//
// The package is large because what a row means hangs on everything around it: titles, headings, footnotes and
// the rows above settle its area, period, unit and stage together, and each may make it a question.
//
// What never happens: a figure is changed, the good rows of a usable file are lost because
// of a bad one, or a file is read in one of two possible ways without a question.
//
// Memory is a small multiple of the file's size; what a file unpacks to, and how many rows,
// columns and cells it has, is bounded by [Limits] before it is read.
package decode
