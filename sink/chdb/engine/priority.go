package engine

import (
	"context"
	"fmt"
)

// lowerMergePriority lets merges have the processors only while nothing else wants them, so that they do not slow down inserts
// and queries. Under load they come later, and of more parts at once, by which a row is rewritten less often; ClickHouse
// slows inserts down when they fall far behind (parts_to_delay_insert). Its own setting for this,
// os_threads_nice_value_merge_mutate, does nothing for a process without CAP_SYS_NICE, and yields less.
func lowerMergePriority(ctx context.Context, s *Session) error {
	// The first table of the MergeTree family starts the threads that merge.
	if _, err := s.Query(ctx, "CREATE TEMPORARY TABLE merged (x UInt8) ENGINE = MergeTree ORDER BY x", "Null"); err != nil {
		return fmt.Errorf("start merges: %w", err)
	}
	if err := lowerThreadPriority("MergeMutate"); err != nil {
		return fmt.Errorf("let merges yield: %w", err)
	}
	return nil
}
