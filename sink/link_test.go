package sink

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/stream/linktest"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

// linkedStore is a migrated store that is reached over a link.
func linkedStore(t testing.TB) (*Store, *linktest.Link) {
	t.Helper()
	server := engine.start(t)
	link := linktest.Start(t, server.NativeAddr())
	s := openStore(t, strings.Replace(server.DSN(chdbtest.User), server.NativeAddr(), link.Addr(), 1), freshDatabase())
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, link
}

// Connections on which no answer comes, though neither side has closed them, are given up
// after insert_timeout, and new ones are made.
func TestHalfOpenConnectionsToClickHouse(t *testing.T) {
	t.Parallel()
	s, link := linkedStore(t)
	log := newLog(t)
	var lines lockedBuffer
	s.logger = zerolog.New(&lines)
	config := testConfig()
	config.InsertTimeout = time.Second
	runWorkers(t, log, s, config)
	settle(t, log, s, publish(t, log, one(t, "before", 1)), 0)
	if lost := link.Blackhole(); lost == 0 {
		t.Fatal("no connection was lost")
	}
	began := time.Now()
	settle(t, log, s, publish(t, log, one(t, "after", 2)), 0)
	if took := time.Since(began); took < config.InsertTimeout || took > 10*config.InsertTimeout {
		t.Errorf("noticed after %s, want soon after %s", took, config.InsertTimeout)
	}
	within(t, "one line on the pause and one on its end", func() bool { return lines.count("took too long") == 1 && lines.count("recovered") == 1 })
	if got := query(t, s, "SELECT area FROM observations ORDER BY area"); got != "area\nafter\nbefore\n" {
		t.Errorf("stored %s", got)
	}
}

// When an insert takes longer than the broker waits for an acknowledgement, each message is
// stored once all the same.
func TestSlowClickHouse(t *testing.T) {
	t.Parallel()
	s, link := linkedStore(t)
	log := newLog(t)
	config := testConfig()
	config.AckWait, config.BatchRows = time.Second, 20
	const n = 40
	var messages []stream.Message
	for i := range n {
		messages = append(messages, one(t, fmt.Sprintf("a%02d", i), uint64(i+1)))
	}
	last := publish(t, log, messages...)
	link.SetDelay(300 * time.Millisecond)
	runWorkers(t, log, s, config)
	began := time.Now()
	within(t, "all is stored", func() bool {
		position, err := log.Position(t.Context(), stream.Accepted, AcceptedConsumer)
		if position.Redelivered > 0 {
			t.Fatalf("%d messages came again", position.Redelivered)
		}
		return err == nil && position.AckFloor == last
	})
	if took := time.Since(began); took < 2*config.AckWait {
		t.Errorf("took %s: too fast to show anything", took)
	}
	link.SetDelay(0)
	if got := query(t, s, "SELECT count() AS n FROM observations_data"); got != fmt.Sprintf("n\n%d\n", n) {
		t.Errorf("rows: %s, want each once", got)
	}
}
