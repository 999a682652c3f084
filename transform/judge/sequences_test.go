package judge

import (
	"testing"

	"pgregory.net/rapid"
)

// The set holds what was added, whatever the order, and joins neighbours.
func TestSequences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		added := map[uint64]bool{}
		var s sequences
		for _, sequence := range rapid.SliceOf(rapid.Uint64Range(1, 40)).Draw(t, "added") {
			added[sequence] = true
			s.add(sequence)
		}
		gaps := 0
		for sequence := uint64(0); sequence <= 42; sequence++ {
			if s.contains(sequence) != added[sequence] {
				t.Fatalf("contains(%d) = %v; added %v, kept %v", sequence, s.contains(sequence), added, s)
			}
			if added[sequence] && !added[sequence-1] {
				gaps++
			}
		}
		if len(s) != gaps {
			t.Fatalf("%d spans for %d runs: %v", len(s), gaps, s)
		}
	})
}
