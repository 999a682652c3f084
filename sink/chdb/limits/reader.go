package limits

import (
	"runtime"
	"time"
)

// Bounds of what users who only read do together.
const (
	// ReaderQueue is how many of their statements wait for others of them.
	ReaderQueue = 64
	// ReaderPatience is how long one of them waits.
	ReaderPatience = 30 * time.Second
	// ReaderTurn is how long a statement may take, its answer's way to the client included.
	ReaderTurn = 2 * time.Minute
	// ReaderQueryBytes bounds what comes with one of their queries: its text, its settings and parameters.
	ReaderQueryBytes = 1 << 20
	// ReaderIdle is how long one of their connections may do nothing.
	ReaderIdle = 15 * time.Minute
)

// ReaderStatements is how many of their statements run at once, each on as many threads as readerThreads says: together they
// leave half of the machine to the pipeline.
func ReaderStatements(processors int) int { return max(2, processors/2) }

// readerThreads is how many threads a statement of theirs has at most.
func readerThreads(processors int) uint64 { return uint64(min(max(1, processors/4), 4)) }

// Bound is a setting that bounds a statement of a user who only reads.
type Bound struct {
	Setting     string
	Value       uint64 // until the client asks for another
	Least, Most uint64 // that a client can ask for
}

// Reader are the bounds of one statement of a user who only reads. None of them can be lifted: zero, which means unlimited to
// ClickHouse, is below each Least. Bytes, rows and seconds; nothing is spilled to disk.
func Reader() []Bound {
	most := func(setting string, most uint64) Bound {
		return Bound{Setting: setting, Value: most, Least: 1, Most: most}
	}
	never := func(setting string) Bound { return Bound{Setting: setting} }
	return []Bound{
		most("max_memory_usage", 1<<30), most("max_execution_time", 60), most("max_threads", readerThreads(runtime.NumCPU())), most("max_final_threads", readerThreads(runtime.NumCPU())),
		most("max_streams_to_max_threads_ratio", 1),
		most("max_rows_to_read", 1_000_000_000), most("max_bytes_to_read", 100<<30),
		most("max_result_rows", 10_000_000), most("max_result_bytes", 4<<30),
		{Setting: "max_block_size", Value: 65_409, Least: 1, Most: 1 << 20},
		never("max_bytes_before_external_sort"), never("max_bytes_before_external_group_by"), never("max_bytes_before_external_join"),
		never("max_bytes_ratio_before_external_sort"), never("max_bytes_ratio_before_external_group_by"), never("max_bytes_ratio_before_external_join"),
		most("max_temporary_data_on_disk_size_for_query", 1),
		{Setting: "priority", Value: 10, Least: 10, Most: 100},
	}
}
