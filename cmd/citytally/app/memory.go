package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// memoryInterval is the time between two looks at what was allocated, and
	// idleAllocation the bytes that a program without work allocates in between.
	memoryInterval = 5 * time.Second
	idleAllocation = 5 << 20
	// memoryReleases is how many looks in a row release memory once work is done:
	// the broker keeps what it has read for ten seconds, and its buffers outlive
	// two collections more.
	memoryReleases = 4
)

// memoryReleaser returns memory to the operating system once work is done. Go by
// itself keeps it for minutes, until its next collections.
type memoryReleaser struct {
	allocated uint64 // bytes, since the program began
	remaining int    // releases that are still to come
}

// run looks at the memory every memoryInterval until ctx ends.
func (r *memoryReleaser) run(ctx context.Context) {
	tick := time.NewTicker(memoryInterval)
	defer tick.Stop()
	for {
		r.step()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// step releases memory if the program has had nothing to do since the last step.
func (r *memoryReleaser) step() {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := r.allocated
	r.allocated = sample[0].Value.Uint64()
	switch {
	case r.allocated-before > idleAllocation:
		r.remaining = memoryReleases
	case r.remaining > 0:
		r.remaining--
		debug.FreeOSMemory()
	}
}
