package sink

import (
	"strings"
	"testing"
	"time"
)

// A ClickHouse without room is waited for when the store is prepared: the rest of the program goes on
// meanwhile, and is told what to do.
func TestPrepareWaitsForRoom(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	const bound = "ALTER TABLE catalogues_data MODIFY SETTING min_free_disk_bytes_to_perform_insert = "
	if err := s.conn.Exec(t.Context(), bound+"1152921504606846976"); err != nil {
		t.Fatal(err)
	}
	prepared := make(chan error, 1)
	go func() {
		prepared <- s.Prepare(t.Context(), reportingCity(t, "June 30 of the next year"), time.Now(), testConfig())
	}()
	for s.Unprepared() == nil {
		select {
		case err := <-prepared:
			t.Fatalf("it does not wait: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := s.Unprepared(); !strings.Contains(err.Error(), "free disk space") {
		t.Errorf("told %v", err)
	}
	if err := s.conn.Exec(t.Context(), bound+"0"); err != nil {
		t.Fatal(err)
	}
	if err := <-prepared; err != nil || s.Unprepared() != nil {
		t.Errorf("with room again: %v, %v", err, s.Unprepared())
	}
}
