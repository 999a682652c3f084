// Package transform turns submissions into city totals.
//
// In come submissions, from SUBMISSIONS. A validator judges each row against
// the catalogue and against what was accepted before; the rows it accepts go to
// ACCEPTED, and what it decided, with every finding, to VERDICTS. ACCEPTED is
// the state: every process replays it into a [Ledger], the best vintage of
// every cell, and follows it from there. Out go the totals that a change
// touches, to TOTALS, each with its inputs, by way of one pure function,
// [Tally]. Recomputation runs the same function over a scope on a schedule or
// on request, and reconciles what analysts see with the log.
//
// What never happens: a value that is rounded, defaulted or guessed; a total
// that depends on the order in which submissions arrived at a worker; a message
// acknowledged before its effect is durable.
package transform
