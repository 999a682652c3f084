// Package reconcile keeps what analysts see in agreement with the log.
//
// In come tasks, which a schedule or a person asked for. A
// [Recomputer] has the [Projection] mended where its rows differ from the log, tallies
// the task's scope anew from the ledger, and publishes the totals that differ from those
// shown. A [ConservationChecker] counts from time to time whether
// everything received is accounted for, and compares rows with the log. [Reprocess] has a message
// that was put aside in DEAD processed again.
//
// What never happens: a write to the log to mend the projection; a row removed from the
// projection while it knows more than the log; an imbalance reported while work is merely under way.
package reconcile
