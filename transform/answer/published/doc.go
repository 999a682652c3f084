// Package published holds city totals against figures that were published, and the
// published figures against one another.
//
// A published number is rounded, so it stands for an interval: 4.6 for
// everything from 4.55 up to but not including 4.65, 近200 for what comes near
// 200 from below. [Compare] asks of each total whether it lies in the interval
// of the figure published for it. [Examine] asks whether the published figures
// can all be true together: a ratio ties two levels, a change ties a level to
// the year before, and what the catalogue calls at_most may not exceed the other;
// counts are whole numbers. It narrows the interval of every quantity, published
// or not, until nothing changes any more. Where an interval becomes empty the
// figures contradict each other; where it becomes small, a figure that nobody
// published is known after all.
//
// Everything is computed with exact rational numbers. Nothing here knows a city
// or a year: the catalogue says which figures hang together, and how. The package
// is pure; where totals come from and how a report looks is its caller's business.
package published
