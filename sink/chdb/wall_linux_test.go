package chdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
	"github.com/citytally/citytally/sink/chdb/confine"
	"github.com/citytally/citytally/sink/chdb/enginetest"
)

func required(c *chdb.Config) { c.Confine = confine.Require }

// child reads a file of the child in /proc.
func child(t *testing.T, server *chdb.Server, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", server.PID(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The child has nothing of its parent but what it needs, and every thread of it is
// behind the wall.
func TestChildIsConfined(t *testing.T) {
	t.Setenv("CITYTALLY_TEST_SECRET", "in the environment")
	t.Setenv("TZ", "Asia/Shanghai")
	inherited := filepath.Join(t.TempDir(), "inherited")
	descriptor, err := unix.Open(inherited, unix.O_CREAT|unix.O_RDWR, 0o600) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(descriptor)
	server := chdbtest.Start(t, required)

	if state := server.Confined(); state.Landlock == 0 || !state.Seccomp || state.Missing != "" {
		t.Errorf("state %+v", state)
	}
	for variable := range strings.SplitSeq(strings.TrimRight(child(t, server, "environ"), "\x00"), "\x00") {
		if name, _, _ := strings.Cut(variable, "="); !slices.Contains([]string{"TZ", "LANG", "CITYTALLY_CONFINED"}, name) {
			t.Errorf("the child has %s in its environment", variable)
		}
	}
	if got := enginetest.Scan[string](t, connect(t, server.DSN(chdbtest.User)), "SELECT timezone()"); got != "Asia/Shanghai" {
		t.Errorf("the child's time zone is %s", got)
	}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", server.PID()))
	if err != nil || len(links) == 0 {
		t.Fatalf("%d descriptors: %v", len(links), err)
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if errors.Is(err, os.ErrNotExist) {
			continue // closed meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		if target == inherited || filepath.Base(link) == "1" && target != os.DevNull || strings.Contains(target, "memfd") {
			t.Errorf("descriptor %s of the child is %s", filepath.Base(link), target)
		}
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", server.PID()))
	if err != nil || len(threads) < 10 {
		t.Fatalf("%d threads: %v", len(threads), err)
	}
	for _, thread := range threads {
		if text, err := os.ReadFile(thread); err == nil && !strings.Contains(string(text), "\nSeccomp:\t2\n") {
			t.Errorf("%s has no filter", thread)
		}
	}
}

// A child that cannot pay attention to anything is ended by the kernel; that it ran
// the program again has changed nothing.
func TestKernelEndsTheConfinedChildWithItsParent(t *testing.T) {
	parent, pid := startParent(t, chdbtest.Config(t))
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Fatal("the parent ended well, want killed")
	}
	eventually(t, "the child is gone", func() bool { return gone(pid) })
}

// lines is a log whose lines can be counted.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// That nothing confines the engine is said once, not at each restart.
func TestUnconfinedWarnsOnce(t *testing.T) {
	var log lines
	server := chdbtest.Start(t, func(c *chdb.Config) { c.Confine, c.Logger = confine.Off, zerolog.New(&log) })
	if err := syscall.Kill(server.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child is back", func() bool { return server.Restarts() == 1 })
	if got := server.Confined().String(); got != "not confined; switched off" {
		t.Errorf("state %q", got)
	}
	if warned, ready := log.count("not fully confined"), log.count("not confined; switched off"); warned != 1 || ready != 3 {
		t.Errorf("%d warnings, %d lines with the state, want 1 and 3: %s", warned, ready, log.text.String())
	}
}

// What an engine does with files beside reading and writing rows.
func TestWorkBehindTheWall(t *testing.T) {
	server := chdbtest.Start(t, required)
	conn := connect(t, server.DSN(chdbtest.User))
	for _, query := range []string{
		"CREATE TABLE t (year UInt16, n UInt64, s String, INDEX i s TYPE bloom_filter, PROJECTION p (SELECT year, sum(n) GROUP BY year)) " +
			"ENGINE = MergeTree PARTITION BY year ORDER BY n SETTINGS min_bytes_for_wide_part = 0",
		"INSERT INTO t SELECT 2020 + number % 3, number, toString(number) FROM numbers(300000)",
		"INSERT INTO t SELECT 2020 + number % 3, number, toString(number) FROM numbers(300000)",
		"ALTER TABLE t FREEZE PARTITION 2020 WITH NAME 'kept'",
		"ALTER TABLE t UNFREEZE PARTITION 2020 WITH NAME 'kept'",
		"ALTER TABLE t DETACH PARTITION 2020",
		"SELECT throwIf(count() != 400000) FROM t",
		"ALTER TABLE t ATTACH PARTITION 2020",
		"CREATE TABLE u AS t",
		"ALTER TABLE u ATTACH PARTITION 2021 FROM t",
		"ALTER TABLE t MOVE PARTITION 2022 TO TABLE u",
		"SELECT throwIf(count() != 400000) FROM u",
		"ALTER TABLE u REPLACE PARTITION 2020 FROM t",
		"ALTER TABLE u UPDATE s = 'x' WHERE n % 2 = 0, DELETE WHERE n % 5 = 0 SETTINGS mutations_sync = 2",
		"ALTER TABLE u ADD COLUMN c UInt8 DEFAULT 1",
		"OPTIMIZE TABLE u FINAL",
		"RENAME TABLE u TO renamed",
		"CREATE DATABASE test_apart", "RENAME TABLE renamed TO test_apart.u",
		"TRUNCATE TABLE t", "DROP TABLE t SYNC",
		"INSERT INTO FUNCTION null('s String') SELECT toString(number) AS s FROM numbers(2000000) ORDER BY s SETTINGS max_bytes_before_external_sort = 1000000",
		"SELECT throwIf(count() != 500000) FROM (SELECT number % 500000 AS k, groupArray(number) FROM numbers(1000000) GROUP BY k " +
			"SETTINGS max_bytes_before_external_group_by = 1000000)",
		"SELECT throwIf(count() != 500000) FROM numbers(500000) AS a INNER JOIN numbers(500000) AS b ON a.number = b.number " +
			"SETTINGS join_algorithm = 'grace_hash', max_bytes_in_join = 1000000",
		"CREATE TABLE source (k UInt64, v String) ENGINE = Log", "INSERT INTO source VALUES (1, 'one')",
		"CREATE DICTIONARY d (k UInt64, v String) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 'source' DB 'citytally')) LAYOUT(FLAT()) LIFETIME(0)",
		"SELECT throwIf(dictGet('citytally.d', 'v', 1) != 'one')",
		"INSERT INTO source VALUES (2, 'two')", "SYSTEM RELOAD DICTIONARY citytally.d", "SELECT throwIf(dictGet('citytally.d', 'v', 2) != 'two')",
		"CREATE MATERIALIZED VIEW m ENGINE = SummingMergeTree ORDER BY k AS SELECT k FROM source",
		"CREATE TABLE s (a String) ENGINE = Set", "CREATE TABLE j (k UInt64, v String) ENGINE = Join(ANY, LEFT, k)",
		"CREATE TABLE b AS source ENGINE = Buffer(citytally, source, 1, 1, 1, 1, 1, 1, 1)",
		"SELECT toTimeZone(now(), 'Asia/Shanghai'), toTimeZone(now(), 'America/New_York')",
	} {
		if err := conn.Exec(t.Context(), query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	if server.Restarts() != 0 {
		t.Errorf("the engine crashed %d times", server.Restarts())
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
}

// A row of every type goes in and comes out through the confined child, over both
// protocols.
func TestBothProtocolsThroughTheConfinedChild(t *testing.T) {
	server := chdbtest.Start(t, required)
	options, err := clickhouse.ParseDSN(server.DSN(chdbtest.User))
	if err != nil {
		t.Fatal(err)
	}
	for protocol, address := range map[clickhouse.Protocol]string{clickhouse.Native: server.NativeAddr(), clickhouse.HTTP: server.HTTPAddr()} {
		for name, compression := range enginetest.Compressions() {
			t.Run(fmt.Sprintf("%v/%s", protocol, name), func(t *testing.T) {
				conn := enginetest.Dial(t, address, func(o *clickhouse.Options) {
					o.Auth, o.Protocol, o.Compression = options.Auth, protocol, compression
				})
				enginetest.RoundTrip(t, conn, fmt.Sprintf("rows_%d_%s", protocol, name), 500)
			})
		}
	}
}

// Descriptors that are open already are beyond what the kernel refuses: other
// clients' connections, the locks, the pipes to the parent. Every statement that
// could name one is refused, to the writer too.
func TestOpenDescriptorsAreRefused(t *testing.T) {
	server := chdbtest.Start(t, required)
	for _, user := range []string{chdbtest.User, chdbtest.Reader} {
		conn := connect(t, server.DSN(user))
		for _, query := range []string{
			"SELECT * FROM file(50, 'LineAsString', 'a String')", "SELECT * FROM file(50)", "SELECT * FROM FILE ( 50 , LineAsString )",
			"SELECT * FROM `fi\\x6ce`(50, 'LineAsString')", "SELECT * FROM file(25 + 25, 'LineAsString')",
			"SELECT * FROM file(stdin, 'LineAsString')", "SELECT * FROM file('-', 'LineAsString')", "SELECT * FROM file(stdout)",
			"SELECT * FROM file('/dev/stdin', 'LineAsString')", "SELECT * FROM file('/dev/fd/50', 'LineAsString')",
			"SELECT * FROM file('/proc/self/fd/50', 'LineAsString')", "SELECT * FROM file('/proc/self/task/../fd/50', 'LineAsString')",
			"SELECT file('/proc/self/fd/50')", "SELECT * FROM `/proc/self/fd/50`", "SELECT * FROM loop(file(50, 'LineAsString'))",
			"SELECT * FROM view(SELECT * FROM file(50, 'LineAsString'))", "DESCRIBE file(50)",
			"SELECT count() FROM numbers(1) WHERE 'a' IN (SELECT * FROM file(50, 'LineAsString'))",
			"EXPLAIN PLAN SELECT * FROM file(50, 'LineAsString', 'a String')",
			"INSERT INTO FUNCTION file(50, 'LineAsString', 'a String') VALUES ('FORGED')",
			"INSERT INTO FUNCTION file(50, 'LineAsString', 'a String') SELECT 'FORGED'",
			"INSERT INTO TABLE FUNCTION file(50, 'LineAsString', 'a String') SELECT 'FORGED'",
			"INSERT INTO FUNCTION file(stdout, 'LineAsString', 'a String') SELECT 'FORGED'",
			"CREATE TABLE f (a String) ENGINE = File(LineAsString, 50)", "CREATE TABLE f (a String) ENGINE File(LineAsString, 50)",
			"CREATE TABLE f (a String) ENGINE = File(LineAsString, stdout)", "CREATE TABLE f (a String) ENGINE = `File`(LineAsString, stderr)",
			"CREATE TABLE f AS file(50, 'LineAsString', 'a String')", "CREATE TEMPORARY TABLE f (a String) ENGINE = File(LineAsString, 50)",
			"CREATE VIEW f AS SELECT * FROM file(50, 'LineAsString')",
			"CREATE MATERIALIZED VIEW f ENGINE = File(LineAsString, 50) AS SELECT 1",
			"ATTACH TABLE f (a String) ENGINE = File(LineAsString, 50)", "CREATE TABLE f (a String) ENGINE = QueryRunner",
			"SELECT * FROM eval('select fi' || 'le(''/proc/self/fd/50'')') SETTINGS allow_experimental_eval_table_function = 1",
			"CREATE TABLE f (a String) ENGINE = FileLog('/proc/self/fd/50', 'LineAsString')",
			"SELECT 1 INTO OUTFILE '/dev/stdout'", "SELECT 1 INTO OUTFILE '/proc/self/fd/50' APPEND",
			"INSERT INTO f FROM INFILE '/proc/self/fd/50' FORMAT LineAsString",
			"CREATE DICTIONARY f (a String) PRIMARY KEY a SOURCE(FILE(path '/proc/self/fd/50' format 'TSV')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
			"SELECT * FROM filesystem('/proc/self/fd')", "SELECT * FROM eval('select * from fi' || 'le(50)')",
			"SELECT * FROM eval('select * from fi' || 'le(50)') SETTINGS allow_experimental_eval_table_function = 1",
		} {
			err := conn.Exec(t.Context(), query)
			refusal, isException := errors.AsType[*clickhouse.Exception](err)
			if !isException || !slices.Contains(refused, refusal.Code) {
				t.Errorf("%s, %s: got %v, which is no refusal", user, query, err)
			}
		}
	}
}

// refused are ClickHouse's codes that say no before anything has been opened:
// READONLY, ACCESS_DENIED, UNKNOWN_TABLE, SUPPORT_IS_DISABLED, PATH_ACCESS_DENIED,
// and those of a text that is none of its statements.
var refused = []int32{164, 497, 60, 344, 481, 62}
