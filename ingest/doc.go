// Package ingest takes submissions in over HTTP and gives receipts.
//
// In comes a file, JSON or long CSV, with a bearer token that is bound to an
// area. Out goes a [event.Submission] on the SUBMISSIONS stream, and only when
// it is on disk an answer with a [Receipt]; the receipt is completed by the
// verdict that the transform stage gives later. What is in the file is not
// judged here beyond what addresses it: the area, the dataset, the permission.
//
// The gateway keeps no state of its own. Its index of receipts is replayed from
// the log at start and follows it, so receipts survive a restart, are the same
// on every gateway, and exist for submissions that were published to the broker
// by other means, too. The same content again is answered with the first
// receipt and changes nothing.
//
// Whatever goes wrong is told as application/problem+json (RFC 9457) in English
// and Chinese. When the broker is away nothing is accepted, half or whole.
package ingest
