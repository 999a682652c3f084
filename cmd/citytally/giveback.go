package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// How often a remainder looks, and how little is allocated in between by a
	// program that has nothing to do.
	giveBackEvery = 5 * time.Second
	quietBytes    = 5 << 20
	// How often it then gives back: the broker keeps what it has read for ten
	// seconds, and its buffers through two collections more.
	giveBackTimes = 4
)

// remainder is the memory that work leaves behind. Go itself would keep it for
// minutes, until its next collections.
type remainder struct {
	allocated uint64 // bytes, since the program began
	left      int    // how often it is still to be given back
}

// run gives it back to the system whenever work is done, until ctx ends.
func (r *remainder) run(ctx context.Context) {
	tick := time.NewTicker(giveBackEvery)
	defer tick.Stop()
	for {
		r.look()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *remainder) look() {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := r.allocated
	r.allocated = sample[0].Value.Uint64()
	switch {
	case r.allocated-before > quietBytes:
		r.left = giveBackTimes
	case r.left > 0:
		r.left--
		debug.FreeOSMemory()
	}
}
