// Package remind tells those who owe figures that these are not there yet, before the deadline
// and after it.
//
// In come the calendar, the ledger, and the settings: at which steps around a deadline somebody
// is reminded, and who. [Reminders] is the job remind of package schedule. For each obligation
// that is not met it finds the step that has come. It tells each receiver about an area all that has
// come in one [Digest], on every way there is: an event
// on the broker, a line in the program's log, a signed request to each webhook, a letter to the
// area's addresses. Out goes a [Record] of each reminder in the bucket SCHEDULES: what was told
// to whom, when, and what became of it.
//
// A reminder of an obligation and a step is told once for ever on each way. What failed is tried
// again by the next runs, under the same id, while the step is the newest one and at most three
// days old. Where a run is killed between telling and recording, the next one tells it a second
// time, with the same id (Citytally-Delivery, Message-ID), by which receivers know it again.
//
// What never happens: somebody is reminded of what is there; a receiver that hangs or fails
// holds up anything but the run, or keeps another receiver from being told; a secret is written
// into a record, a log or an error.
package remind
