// Package snapshot keeps what a ledger holds in files, so that a start reads the end of the log
// alone.
//
// In come a ledger that follows the log and, at a start, an empty one. Out go files
// below the data directory, each with everything that the ledger held at one place of ACCEPTED,
// and a ledger that goes on from there.
//
// What never happens: a file that is believed without proof. Its last bytes are a code over
// all the others with a secret of the data directory, so that one that was damaged or written by
// somebody else is noticed; and its first say by which program, from which catalogue on and of which
// log it was made, with the message that the log has at its place. Whatever differs, the ledger is folded from the
// start of the log. A file can be deleted at any time, and costs nothing but that.
package snapshot
