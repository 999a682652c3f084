// Package ingest takes submissions in over HTTP and gives receipts.
//
// In comes a file, JSON or long CSV, with a bearer token (package token). Out
// goes an [event.Submission] on the SUBMISSIONS stream, and, once it is on disk, an
// answer with a [Receipt]. The verdict, which the transform stage gives later, completes
// the receipt. The gateway checks only the area, the dataset and the permission; it does
// not judge figures.
//
// The gateway keeps no state of its own. It fills its index of receipts from the log at
// the start, and follows the log afterwards. Receipts therefore survive a restart, are
// the same on every gateway, and exist also for submissions that were published to the
// broker directly. The same content sent again is answered with the first receipt and
// changes nothing.
//
// Every refusal is an application/problem+json (RFC 9457) in English and Chinese.
//
// The package is large because each address of the gateway is a handler on the same few
// parts: tokens, the index of receipts, and questions to the transform stage.
//
// What never happens: a receipt before the broker has acknowledged the submission; an
// upload of which only a part is stored, when the broker is away or at any other time.
package ingest
