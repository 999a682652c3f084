// Package client asks a running instance, or the servers that one stands on.
//
// In come settings and, where they are given, addresses. [New] looks for the
// instance on the data directory; each method finds the server that it needs: the
// gateway, the broker, or ClickHouse. Out go results as package present shows them:
// reports, explanations, releases, comparisons with published figures, scorecards,
// the status; and what people decide goes in: submissions, decisions, recomputations,
// what becomes of dead letters.
//
// The package is large because every command of the program that asks or changes something is a
// method of one client, which finds the servers.
//
// The latest totals come from ClickHouse. Totals of the past, releases and
// explanations come from a replay of the log under the catalogue in force.
//
// What never happens: a connection that is kept after a method has returned; a
// figure that is computed otherwise than by the pipeline.
package client
