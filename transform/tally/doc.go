// Package tally folds figures into city totals and publishes them.
//
// In come figures, from any [Source]: the ledger, a view of it, the ledger of a
// moment. [Tally] is the one definition of a total, a pure function: sums and
// ratios, the change on the year before, and figures that follow from other
// periods. [Affected] says which totals a change of figures touches. A [Worker]
// follows ACCEPTED and publishes those, to TOTALS, each with its inputs; a
// [Publisher] puts totals that say something about each other into one flush.
//
// What never happens: a sum that is not exact; a missing value counted as zero; a
// total that readers see beside another which contradicts it.
package tally
