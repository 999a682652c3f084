// Package published compares city totals with figures that were published, and the
// published figures with one another.
//
// A published number is rounded, so it stands for an interval: 4.6 for everything
// from 4.55 up to but not including 4.65, 近200 for what is close to 200 from below.
// [Compare] checks that each total lies in the interval of the figure published for
// it. [Examine] checks that the published figures can all be true at once: a ratio
// ties two levels, a change ties a level to the year before, an indicator may not
// exceed those that the catalogue lists as at_most, and counts are whole numbers. It
// narrows the interval of every quantity, published or not, until nothing changes any
// more. Where an interval becomes empty, the figures contradict each other; where it
// becomes small, it tells a figure that nobody published.
//
// In come a control file, which [ReadControl] reads, and totals; out come comparisons
// and findings. What never happens: a total is rounded before it is compared, for all
// arithmetic is exact, with rational numbers; the code knows a city or a year, for the
// catalogue says which figures are related, and how. The package does no other I/O.
package published
