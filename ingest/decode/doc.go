// Package decode turns what districts send into submissions.
//
// In goes the text of a file, JSON or long CSV; out come submissions whose observations
// name their row in the file. Figures are not judged: they are kept as the reporter wrote
// them, without surrounding space. A row that cannot be read as an observation becomes a
// malformed one with its row and the reason, so that the sender is told and the other rows
// count. Only a file that cannot be used as a whole is an error, such as one with an
// unknown column in its header, or broken JSON. The error is a [*catalogue.Problem] in
// Chinese and English.
//
// What never happens: a figure is changed, or the good rows of a usable file are lost
// because of a bad one.
//
// Memory is bounded by the reader, whose length the caller limits, and by [MaxRows].
package decode
