// Package judge decides which rows of a submission are accepted.
//
// In come submissions, from SUBMISSIONS. A [Validator] reads each, holds every row
// against the catalogue's rules and against what was accepted before, as the
// ledger and the batch under way have it. Out go the accepted rows, to ACCEPTED,
// and what was decided, with every finding in Chinese and English, to VERDICTS.
// The bureau's decisions (a lock, an unlock, a reopening) go on record through
// [Decide], what is said and decided about held figures through [DecideHold].
//
// The package is large because a verdict is one decision: what a row says, what was there, what
// the rules find, what a lock holds and what a repetition means are judged at one place of the
// log, and what is held there is decided by the same ledger.
//
// The package is large because figures and lists of entities are judged by one course of
// checks, each of which has its finding in two languages.
//
// What never happens: a value that is rounded, defaulted or guessed; the same
// content accepted twice; a verdict by an outdated ledger; a second verdict on a
// message that has one; a message acknowledged before its effect is durable.
package judge
