// Package catalogue says what may be reported, by whom, and for when.
//
// A catalogue is data: the areas of one city, the indicators they report, and the datasets
// in which they report them, read from YAML. Everything that is particular to a city is in
// that file. The code knows only the vocabulary: how a period is written, how a value is
// read, which units convert into which, and the order of stages.
//
// The package has no side effects. It reads a catalogue file and answers questions; it
// never talks to a broker or a database. It never replaces, bounds or guesses what a reporter
// wrote: a text that cannot be read exactly is a [Problem] that says what was seen and what
// to do.
package catalogue
