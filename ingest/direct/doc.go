// Package direct is the way in of districts that publish to the broker themselves.
//
// In come the messages of DIRECT, on direct.<area>.<dataset>; out they go to SUBMISSIONS, with
// their body as it is. The area and the way are those of the subject, which the broker's
// account of the districts proves. Of the headers that a district set, its message id goes on,
// as the key of the submission; all others stay behind.
//
// Reading DIRECT as a second source of the validators would leave two orders of submissions
// instead of one, of which a verdict has to be a function. Having the broker copy DIRECT into
// SUBMISSIONS would keep the senders' message ids: of two districts' messages with one id the
// second would be dropped after its receipt.
//
// A district that publishes much at once is taken in apart from then on, by a durable consumer of
// its own, and only as fast as its submissions get their verdicts.
//
// What never happens: a message that has a receipt is lost; a header of a district says who it
// is; what one district publishes, or leaves half published, keeps others from publishing, or
// theirs from being taken in and judged.
package direct
