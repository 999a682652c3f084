package nativeprotocol

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

func TestLogin(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for _, c := range []struct {
		user, password, database string
		code                     int32
	}{
		{"default", "", "", 0},
		{"", "", "system", 0},
		{"writer", enginetest.WriterPassword, "system", 0},
		{"writer", "wrong", "", 516},
		{"nobody", "", "", 516},
		{"reader", enginetest.ReaderPassword, "", 0},
		{"default", "", "no such database", 81},
	} {
		conn := enginetest.Dial(t, address, func(o *clickhouse.Options) {
			o.Auth = clickhouse.Auth{Username: c.user, Password: c.password, Database: c.database}
		})
		err := conn.Ping(t.Context())
		var exception *clickhouse.Exception
		switch {
		case c.code == 0 && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.code != 0 && (!errors.As(err, &exception) || exception.Code != c.code):
			t.Errorf("%+v: got %v", c, err)
		}
	}
	reader := enginetest.Dial(t, address, func(o *clickhouse.Options) {
		o.Auth = clickhouse.Auth{Username: "reader", Password: enginetest.ReaderPassword}
	})
	if got := enginetest.Scan[uint8](t, reader, "SELECT 1"); got != 1 {
		t.Errorf("got %d", got)
	}
	limited := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 1000}))
	if err := reader.Exec(limited, "SELECT 1"); err != nil {
		t.Errorf("a reader may change such settings: %v", err)
	}
	writing := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"readonly": 0}))
	for _, ctx := range []context.Context{t.Context(), writing} {
		if err := reader.Exec(ctx, "CREATE TABLE by_reader (n UInt8) ENGINE = Memory"); err == nil {
			t.Error("a reader created a table")
		}
	}
	enginetest.Execute(t, enginetest.Dial(t, address, nil), "CREATE TABLE not_for_reader (n UInt8) ENGINE = MergeTree ORDER BY n")
	var exception *clickhouse.Exception
	if _, err := reader.PrepareBatch(t.Context(), "INSERT INTO not_for_reader"); !errors.As(err, &exception) || exception.Code != 164 {
		t.Errorf("a reader inserts: %v", err)
	}
	table, err := ext.NewTable("readers", ext.Column("n", "UInt8"))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Append(uint8(3)); err != nil {
		t.Fatal(err)
	}
	if err := reader.Exec(clickhouse.Context(t.Context(), clickhouse.WithExternalTable(table)), "SELECT n FROM readers"); !errors.As(err, &exception) || exception.Code != 164 {
		t.Errorf("a reader's external table: %v", err)
	}
}

func TestServerInfo(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), nil)
	info, err := conn.ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	e := enginetest.Open(t)
	if want := fmt.Sprintf("%d.%d.%d.", info.Version.Major, info.Version.Minor, info.Version.Patch); !strings.HasPrefix(e.Version(), want) {
		t.Errorf("version %q, want %q", want, e.Version())
	}
	if info.Revision != serverRevision || info.Timezone.String() != e.Timezone() || info.Name != "ClickHouse" {
		t.Errorf("got %+v", info)
	}
}

func TestSettings(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), func(o *clickhouse.Options) { o.MaxOpenConns = 1 })
	setting := func(settings clickhouse.Settings, name string) string {
		t.Helper()
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(settings))
		var value string
		if err := conn.QueryRow(ctx, "SELECT value FROM system.settings WHERE name = ?", name).Scan(&value); err != nil {
			t.Fatal(err)
		}
		return value
	}
	standard := setting(nil, "max_block_size")
	if got := setting(clickhouse.Settings{"max_block_size": 123, "max_threads": 1}, "max_block_size"); got != "123" {
		t.Errorf("with the query: %s", got)
	}
	if got := setting(clickhouse.Settings{"max_threads": 2}, "max_block_size"); got != standard {
		t.Errorf("after the query: %s, want %s", got, standard)
	}
	enginetest.Execute(t, conn, "SET max_block_size = 456")
	if got := setting(nil, "max_block_size"); got != "456" {
		t.Errorf("after SET: %s", got)
	}
	if got := setting(clickhouse.Settings{"max_block_size": "789"}, "max_block_size"); got != "789" {
		t.Errorf("with the query over SET: %s", got)
	}
	if got := setting(nil, "max_block_size"); got != "456" {
		t.Errorf("after the query over SET: %s", got)
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"no_such_setting": 1}))
	var exception *clickhouse.Exception
	if err := conn.Exec(ctx, "SELECT 1"); !errors.As(err, &exception) || exception.Code != 115 {
		t.Errorf("unknown setting: %v", err)
	}
	ctx = clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_threads = 1, readonly": 1}))
	if err := conn.Exec(ctx, "SELECT 1"); !errors.As(err, &exception) || exception.Code != 115 {
		t.Errorf("a setting that is SQL: %v", err)
	}
}

func TestParameters(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), nil)
	nasty := "it's \\ a\ttab, 户\n\"`"
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{
		"n": "42", "list": "['a', 'b']", "table": "system.one", "day": "2021-12-31"}))
	var got string
	query := "SELECT concat(toString({n:UInt32}), {list:Array(String)}[2], toString({day:Date})) FROM system.one"
	if err := conn.QueryRow(ctx, query).Scan(&got); err != nil || got != "42b2021-12-31" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT ?", nasty).Scan(&got); err != nil || got != nasty {
		t.Errorf("got %q, %v", got, err)
	}
	quoted := "it's \\ 户\"`"
	ctx = clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"s": strings.ReplaceAll(quoted, `\`, `\\`)}))
	if err := conn.QueryRow(ctx, "SELECT {s:String}").Scan(&got); err != nil || got != quoted {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestExternalTable(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), func(o *clickhouse.Options) { o.MaxOpenConns = 1 })
	table, err := ext.NewTable("areas", ext.Column("code", "String"), ext.Column("n", "LowCardinality(String)"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := table.Append(fmt.Sprint(320800+i), fmt.Sprint(i%2)); err != nil {
			t.Fatal(err)
		}
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithExternalTable(table))
	for range 2 { // the table is gone after each
		var count uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM areas WHERE n = '1'").Scan(&count); err != nil || count != 5 {
			t.Errorf("got %d, %v", count, err)
		}
	}
	if err := conn.Exec(t.Context(), "SELECT * FROM areas"); err == nil {
		t.Error("the external table outlived its query")
	}
}
