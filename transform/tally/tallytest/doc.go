// Package tallytest makes up cities and what their areas report, for property tests: areas
// that merge, split and hand over land, indicators of every kind, figures for every period of
// a year, and lists of entities.
//
// In comes the source of randomness; out come a catalogue and submissions as ACCEPTED has
// them. What never happens: a drawn catalogue is one that citytally catalogue check refuses.
package tallytest
