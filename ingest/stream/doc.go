// Package stream is the log that everything else stands on: typed events over
// NATS JetStream.
//
// Seven streams carry them. SUBMISSIONS is public: anyone with the broker's
// credentials may publish a [event.Submission] there as JSON. ACCEPTED is the state
// of the whole system and is kept for ever; VERDICTS says what became of each
// submission; TOTALS carries city totals and the runs that recomputed them;
// RELEASES keeps totals that were frozen under a name, for ever; COMMANDS asks
// for work; DEAD keeps what a stage could not process.
//
// A receipt is a JetStream acknowledgement. Acknowledgements of consumers are
// not durable, so every reader has to be idempotent; the package gives each
// message its sequence for that purpose. An error is permanent only when it is
// a [event.Permanent]; everything else is retried for as long as it takes.
package stream
