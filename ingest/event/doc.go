// Package event is what travels through the log: submissions, accepted
// observations, verdicts, totals, runs, commands, decisions, releases and dead
// letters, and how each is written and read.
//
// Message bodies are JSON where people and other programs read them, and a version
// byte and CBOR where the volume is. Every layout that any version of this program has
// written is read for ever; testdata holds an example of each. In comes an event, out
// goes a message body, and the other way round. A body that cannot be read is a
// [Permanent] error; a body of a later version's layout is a [NewerLayout].
//
// What never happens: a body of an earlier version is read otherwise than before; a
// number passes through binary floating point. The package knows nothing of the broker.
//
// The package is large because it holds every layout that was ever written.
package event
