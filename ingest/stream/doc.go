// Package stream is the client of the log, eight streams of NATS JetStream:
// publishing, consuming, following, dead letters, and the one loop that works on
// messages; besides, requests that one process asks and another answers, of which nothing
// is stored. Its metrics and traces belong here too, because both are about
// streams, consumers and messages. The package is large because all of it works on
// one connection and on the messages of one client library, which it does not show.
//
// [Open] creates the streams and changes none that exists; [Setup], which the owner of
// the streams calls, does. [Log.Extent] and [References] say whether the streams still
// go together.
//
// DIRECT is public: districts with credentials of the broker publish an
// [event.Submission] there as JSON. SUBMISSIONS has these and those of the gateways. ACCEPTED is the state of the whole system and
// is kept for ever. VERDICTS says what became of each submission. TOTALS carries
// city totals and the runs that recomputed them. RELEASES keeps, for ever, totals
// that were frozen under a name. COMMANDS asks for work. DEAD keeps a letter for
// each message that a stage could not process.
//
// An acknowledged publish is durable and is the receipt of a submission.
// Acknowledgements of consumers are not durable: some messages come again after a
// crash of the broker, so every reader has to be idempotent. Each message comes
// with its sequence for that purpose. An error is permanent only when it is an
// [event.Permanent]; everything else is retried for as long as it takes.
//
// What never happens: a message that is acknowledged before its work is done or its
// letter is stored; an outage that sends a message to DEAD.
package stream
