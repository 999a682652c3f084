package chdb

import "time"

const (
	// firstPause is the shortest pause before a crashed child is started again.
	firstPause = 100 * time.Millisecond
	// steadyAfter is how long a child has to serve until its crash counts as the
	// first one again.
	steadyAfter = time.Minute
)

// restartPauses are the pauses before a crashed child is started again. There is
// no last one: without an engine the rows wait in the log, and somebody may mend
// what crashes it.
type restartPauses struct {
	longest time.Duration
	next    time.Duration
}

// after returns the pause after a child that has served for uptime: 100 ms,
// doubled for each crash in a row, at most the longest.
func (r *restartPauses) after(uptime time.Duration) time.Duration {
	if r.next == 0 || uptime >= steadyAfter {
		r.next = firstPause
	}
	pause := min(r.next, r.longest)
	r.next = min(2*r.next, r.longest)
	return pause
}
