// Package respond answers what gateways ask the transform stage (package ingest/inquiry).
//
// In come questions over the broker; out go answers from the ledger of this process. What
// would become of an upload, the validators' own rules and the tally's own function say.
// An answer is of one place of the log, which it names, and counts everything that the log
// held when the question came.
//
// What people say and decide about held figures is put on record here, since whether it can
// be is a question to the ledger.
//
// What never happens: anything else is stored or published but the answer.
package respond
