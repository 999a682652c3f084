// Package edition is the catalogues, and the rules, that have been in force, each from its
// place in the log on.
//
// Either is put in force by a decision in ACCEPTED, among the figures, so that every
// reader of the log changes over at the same place. In comes the log, and out come its
// editions, the oldest first: each a catalogue with its place, and who decided and why.
//
// What never happens: an edition is changed or removed; a catalogue that cannot be read
// is passed over, unless a person has had its message skipped.
package edition
