// Package sink keeps ClickHouse, the database that analysts query, in step with the log.
//
// In come four streams: ACCEPTED (observations), VERDICTS (what became of each
// submission), TOTALS (city totals and the runs that recomputed them) and RELEASES (totals
// frozen under a name). Each has a durable consumer. [Workers] receive its messages, write
// their rows column by column in one insert, and acknowledge the messages afterwards. Out
// come tables and views, described in schema: every vintage and every version, and the best
// and latest of them.
//
// The store is a projection: it can be dropped and filled from the log again. Messages are
// delivered at least once. Every row has a natural key that includes its place in the log,
// so that a message that comes twice changes no answer.
//
// What never happens: a message acknowledged before its rows are stored; a flush of totals
// of which readers see a part; a message lost, or sent to DEAD, because ClickHouse was away.
// During an outage the workers retry, and the log says what to do. Only a message that
// cannot be read, or whose figures no column can hold, goes to DEAD.
//
// The package is large because what writes the tables, what reads them back and what mends
// them share one store and the schema's knowledge of each column.
package sink
