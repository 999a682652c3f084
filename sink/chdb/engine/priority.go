package engine

import (
	"context"
	"fmt"
)

// lowerMergePriority makes merges run only on processors that nothing else wants, so that they slow down neither inserts
// nor queries. Under load merges come later and take more parts at once, so that a row is rewritten less often; when they
// fall far behind, ClickHouse delays inserts (parts_to_delay_insert). ClickHouse's own setting for this,
// os_threads_nice_value_merge_mutate, lowers the priority less, and does nothing in a process without CAP_SYS_NICE.
func lowerMergePriority(ctx context.Context, s *Session) error {
	// The first table of the MergeTree family starts the threads that merge.
	if _, err := s.Query(ctx, "CREATE TEMPORARY TABLE merged (x UInt8) ENGINE = MergeTree ORDER BY x", "Null"); err != nil {
		return fmt.Errorf("start merges: %w", err)
	}
	if err := lowerThreadPriority("MergeMutate"); err != nil {
		return fmt.Errorf("lower the priority of merges: %w", err)
	}
	return nil
}
