// Package decode turns what districts send into submissions.
//
// In goes the text of a file, JSON or long CSV; out come submissions whose
// observations know the row they stood in. Nothing is judged here: figures are
// kept as the reporter wrote them, but for surrounding space. What cannot be
// read as an observation becomes a malformed one with its row and the reason,
// so that a person is told and the other rows are kept. Only a file that says
// nothing usable as a whole, a header with an unknown column or broken JSON, is
// an error, and then always a [*catalogue.Problem] in Chinese and English.
//
// Memory is bounded by the reader that is handed in, which the caller limits,
// and by [MaxRows].
package decode
