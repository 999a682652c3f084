// Package reconcile keeps what analysts see in agreement with the log.
//
// In come commands, from COMMANDS, which a [Scheduler] or a person asked for. A
// [Recomputer] has the [Projection] mended where its rows differ from the log, tallies
// the command's scope anew from the ledger, publishes the totals that differ from those
// shown, and records the run. A [ConservationChecker] counts from time to time whether
// everything received is accounted for, and compares rows with the log. [Reprocess] has a message
// that was put aside in DEAD processed again.
//
// What never happens: a write to the log to mend the projection; a row removed from the
// projection while it knows more than the log; an imbalance reported while work is merely under way; a slot of
// a schedule that is asked for twice.
package reconcile
