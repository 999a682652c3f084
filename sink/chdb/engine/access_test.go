package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/judged"
	"github.com/citytally/citytally/sink/chdb/limits"
)

var (
	analyst = engine.User{Name: "analyst", ReadOnly: true}
	writer  = engine.User{Name: "default"}
)

// Reading the stacks sends a signal to every thread at once, which ended the engine: nobody finds that table.
func TestManyReadsOfStackTraceAreHarmless(t *testing.T) {
	for range 3 {
		var reads errgroup.Group
		for i := range 24 {
			s := openIn(t, []engine.User{analyst, writer, {}}[i%3], "")
			reads.Go(func() error {
				err := s.Exec(t.Context(), "SELECT count(), sum(length(trace)) FROM system.stack_trace")
				if refusal := (*exception.Error)(nil); !errors.As(err, &refusal) || refusal.Code != proto.ErrUnknownTable {
					return errors.New("system.stack_trace is there")
				}
				return nil
			})
		}
		if err := reads.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if got := one(t, openIn(t, analyst, ""), "SELECT 1"); got != "1" {
		t.Errorf("got %q", got)
	}
}

// A reader sees what it may read, and in the process list itself.
func TestReaderSeesItsOwn(t *testing.T) {
	admin := openIn(t, engine.User{}, "")
	exec1(t, admin, "CREATE DATABASE closed", "CREATE TABLE closed.t (a Int8) ENGINE = MergeTree ORDER BY a",
		"CREATE DATABASE test_seen", "CREATE TABLE test_seen.u (a Int8) ENGINE = MergeTree ORDER BY a")
	t.Cleanup(func() {
		for _, query := range []string{"DROP DATABASE closed SYNC", "DROP DATABASE test_seen SYNC"} {
			if err := admin.Exec(context.Background(), query); err != nil {
				t.Error(err)
			}
		}
	})
	reader, other := openIn(t, analyst, ""), openIn(t, engine.User{Name: "somebody", ReadOnly: true}, "")
	for _, query := range []string{
		"SELECT * FROM closed.t", "SELECT * FROM merge('closed', 't')", "SHOW CREATE TABLE closed.t", "DESCRIBE closed.t", "SELECT * FROM system.users", "SHOW GRANTS FOR views",
	} {
		if err := reader.Exec(t.Context(), query); err == nil {
			t.Errorf("%s: allowed", query)
		}
	}
	if got := one(t, reader, "SELECT database, name FROM system.tables WHERE database IN ('closed', 'test_seen')"); got != "test_seen\tu" {
		t.Errorf("a reader sees the tables %q", got)
	}
	stream, err := reader.Stream(t.Context(), "SELECT number, 'reader''s own' FROM numbers(100000000)", "Native")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	const running = "SELECT count() FROM system.processes WHERE query LIKE '%reader''''s own%' AND query NOT LIKE '%processes%'"
	if got := one(t, other, running); got != "0" {
		t.Error("a reader sees another's statement")
	}
	for name, s := range map[string]*engine.Session{"the same reader": openIn(t, analyst, ""), "a writer": openIn(t, writer, ""), "this program": admin} {
		if got := one(t, s, running); got != "1" {
			t.Errorf("%s sees %s statements, want 1", name, got)
		}
	}
}

// A view answers whoever may read it, whatever its tables, and also one that is older than its definer.
func TestViewsAnswerForTheirTables(t *testing.T) {
	w := open(t, writer)
	database := one(t, w, "SELECT currentDatabase()")
	exec1(t, w, "CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a", "INSERT INTO t VALUES (1)",
		"CREATE TABLE copies (a Int8) ENGINE = MergeTree ORDER BY a", "CREATE MATERIALIZED VIEW m TO copies AS SELECT a FROM t", "INSERT INTO t VALUES (2)",
		"CREATE VIEW v AS SELECT a FROM copies", "CREATE VIEW p AS SELECT a + {x:Int8} AS b FROM t")
	for query, want := range map[string]string{"SELECT a FROM v": "2", "SELECT sum(b) FROM p(x = 2)": "7"} {
		if got := one(t, openIn(t, analyst, database), query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := one(t, w, "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'v'"); !strings.Contains(got, "DEFINER = views SQL SECURITY DEFINER") {
		t.Errorf("the view is %s", got)
	}
}

// Writers have what their databases need and leave alone what everybody needs.
func TestWriterKeepsToItsDatabases(t *testing.T) {
	w := openIn(t, writer, "")
	for _, query := range []string{
		"DROP TABLE system.one", "CREATE TABLE system.x (a Int8) ENGINE = Memory", "CREATE DATABASE elsewhere", "CREATE FUNCTION f AS x -> x",
		"CREATE VIEW v DEFINER = default SQL SECURITY DEFINER AS SELECT 1", "ALTER TABLE system.one DELETE WHERE 1", "SYSTEM SHUTDOWN", "CREATE USER u",
		"SELECT 1 FROM (SELECT 1 SETTINGS allow_introspection_functions = 1)", "SELECT 1 SETTINGS dialect = 'prql' UNION ALL SELECT 1",
		"CREATE VIEW v AS SELECT 1 SETTINGS additional_result_filter = '1'", "CREATE VIEW v DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT 1",
		"SET allow_experimental_eval_table_function = 1", "SELECT 1 SETTINGS dialect = 'prql'", "SET allow_introspection_functions = 1",
	} {
		if err := w.Exec(t.Context(), query); err == nil {
			t.Errorf("%s: allowed", query)
		}
	}
}

// No statement, setting or default lifts a reader's bounds.
func TestReaderCannotLiftItsBounds(t *testing.T) {
	s := openIn(t, analyst, "")
	bounds := func(when string) {
		t.Helper()
		for _, bound := range limits.Reader() {
			if got := one(t, s, "SELECT getSetting('"+bound.Setting+"') BETWEEN "+number(bound.Least)+" AND "+number(bound.Most)); got != "1" && got != "true" {
				t.Errorf("%s: %s is %s", when, bound.Setting, one(t, s, "SELECT getSetting('"+bound.Setting+"')"))
			}
		}
	}
	bounds("at first")
	refused := []string{"SET readonly = 0", "SET readonly = DEFAULT", "SET profile = 'default'", "SET ROLE writer", "SET compatibility = '20.1'"}
	for _, bound := range limits.Reader() {
		for _, value := range []string{number(bound.Most + 1), "DEFAULT"} {
			refused = append(refused, "SET "+bound.Setting+" = "+value, "SELECT 1 SETTINGS "+bound.Setting+" = "+value, "SELECT 1 FROM (SELECT 1 SETTINGS "+bound.Setting+" = "+value+")")
		}
		if bound.Least > 0 && !strings.HasSuffix(bound.Setting, "_threads") { // 0 stands for the processors there are, which the bound holds too
			refused = append(refused, "SET "+bound.Setting+" = 0", "SELECT 1 SETTINGS "+bound.Setting+" = 0")
		}
	}
	for _, name := range append(judged.Settings.With(judged.Fixed), judged.Settings.With(judged.Writer)...) {
		refused = append(refused, "SET "+name+" = DEFAULT")
	}
	for _, query := range refused {
		if err := s.Exec(t.Context(), query); err == nil {
			t.Errorf("%s: allowed", query)
		}
	}
	bounds("after all attempts")
	exec1(t, s, "SET max_memory_usage = 1000000, max_threads = 1, output_format_json_quote_64bit_integers = 1, join_use_nulls = 1")
	if err := s.Exec(context.Background(), "SELECT groupArray(number) FROM numbers(10000000)"); err == nil {
		t.Error("a lower bound of one's own does not hold")
	}
}
