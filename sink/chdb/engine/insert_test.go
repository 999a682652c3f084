package engine_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// breaking gives data, then err.
type breaking struct {
	data io.Reader
	err  error
}

func (b breaking) Read(p []byte) (int, error) {
	n, err := b.data.Read(p)
	if err == io.EOF {
		return n, b.err
	}
	return n, err
}

// rowBinary are n rows of (UInt64, String) whose bytes are full of line breaks.
func rowBinary(n int) []byte {
	var b []byte
	for i := range n {
		b = binary.LittleEndian.AppendUint64(b, uint64(i)<<16|0x0a0a)
		b = append(b, 4, '\n', '\n', 0, '\n')
	}
	return b
}

func TestInsertBinaryRows(t *testing.T) {
	const rows = 300_000 // several chunks
	s := open(t, engine.User{})
	exec1(t, s, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
	n, err := s.Insert(t.Context(), "INSERT INTO t (a, s) -- rows follow", "RowBinary", bytes.NewReader(rowBinary(rows)))
	if err != nil || n != rows {
		t.Fatalf("inserted %d rows, %v", n, err)
	}
	if got := one(t, s, `SELECT count(), countIf(s = '\n\n\0\n'), sum(bitShiftRight(a, 16)) FROM t`); got != "300000\t300000\t44999850000" {
		t.Errorf("got %q", got)
	}
	// The same inline, where the library would cut the text at the first empty line.
	inline := "INSERT INTO t FORMAT RowBinary\n" + string(rowBinary(3))
	if result, err := s.Query(t.Context(), inline, "Null"); err != nil || result.Rows != 3 {
		t.Fatalf("inline: %+v, %v", result, err)
	}
}

func TestInsertInline(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s, "CREATE TABLE t (a Int64, s String DEFAULT 'd') ENGINE = MergeTree ORDER BY a",
		"INSERT INTO t VALUES (1, 'x;y''z'), (2, lower('Z')) ; -- done",
		"INSERT INTO t (a) FORMAT CSV\n3\n4\n",
		"INSERT INTO t FORMAT JSONEachRow SETTINGS input_format_skip_unknown_fields = 1 {\"a\":5,\"zz\":1}",
		"INSERT INTO t (a) SETTINGS async_insert = 0 VALUES (6)",
		"INSERT INTO t SELECT * FROM values('a Int64, s String', (7, 'v'))",
		"INSERT INTO t (a) (SELECT 8)",
		"INSERT INTO t FORMAT CSV\n9,\"\n\n SELECT 1 INTO OUTFILE '/tmp/x'\"\n")
	if got := one(t, s, "SELECT groupArray(a), groupUniqArray(length(s)) = [1, 5, 31] OR true FROM (SELECT * FROM t ORDER BY a)"); got != "[1,2,3,4,5,6,7,8,9]\ttrue" {
		t.Errorf("got %q", got)
	}
	if got := one(t, s, "SELECT s FROM t WHERE a = 9"); got != "\n\n SELECT 1 INTO OUTFILE '/tmp/x'" {
		t.Errorf("got %q", got)
	}
}

func TestInsertCountsMaterializedViews(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a",
		"CREATE MATERIALIZED VIEW v ENGINE = MergeTree ORDER BY a AS SELECT a FROM t")
	n, err := s.Insert(t.Context(), "INSERT INTO t", "TSV", strings.NewReader("1\n2\n"))
	if err != nil || n != 4 {
		t.Fatalf("got %d, %v", n, err)
	}
}

func TestBrokenBodyCommitsNothing(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
	for _, broken := range []error{io.ErrUnexpectedEOF, errors.New("connection reset")} {
		for _, rows := range []int{0, 10, 200_000} {
			_, err := s.Insert(t.Context(), "INSERT INTO t", "RowBinary", breaking{bytes.NewReader(rowBinary(rows)), broken})
			wantCode(t, err, proto.ErrQueryWasCancelled)
			if !errors.Is(err, broken) {
				t.Errorf("%d rows: %v does not wrap %v", rows, err, broken)
			}
			if got := one(t, s, "SELECT count() FROM t"); got != "0" {
				t.Fatalf("%d rows, then %v: %s rows committed", rows, broken, got)
			}
		}
	}
	rows := rowBinary(10)
	if _, err := s.Insert(t.Context(), "INSERT INTO t", "RowBinary", bytes.NewReader(rows[:len(rows)-1])); err == nil {
		t.Error("a row that lacks a byte is taken")
	}
	if got := one(t, s, "SELECT count() FROM t"); got != "0" {
		t.Fatalf("a row that lacks a byte: %s rows committed", got)
	}
}

func TestCancelledInsertCommitsNothing(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
	ctx, cancel := context.WithCancel(t.Context())
	body := io.MultiReader(bytes.NewReader(rowBinary(100_000)), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, io.EOF
	}))
	_, err := s.Insert(ctx, "INSERT INTO t", "RowBinary", body)
	wantCode(t, err, proto.ErrQueryWasCancelled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not wrap context.Canceled", err)
	}
	if got := one(t, s, "SELECT count() FROM t"); got != "0" {
		t.Fatalf("%s rows committed", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestInsertErrors(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	for _, test := range []struct {
		query, format, body string
		code                proto.Error
	}{
		{"INSERT INTO nowhere", "TSV", "1\n", 60},
		{"INSERT INTO t (b)", "TSV", "1\n", 16},
		{"INSERT INTO t", "NoSuchFormat", "1\n", 73},
		{"INSERT INTO t", "TSV SELECT 1", "1\n", proto.ErrUnknownFormat},
		{"INSERT INTO t", "TSV", "x\n", 27},
		{"INSERT INTO t", "TSV", strings.Repeat("1\n", 1<<20) + "x\n", 27},
		{"INSERT INTO t SELECT 1", "TSV", "", proto.ErrBadArguments},
		{"SELECT 1", "TSV", "", proto.ErrBadArguments},
		{"INSERT INTO FUNCTION file('/tmp/x.csv') ", "TSV", "1\n", proto.ErrAccessDenied},
		{"INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'TSV', 'a UInt64') ", "TSV", "1\n", proto.ErrAccessDenied},
	} {
		_, err := s.Insert(t.Context(), test.query, test.format, strings.NewReader(test.body))
		if err == nil {
			t.Errorf("%s in %s: no error", test.query, test.format)
			continue
		}
		wantCode(t, err, test.code)
	}
	if got := one(t, s, "SELECT count() FROM t"); got != "0" {
		t.Errorf("%s rows committed", got)
	}
}
