// Package effect says what putting a catalogue in force would do to the city's totals.
//
// In come the log as it stands, as a ledger of its own, and a catalogue. Out come the totals
// that would become other ones, be withdrawn or come anew, those of them in locked periods,
// and the figures whose unit would not convert.
//
// What never happens: anything is put in force; the ledger of a running stage is touched.
package effect
