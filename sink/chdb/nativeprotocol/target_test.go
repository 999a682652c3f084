package nativeprotocol

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// What an INSERT asks the client for, and where the rows land.
func TestInsertTargets(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), nil)
	enginetest.Execute(t, conn,
		"CREATE DATABASE `odd db`",
		"CREATE TABLE `odd db`.`odd table` (`a b` UInt8, c UInt8 DEFAULT `a b` + 1, m UInt8 MATERIALIZED 7, al UInt8 ALIAS 8) ENGINE = MergeTree ORDER BY `a b`",
		"CREATE TABLE target (a UInt8, b UInt8 DEFAULT 9, c Nested(x UInt8)) ENGINE = MergeTree ORDER BY a")
	for _, c := range []struct {
		query string
		row   []any
		read  string
		want  string
	}{
		{"INSERT INTO target", []any{uint8(1), uint8(2), []uint8{3}}, "SELECT * FROM target", "1\t2\t[3]\n"},
		{"INSERT INTO target (a)", []any{uint8(1)}, "SELECT * FROM target", "1\t9\t[]\n"},
		{"INSERT INTO target (b, a)", []any{uint8(1), uint8(2)}, "SELECT a, b FROM target", "2\t1\n"},
		{"INSERT INTO target (`a`, \"c.x\")", []any{uint8(1), []uint8{5}}, "SELECT a, c.x FROM target", "1\t[5]\n"},
		{"INSERT INTO target (a, c.x)", []any{uint8(1), []uint8{5}}, "SELECT a, c.x FROM target", "1\t[5]\n"},
		{"INSERT INTO TABLE target (a) SETTINGS async_insert = 1, wait_for_async_insert = 1 FORMAT Native", []any{uint8(1)}, "SELECT a FROM target", "1\n"},
		{"INSERT INTO target (a) VALUES", []any{uint8(1)}, "SELECT a FROM target", "1\n"},
		{"INSERT INTO `odd db`.`odd table`", []any{uint8(1), uint8(2)}, "SELECT `a b`, c, m, al FROM `odd db`.`odd table`", "1\t2\t7\t8\n"},
		{"INSERT INTO `odd db`.`odd table` (`a b`)", []any{uint8(1)}, "SELECT `a b`, c, m FROM `odd db`.`odd table`", "1\t2\t7\n"},
	} {
		t.Run(c.query, func(t *testing.T) {
			batch, err := conn.PrepareBatch(t.Context(), c.query)
			if err != nil {
				t.Fatal(err)
			}
			if err := batch.Append(c.row...); err != nil {
				t.Fatal(err)
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, enginetest.Query(t, c.read)); diff != "" {
				t.Error(diff)
			}
			enginetest.Query(t, "TRUNCATE TABLE target")
			enginetest.Query(t, "TRUNCATE TABLE `odd db`.`odd table`")
		})
	}
}

func TestInsertWithoutClientRows(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), nil)
	enginetest.Execute(t, conn, "CREATE TABLE inline (n UInt32, s String) ENGINE = MergeTree ORDER BY n",
		"INSERT INTO inline VALUES (1, 'a;b'), (2, 'c -- d')",
		"INSERT INTO inline (n, s) SELECT number, 'x' FROM numbers(3, 2)",
		"INSERT INTO inline FORMAT CSV\n5,\"e\"\n")
	want := "1\ta;b\n2\tc -- d\n3\tx\n4\tx\n5\te\n"
	if diff := cmp.Diff(want, enginetest.Query(t, "SELECT * FROM inline ORDER BY n")); diff != "" {
		t.Error(diff)
	}
}

// An insert that the engine refuses is told as an exception, keeps nothing, and
// leaves the connection in use.
func TestRefusedInsert(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), func(o *clickhouse.Options) { o.MaxOpenConns = 1 })
	enginetest.Execute(t, conn, "CREATE TABLE refused (n UInt64, CONSTRAINT small CHECK n < 10) ENGINE = MergeTree ORDER BY n")
	for _, blocks := range []int{1, 5} {
		batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO refused")
		if err != nil {
			t.Fatal(err)
		}
		for range blocks {
			numbers := make([]uint64, 1_500_000)
			numbers[len(numbers)-1] = 11
			if err := batch.Column(0).Append(numbers); err != nil {
				t.Fatal(err)
			}
			if err := batch.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		var exception *clickhouse.Exception
		if err := batch.Send(); !errors.As(err, &exception) || exception.Code != 469 {
			t.Fatalf("want VIOLATED_CONSTRAINT, got %v", err)
		}
		if got := enginetest.Scan[uint64](t, conn, "SELECT count() FROM refused"); got != 0 {
			t.Errorf("%d rows kept", got)
		}
	}
	if _, err := conn.PrepareBatch(t.Context(), "INSERT INTO refused (nothing)"); err == nil {
		t.Error("a column that is not there is taken")
	}
	if _, err := conn.PrepareBatch(t.Context(), "INSERT INTO nowhere"); err == nil {
		t.Error("a table that is not there is taken")
	}
	if got := enginetest.Scan[uint8](t, conn, "SELECT 1"); got != 1 {
		t.Error("the connection does not go on")
	}
}

func TestColumnarInsert(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for name, compression := range enginetest.Compressions() {
		t.Run(name, func(t *testing.T) {
			conn := enginetest.Dial(t, address, func(o *clickhouse.Options) { o.Compression = compression })
			table := "columnar_" + name
			enginetest.Execute(t, conn, "CREATE TABLE "+table+" (n UInt64, s LowCardinality(String), v Nullable(Float64)) ENGINE = MergeTree ORDER BY n")
			const rows, blocks = 200_000, 3
			numbers, names, values := make([]uint64, rows), make([]string, rows), make([]*float64, rows)
			for i := range rows {
				numbers[i], names[i] = uint64(i), fmt.Sprint("area", i%300)
				if value := float64(i); i%2 == 0 {
					values[i] = &value
				}
			}
			ctx := context.Context(t.Context())
			batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table)
			if err != nil {
				t.Fatal(err)
			}
			for range blocks {
				for i, column := range []any{numbers, names, values} {
					if err := batch.Column(i).Append(column); err != nil {
						t.Fatal(err)
					}
				}
				if err := batch.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			got := enginetest.Query(t, "SELECT count(), sum(n), uniqExact(s), sum(v), countIf(v IS NULL) FROM "+table)
			if want := "600000\t59999700000\t300\t29999700000\t300000\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// Only the engine knows what a list means that is not of names alone.
func TestInsertColumnsByExpression(t *testing.T) {
	s := enginetest.Session(t)
	if err := s.Exec(t.Context(), "CREATE TEMPORARY TABLE expressed (a UInt8, b LowCardinality(String), c DateTime('Asia/Shanghai'))"); err != nil {
		t.Fatal(err)
	}
	parsed, err := statement.Parse("INSERT INTO expressed (* EXCEPT(a))")
	if err != nil {
		t.Fatal(err)
	}
	target, err := insertColumns(t.Context(), s, parsed)
	if err != nil {
		t.Fatal(err)
	}
	want := []nativeformat.Column{{Name: "b", Type: "LowCardinality(String)"}, {Name: "c", Type: "DateTime('Asia/Shanghai')"}}
	if diff := cmp.Diff(want, target.wanted); diff != "" {
		t.Error(diff)
	}
}

// A connection that remembers a target asks again once anybody has changed the table, or it has changed its database.
func TestInsertTargetsFollowTheSchema(t *testing.T) {
	address := startNative(t, limits.Clients{})
	conn := enginetest.Dial(t, address, func(o *clickhouse.Options) { o.MaxOpenConns = 1 })
	other := enginetest.Dial(t, address, nil)
	enginetest.Execute(t, conn, "CREATE TABLE followed (a UInt8) ENGINE = MergeTree ORDER BY a",
		"CREATE DATABASE IF NOT EXISTS `odd db`", "CREATE TABLE `odd db`.followed (z UInt8) ENGINE = MergeTree ORDER BY z")
	insert := func(row ...any) {
		t.Helper()
		batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO followed")
		if err != nil {
			t.Fatal(err)
		}
		if err := batch.Append(row...); err != nil {
			t.Fatal(err)
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
	}
	insert(uint8(1))
	enginetest.Execute(t, other, "ALTER TABLE followed ADD COLUMN b UInt8")
	insert(uint8(2), uint8(3))
	enginetest.Execute(t, conn, "USE `odd db`")
	insert(uint8(4))
	got := enginetest.Query(t, "SELECT a, b FROM default.followed ORDER BY a") + enginetest.Query(t, "SELECT z FROM `odd db`.followed")
	if diff := cmp.Diff("1\t0\n2\t3\n4\n", got); diff != "" {
		t.Error(diff)
	}
}
