// Package reconcile keeps what analysts see in agreement with the log.
//
// In come commands, from COMMANDS, which a [Scheduler] or a person asked for. A
// [Recomputer] tallies the command's scope anew from the ledger, compares it with
// what the [Projection] shows, publishes the totals that differ and the accepted
// observations that are missing, and records the run. A [ConservationChecker] counts from time
// to time whether everything received is accounted for. [Reprocess] has a message
// that was put aside in DEAD processed again.
//
// What never happens: a write to the projection itself, which only takes up what
// the log carries; an imbalance reported while work is merely under way; a slot of
// a schedule that is asked for twice.
package reconcile
