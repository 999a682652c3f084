// Package event is what travels through the log: submissions, accepted
// observations, verdicts, totals, runs, commands, decisions, releases and dead
// letters, and how each is written and read.
//
// In come and out go message bodies: JSON where people and other programs read
// them, a version byte and CBOR where the volume is. What any version has written
// is read for ever; testdata keeps an example of every layout. A body that cannot
// be read is a [Permanent] error, and one that a later version wrote a
// [NewerLayout].
//
// What never happens: a number that passes through binary floating point; a
// connection to the broker, of which this package knows nothing.
package event
