package sink

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

// Whatever keeps ClickHouse from taking rows is waited out with one line that
// says what to do; nothing goes to DEAD, and once it is mended the sink goes on.
func TestSetUpErrorsAreWaitedOut(t *testing.T) {
	for name, tt := range map[string]struct{ breaks, mends, advice string }{
		"disk full": {
			"ALTER TABLE observations_data MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000000",
			"ALTER TABLE observations_data RESET SETTING min_free_disk_bytes_to_perform_insert", "free disk space"},
		"too many parts": {
			"ALTER TABLE observations_data MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1",
			"ALTER TABLE observations_data RESET SETTING parts_to_delay_insert, parts_to_throw_insert", "merges lag behind"},
		"column gone": {
			"ALTER TABLE observations_data RENAME COLUMN note TO gone", "ALTER TABLE observations_data RENAME COLUMN gone TO note", "citytally replay --into clickhouse"},
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
			within(t, "the sink says that it goes on", func() bool { return lines.count("the sink goes on") == 1 })
			if dead, err := log.LastSequence(t.Context(), stream.Dead); err != nil || dead != 0 || lines.count("the sink waits") != 1 {
				t.Errorf("%d in DEAD (%v), want none and one line:\n%s", dead, err, lines.b.String())
			}
		})
	}
}

// A user whose password or rights are changed under a running sink.
func TestUserChangesAreWaitedOut(t *testing.T) {
	config := chdbtest.Config(t)
	user, admin := config.Users[0], config.Users[1]
	user.Name, admin.ReadOnly = "city", false
	stranger, reader := user, user
	stranger.Password, reader.ReadOnly = "another", true
	start := func(as chdb.Config) *chdb.Server {
		t.Helper()
		as.NativePort = config.NativePort
		server, err := chdb.Start(t.Context(), as)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(server.NativeAddr(), ":")
		if _, err := fmt.Sscan(port, &config.NativePort); err != nil {
			t.Fatal(err)
		}
		return server
	}
	strangers, readers := config, config
	strangers.Users, readers.Users = slices.Clone(config.Users), slices.Clone(config.Users)
	config.Users[0], strangers.Users[0], readers.Users[0] = user, stranger, reader
	config.Users[1], strangers.Users[1], readers.Users[1] = admin, admin, admin
	stop := func(server *chdb.Server) {
		t.Helper()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	server := start(config)
	log := newLog(t)
	s := openStore(t, server.DSN("city"), "")
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lines lockedBuffer
	s.logger = zerolog.New(&lines)
	runWorkers(t, log, s, testConfig())

	stop(server)
	server = start(strangers)
	last := publish(t, log, one(t, "a", 1))
	within(t, "the sink asks for the password to be checked", func() bool { return lines.count("check user and password") > 0 })
	stop(server)
	server = start(readers)
	within(t, "the sink asks for rights", func() bool { return lines.count("grant the user") > 0 })
	stop(server)
	server = start(config)
	defer stop(server)
	settle(t, log, s, last, 0)
	if got := query(t, s, "SELECT area FROM observations"); got != "area\na\n" {
		t.Errorf("stored %s", got)
	}
	if dead, err := log.LastSequence(t.Context(), stream.Dead); err != nil || dead != 0 {
		t.Errorf("%d in DEAD, %v", dead, err)
	}
}

// A ClickHouse that hangs, its connections open and silent, is given up for the
// time being after insert_timeout; an insert that did arrive is not doubled.
func TestHangingClickHouseIsWaitedOut(t *testing.T) {
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
	within(t, "the sink says that it waits", func() bool { return lines.count("the sink waits") > 0 })
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
