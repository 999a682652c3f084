// Package ledger holds the best vintage of every cell, in memory.
//
// In come the messages of ACCEPTED, which are the state: a process replays them
// into a [Ledger] at start and follows them from there. Out go figures: the best
// of each area in a cell, the state of a cell for whoever judges, the ledger as it
// stood at one sequence ([View]), and what was known at a moment of the past, with
// every vintage ([History]); and an [Image] of all that it holds, from which another ledger goes on.
// The package is large because an image, a view and a fold each reach into every part of one state.
//
// What never happens: an answer that depends on the order in which submissions
// were folded in; a view that changes while it is open; a write to the log.
package ledger
