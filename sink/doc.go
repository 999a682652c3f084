// Package sink keeps ClickHouse, the store that analysts query, in step with
// the log.
//
// In come three streams: ACCEPTED (observations), VERDICTS (what became of each
// submission) and TOTALS (city totals and the runs that recomputed them). For
// each there is a durable consumer; its [Workers] take what is there, write it
// column by column in one insert, and acknowledge it only then. Out come tables
// and views, described in schema: every vintage, every version, and the best
// and latest of them.
//
// The store is a projection: it can be dropped and filled from the log again.
// Delivery is at least once, and every row has a natural key that includes its
// place in the log, so a message that comes twice changes no answer.
//
// What never happens: a message acknowledged before its rows are in; a flush of
// totals that readers see half of; a message lost, or put aside in DEAD, because
// ClickHouse was away. An outage is waited out, with one line in the log that
// says what to do. Only a message that cannot be read, or whose figures no
// column can hold, goes to DEAD.
//
// The package is large because a table is known in one place: its migration, its
// columns as they are inserted, and the queries that read them back change together.
package sink
