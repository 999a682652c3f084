// Package load makes up what a large city would send, for measurements.
//
// Out of a seed come a catalogue and any number of submissions under it: year
// after year each area reports each dataset, and once all years are through,
// everything is reported anew with other figures, as a revision. Figures grow as
// those of a city do, so that the rules remark on none, or are drawn at random. The
// same seed gives the same bytes. What never happens: a figure in it is one that
// somebody reported.
package load
