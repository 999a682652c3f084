package sink

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

// While ClickHouse cannot take rows, for whatever reason, the sink retries and logs one line
// that says what to do. Nothing goes to DEAD, and afterwards the sink goes on.
func TestSetUpErrorsAreWaitedOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ breaks, mends, advice string }{
		"disk full": {
			"ALTER TABLE observations_data MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000000",
			"ALTER TABLE observations_data RESET SETTING min_free_disk_bytes_to_perform_insert", "free disk space"},
		"too many parts": {
			"ALTER TABLE observations_data MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1",
			"ALTER TABLE observations_data RESET SETTING parts_to_delay_insert, parts_to_throw_insert", "merges lag behind"},
		"column gone": {
			"ALTER TABLE observations_data RENAME COLUMN unit TO gone", "ALTER TABLE observations_data RENAME COLUMN gone TO unit", "citytally replay --into clickhouse"},
	} {
		t.Run(name, func(t *testing.T) {
			s, log := newStore(t), newLog(t)
			put(t, s, &observationBlock{}, 1, one(t, "there before", 1))
			if err := s.conn.Exec(t.Context(), tt.breaks); err != nil {
				t.Fatal(err)
			}
			var lines lockedBuffer
			s.logger = zerolog.New(&lines)
			runWorkers(t, log, s, testConfig())
			last := publish(t, log, one(t, "a", 2))
			within(t, "the sink says what to do", func() bool { return lines.count(tt.advice) == 1 })
			if err := s.conn.Exec(t.Context(), tt.mends); err != nil {
				t.Fatal(err)
			}
			settle(t, log, s, last, 0)
			within(t, "the sink says that it goes on", func() bool { return lines.count("recovered") == 1 })
			if dead, err := log.LastSequence(t.Context(), stream.Dead); err != nil || dead != 0 || lines.count("waiting to try again") != 1 {
				t.Errorf("%d in DEAD (%v), want none and one line:\n%s", dead, err, lines.b.String())
			}
		})
	}
}

// Under a running sink ClickHouse comes back with another password, without rights for the
// user, or with too little memory.
func TestServerChangesAreWaitedOut(t *testing.T) {
	t.Parallel()
	config := chdbtest.Config(t)
	config.Users[0].Name, config.Users[1].ReadOnly = "city", false
	log := newLog(t)
	var s *Store
	var lines lockedBuffer
	// life runs the server once, with its configuration changed by change.
	life := func(change func(*chdb.Config), within func()) {
		t.Helper()
		as := config
		as.Users = slices.Clone(config.Users)
		change(&as)
		server, err := chdb.Start(t.Context(), as)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		}()
		if s == nil {
			_, port, _ := strings.Cut(server.NativeAddr(), ":")
			if _, err := fmt.Sscan(port, &config.NativePort); err != nil {
				t.Fatal(err)
			}
			s = openStore(t, server.DSN("city"), "")
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.logger = zerolog.New(&lines)
			runWorkers(t, log, s, testConfig())
		}
		within()
	}
	var last uint64
	life(func(*chdb.Config) {}, func() { settle(t, log, s, publish(t, log, one(t, "before", 1)), 0) })
	for i, tt := range []struct {
		change func(*chdb.Config)
		advice string
	}{
		{func(c *chdb.Config) { c.Users[0].Password = "another" }, "check user and password"},
		{func(c *chdb.Config) { c.Users[0].ReadOnly = true }, "grant the user"},
		{func(c *chdb.Config) { c.MaxMemory = 1 << 20 }, "give ClickHouse more memory"},
	} {
		life(tt.change, func() {
			// The server does not track small allocations.
			o := event.AcceptedObservation{Indicator: "i", Period: period(t, "2021"), Note: strings.Repeat("x", 6<<20), Status: catalogue.Normal}
			last = publish(t, log, acceptedMessage(t, submission(fmt.Sprint("during ", i), uint64(i+2), o)))
			within(t, "the sink says: "+tt.advice, func() bool { return lines.count(tt.advice) > 0 })
		})
	}
	life(func(*chdb.Config) {}, func() {
		settle(t, log, s, last, 0)
		if got := query(t, s, "SELECT area FROM observations ORDER BY area"); got != "area\nbefore\nduring 0\nduring 1\nduring 2\n" {
			t.Errorf("stored %s", got)
		}
	})
	if dead, err := log.LastSequence(t.Context(), stream.Dead); err != nil || dead != 0 {
		t.Errorf("%d in DEAD, %v", dead, err)
	}
}

// When ClickHouse hangs, with its connections open and silent, an attempt ends after
// insert_timeout. An insert that had arrived is not stored twice.
func TestHangingClickHouseIsWaitedOut(t *testing.T) {
	t.Parallel()
	server := chdbtest.Start(t)
	log := newLog(t)
	s := openStore(t, server.DSN(chdbtest.User), "")
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lines lockedBuffer
	s.logger = zerolog.New(&lines)
	config := testConfig()
	config.InsertTimeout = time.Second
	runWorkers(t, log, s, config)
	settle(t, log, s, publish(t, log, one(t, "before", 1)), 0)

	if err := syscall.Kill(server.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	last := publish(t, log, one(t, "a", 2), one(t, "b", 3))
	within(t, "the sink says that it waits", func() bool { return lines.count("waiting to try again") > 0 })
	if err := syscall.Kill(server.PID(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	settle(t, log, s, last, 0)
	if got := query(t, s, "SELECT area FROM observations ORDER BY area"); got != "area\na\nb\nbefore\n" {
		t.Errorf("stored %s", got)
	}
	if lines.count("took too long") == 0 {
		t.Errorf("no word on the timeout:\n%s", lines.b.String())
	}
}
