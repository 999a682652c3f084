// Package answer tells what follows from the log, to people who ask.
//
// In come histories: what was known at a moment. [Explain] tells a total with
// every figure it follows from. [CreateRelease] freezes a period's totals under a
// name, and [CompareRelease] tells what has changed since, and why. Below it,
// package published holds totals against figures that were published, and package
// assess scores areas by a scorecard.
//
// What never happens: a release that changes; an explanation that adds up to
// anything but the total.
package answer
