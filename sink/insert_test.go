package sink

import (
	"context"
	"testing"
)

// An insert leaves its connection to the next statement, also where its context ends as soon as it has
// returned.
func TestInsertLeavesItsConnection(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if err := s.execute(t.Context(), "CREATE TABLE small (n UInt64) ENGINE = Memory"); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		if err := s.insert(ctx, "small", []column{{"n", []uint64{1}}}); err != nil {
			t.Fatal(err)
		}
		cancel()
		var n uint64
		if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM small").Scan(&n); err != nil {
			t.Fatalf("after %d inserts: %v", n, err)
		}
	}
}
