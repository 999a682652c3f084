// Package rules finds what is wrong or odd about a figure that reads well.
//
// Rules are data. In comes a file of them ([Parse]): each has a scope, an expression that
// is true of a figure at fault, thresholds, messages in Chinese and English, and examples
// that are its tests. Expressions are CEL (https://cel.dev), checked against the catalogue
// when they are loaded and bounded in cost; their numbers are exact decimals. Out comes a
// [Set], which gives for each indicator of a dataset the rules that can concern it, and the
// [Fault]s of a [Row].
//
// A rule concerns a row where every figure that its expression names is known: one that
// compares with the year before says nothing where there is none. Before an expression is
// evaluated, a filter made of the same expression passes over rows of which it cannot be
// true; TestFilterNeverHidesAFault holds the two together.
//
// What never happens: a rule reads a clock, a file or a network; a number passes through
// binary floating point; a rule that cannot be evaluated passes for one that found nothing.
//
// The package is large because expressions, the filter and the messages are three readings of
// one row, and a name in one has to be known to all.
package rules
