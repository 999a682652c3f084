// Package schedule has work done at its times, and has it done once.
//
// In come schedules, which are settings: a name, a job, a cron expression. A [Scheduler]
// asks for a job at each slot of a schedule by a command in COMMANDS; people ask by
// [Request]. A [Runner] carries the commands of one job out, one at a time in all
// processes together, and records each run in TOTALS. [SetPause] holds a schedule back
// until somebody resumes it.
//
// A new job is a [Kind] in Kinds, and a [Job] that the stage gives to a Runner of that
// name; its commands, runs, pauses, metrics and rows in ClickHouse follow from that.
//
// What never happens: a slot that is carried out twice; two runs of one job at the same
// time; a slot that is lost because a scheduler or a runner died.
package schedule
