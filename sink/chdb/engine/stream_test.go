package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// drain reads a stream to its end and closes it.
func drain(t testing.TB, st *engine.Stream) (data []byte, chunks int, err error) {
	t.Helper()
	for {
		chunk, err := st.Next()
		data = append(data, chunk...)
		if err != nil {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
			if err == io.EOF {
				return data, chunks, nil
			}
			return data, chunks, err
		}
		chunks++
	}
}

// Whatever the format and the number of blocks, a stream is the same document as the buffered answer.
func TestStreamEqualsQuery(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s, "SET max_threads = 1", "SET max_block_size = 1000", "SET output_format_write_statistics = 0",
		"CREATE TABLE t (a Int64, s String) ENGINE = MergeTree ORDER BY a",
		"INSERT INTO t SELECT number, toString(number) FROM numbers(10000)")
	for _, query := range []string{
		"SELECT * FROM t ORDER BY a",
		"SELECT * FROM t ORDER BY a -- with a comment at the end",
		"WITH 7 AS x SELECT x, a FROM t ORDER BY a LIMIT 3 SETTINGS max_threads = 1",
		"SELECT 1 AS x UNION ALL SELECT 1",
		"SELECT a FROM t WHERE a < 0",
		"SHOW CREATE TABLE t", "DESCRIBE t", "EXPLAIN AST SELECT 1", "EXISTS t", "SHOW TABLES", "CHECK TABLE t",
	} {
		for _, format := range []string{"JSON", "JSONCompact", "CSVWithNames", "TSVWithNamesAndTypes", "RowBinaryWithNamesAndTypes", "Pretty", "Values", "XML", "TSV", "ArrowStream", "Markdown"} {
			want, err := s.Query(t.Context(), query, format)
			if err != nil {
				t.Fatalf("%s in %s: %v", query, format, err)
			}
			st, err := s.Stream(t.Context(), query, format)
			if err != nil {
				t.Fatalf("%s in %s: %v", query, format, err)
			}
			got, _, err := drain(t, st)
			if err != nil || !bytes.Equal(got, want.Data) {
				t.Errorf("%s in %s: got %d bytes and %v, want %d bytes\n%.300s\n%.300s", query, format, len(got), err, len(want.Data), got, want.Data)
			}
			if rows, _, _ := st.Stats(); rows != want.Rows {
				t.Errorf("%s in %s: stream counts %d rows, query %d", query, format, rows, want.Rows)
			}
		}
	}
}

func TestStreamNativeGivesBlocks(t *testing.T) {
	s := open(t, engine.User{})
	st, err := s.Stream(t.Context(), "SELECT number FROM numbers(200000) SETTINGS max_block_size = 50000, max_threads = 1", "Native")
	if err != nil {
		t.Fatal(err)
	}
	data, chunks, err := drain(t, st)
	if err != nil {
		t.Fatal(err)
	}
	if chunks < 2 || len(data) < 8*200000 {
		t.Errorf("got %d chunks and %d bytes", chunks, len(data))
	}
	if rows, readRows, readBytes := st.Stats(); rows != 200000 || readRows == 0 || readRows > 200000 || readBytes != 8*readRows {
		t.Errorf("stats: %d rows, %d read, %d bytes read", rows, readRows, readBytes)
	}
	empty, err := s.Stream(t.Context(), "SELECT 1 WHERE 0", "Native")
	if err != nil {
		t.Fatal(err)
	}
	if data, _, err := drain(t, empty); err != nil || len(data) != 0 {
		t.Errorf("an empty answer: %q, %v", data, err)
	}
}

func TestStreamErrors(t *testing.T) {
	s := open(t, engine.User{})
	for _, format := range []string{"Native", "JSON", "CSV"} {
		for query, code := range map[string]proto.Error{
			"SELECT no_such_column":                           47,
			"SELEC 1 + 2":                                     62,
			"SELECT * FROM no_such_table":                     60,
			"SELECT throwIf(number = 3, 'x') FROM numbers(5)": 395,
		} {
			if _, err := s.Stream(t.Context(), query, format); err == nil {
				t.Fatalf("%s in %s: no error", query, format)
			} else {
				wantCode(t, err, code)
			}
		}
		late, err := s.Stream(t.Context(), "SELECT number, throwIf(number = 900000, 'late') FROM numbers(1000000) SETTINGS max_block_size = 10000, max_threads = 1", format)
		if err != nil {
			t.Fatalf("%s: an error after the first chunk came at once: %v", format, err)
		}
		data, _, err := drain(t, late)
		wantCode(t, err, 395)
		if len(data) == 0 {
			t.Errorf("%s: nothing came before the error", format)
		}
	}
	if _, err := s.Stream(t.Context(), "SELECT 1", "CSV SETTINGS x = 1"); err == nil {
		t.Error("a format may carry SQL")
	}
	if got := one(t, s, "SELECT 1"); got != "1" {
		t.Errorf("after the errors: got %q", got)
	}
}

func TestStreamKeepsItsSessionBusy(t *testing.T) {
	s := open(t, engine.User{})
	for _, format := range []string{"Native", "JSONEachRow"} {
		st, err := s.Stream(t.Context(), "SELECT number FROM system.numbers", format)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Exec(t.Context(), "SELECT 1"), proto.ErrSessionIsLocked)
		if _, err := st.Next(); err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := st.Next(); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: a closed stream reads as ended: %v", format, err)
		}
		if got := one(t, s, "SELECT 1"); got != "1" {
			t.Errorf("%s: after Close: got %q", format, got)
		}
	}
}

func TestQueryAnswers(t *testing.T) {
	s := open(t, engine.User{})
	result, err := s.Query(t.Context(), "SELECT number FROM numbers(3) FORMAT CSV", "JSONCompact")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Data [][]int }
	if err := json.Unmarshal(result.Data, &answer); err != nil || len(answer.Data) != 3 {
		t.Errorf("got %s, %v", result.Data, err)
	}
	if result.Rows != 3 || result.ReadRows != 3 || result.ReadBytes != 24 || result.Elapsed <= 0 {
		t.Errorf("got %+v", *result)
	}
	big, err := s.Query(t.Context(), "SELECT concat(repeat('数', 100000), '\\0;')", "TSVRaw")
	if err != nil {
		t.Fatal(err)
	} else if want := 300000 + len("\x00;\n"); len(big.Data) != want {
		t.Errorf("got %d bytes, want %d", len(big.Data), want)
	}
}
