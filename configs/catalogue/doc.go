// Package catalogue says what may be reported, by whom, and for when.
//
// A catalogue is data: the areas of one city, the indicators they report, and the datasets
// in which they report them, read from YAML. Everything that is particular to a city is in
// that file. The code knows only the vocabulary: how a period is written, how a value is
// read, which units convert into which, and the order of stages.
//
// In comes a catalogue file, and out a [Catalogue] that was checked as a whole, or
// all mistakes in it. In come texts that reporters wrote, and out come periods,
// values and units; a text that cannot be read exactly is a [Problem] that says what
// was seen and what to do.
//
// The package is large because the readers of texts and the checks of the file are one
// vocabulary: a period, a value or a unit means the same in both.
//
// What never happens: something is defaulted, clamped or invented on behalf of a
// reporter; the package talks to a broker or a database.
package catalogue
