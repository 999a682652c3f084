// Package coverage reads what has become of what is owed: which area has reported which
// dataset for which period, how late and how well.
//
// In comes a store that runs queries, and out come the rows of the views coverage and
// coverage_scores, which sink/views.sql defines. The package computes nothing: analysts read
// the same figures from the same views.
package coverage
