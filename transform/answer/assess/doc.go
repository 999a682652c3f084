// Package assess scores areas by a scorecard.
//
// A [Card] is data: which indicators count, how much each weighs, the target of
// each area, whether more or less is better, and how far a score may exceed full
// marks. [Card.Assess] takes the areas' own figures and gives each area its
// scores, their sum and its rank.
//
// At the target an indicator gives full marks, its weight. Where more is better, a
// value of a share of the target gives that share of the marks; where less is
// better, a value that is a share above the target loses that share. No score is
// below zero or above the cap. A ratio is an area's own numerator divided by its
// own denominator, never a share of the city's. Scores are exact fractions; only
// the sum is rounded, once, half up, and areas whose sums read the same share a
// rank. An area of which a figure is missing has no rank: what is missing is
// listed, and its sum is of the rest.
//
// What never happens: a missing figure counts as zero; a score passes through binary
// floating point. The package does no I/O but to load a card, and its caller chooses
// of which moment the figures are.
package assess
