// Package transform is the stage that turns submissions into city totals: it
// configures, constructs and runs the workers of the packages below it.
//
// Package ledger holds the best vintage of every cell. Package judge decides which
// rows of a submission are accepted, and asks package rules what is odd about them;
// package tally folds accepted figures into totals. Both read the ledger and know
// nothing of each other. Package reconcile compares what analysts see with the log, on a
// schedule or on request. Package answer explains and releases totals, and assesses
// areas. Package respond answers what gateways ask before they store an upload.
//
// In come the streams SUBMISSIONS, ACCEPTED and COMMANDS; out go VERDICTS, ACCEPTED and
// TOTALS, and, on a schedule, COMMANDS. What never happens: this package itself judges
// or computes a figure.
package transform
