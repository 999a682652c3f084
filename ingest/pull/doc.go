// Package pull fetches files from where districts keep them, on a schedule.
//
// In come the sources of the settings, each an address (HTTP or HTTPS) or a directory of one
// area; files that have changed since the last time go to the gateway ([Gateway]). Out goes, into
// the bucket SOURCES, a [Record] of each source: which slot was carried out last, what its files
// were, and what became of the last runs.
//
// A slot is one time at which a source's schedule fires. The process that carries a slot out is
// the one whose change of the record the broker takes, so there is one run of each slot however
// many processes wait for it. Of slots that were missed the latest is made up for. A run that was
// begun and not ended is taken over: at once by the same instance, by another after its time.
//
// What never happens: a file that is as it was is sent again; a request goes to another origin
// than the source's, or to an address of this machine or of its cloud unless that is allowed; a
// secret is written into the record or a log.
package pull
