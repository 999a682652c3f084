// Package closing locks periods when the calendar says so.
//
// In come the calendar and the decisions in the log. [Closer] is the job close of package
// schedule: where the date has passed on which a period is to be locked, or on which its figures
// are final, it puts a lock into the log, in the schedule's own name, and asks for a
// recomputation of the period. Out go decisions in ACCEPTED and commands in COMMANDS.
//
// Each date acts once. What the bureau decides about the period after it, stands: a period that
// was unlocked is not locked again by the next run. The final date locks a period again that was
// unlocked before it.
//
// What never happens: a period is locked before each of its obligations that has such a date has
// passed it; a date that passed more than a month before anybody looked acts; a lock without a
// reason and a name.
package closing
