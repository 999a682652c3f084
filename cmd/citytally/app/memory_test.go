package app

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
)

func TestMemoryIsReleasedWhenWorkIsDone(t *testing.T) {
	read := func(name string) uint64 {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	// Nothing else collects.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	collections := func() uint64 { return read("/gc/cycles/total:gc-cycles") }
	released := func() uint64 { return read("/memory/classes/heap/released:bytes") }
	// What is in a pool outlives a collection, as the broker's buffers do.
	const size = 64 << 20
	pool := sync.Pool{New: func() any { return new([size]byte) }}

	var r memoryReleaser
	before := collections()
	for range 3 {
		buffer := pool.New().(*[size]byte)
		clear(buffer[:]) // takes the pages
		pool.Put(buffer)
		r.step()
	}
	if n := collections() - before; n != 0 {
		t.Errorf("collected %d times while there was work", n)
	}
	before, kept := collections(), released()
	for range 2 * memoryReleases {
		r.step()
	}
	if n := collections() - before; n != memoryReleases {
		t.Errorf("collected %d times after the work, want %d", n, memoryReleases)
	}
	if freed := released() - kept; freed < 3*size-1<<20 {
		t.Errorf("%d MiB were released, want the %d that the work left behind", freed>>20, 3*size>>20)
	}
}
