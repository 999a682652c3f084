package chdb

import (
	"fmt"
	"time"
)

const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 10 * time.Second
)

// restartPolicy decides whether and when a crashed child is started again.
type restartPolicy struct {
	limit  int
	window time.Duration
	at     []time.Time // of the restarts granted within the window
}

// grant allows a restart at now and returns how long to wait before it: 100 ms,
// doubled for every restart within the window, at most 10 s. Beyond the limit it
// returns an error that wraps reason, the error of the last crash.
func (r *restartPolicy) grant(now time.Time, reason error) (time.Duration, error) {
	recent := r.at[:0]
	for _, at := range r.at {
		if now.Sub(at) < r.window {
			recent = append(recent, at)
		}
	}
	r.at = recent
	if len(r.at) >= max(r.limit, 0) {
		return 0, fmt.Errorf("ClickHouse engine given up after %d restarts within %s (chdb.restart_limit, chdb.restart_window); the last crash: %w",
			len(r.at), r.window, reason)
	}
	delay := firstDelay
	for range r.at {
		delay = min(2*delay, maxDelay)
	}
	r.at = append(r.at, now)
	return delay, nil
}
