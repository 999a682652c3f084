package engine_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// Nothing a client can write reaches files, commands or other hosts. Every one of these works in an unguarded libchdb.
func TestStatementsThatLeaveTheEngine(t *testing.T) {
	s := open(t, engine.User{})
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.tsv")
	if err := os.WriteFile(secret, []byte("1\tsecret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// ACCESS_DENIED, SETTING_CONSTRAINT_VIOLATION, PATH_ACCESS_DENIED, UNKNOWN_TABLE
	refusals := []proto.Error{proto.ErrAccessDenied, 452, 481, 60}
	out := filepath.Join(dir, "out")
	exec1(t, s, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
	for _, query := range []string{
		"SELECT * FROM file('SECRET', 'TSV', 'a Int8, b String')",
		"SELECT * FROM `SECRET`",
		"SELECT file('SECRET')",
		"SELECT FILE('SECRET')",
		"SELECT `fi\\x6ce`('SECRET')",
		"SELECT \"file\" /* ( */ ('SECRET')",
		"SELECT * APPLY(file) FROM (SELECT 'SECRET')",
		"SELECT * APPLY file FROM (SELECT 'SECRET')",
		"CREATE VIEW v AS SELECT file('SECRET')",
		"CREATE FUNCTION f AS x -> file(x)",
		"INSERT INTO t VALUES (length(file('SECRET')))",
		"INSERT INTO t FORMAT values (length(`file`('SECRET')))",
		"INSERT INTO t VALUES ((SELECT length(b) FROM format(Values, 'b String', '(file(\\'SECRET\\'))')))",
		"SELECT * FROM format(Values, 'b String', concat('(fi', 'le(\\'SECRET\\'))'))",
		"SELECT * FROM format('Values', 'b String', '')",
		"SELECT * FROM format({f:Identifier}, 'b String', '')",
		"SELECT * FROM generateRandom('a Int8, b String DEFAULT fi' || 'le(1)') LIMIT 1",
		"SELECT * FROM values('a Int8, b String DEFAULT file(\\'SECRET\\')', (1, ''))",
		"SELECT 1 SETTINGS additional_result_filter = 'file(\\'SECRET\\') != \\'\\''",
		"SET additional_table_filters = {'t': 'file(\\'SECRET\\') != \\'\\''}",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(CLICKHOUSE(QUERY 'SELECT 1 AS a, file(\\'SECRET\\') AS b')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(CLICKHOUSE(QUERY $$SELECT 1 AS a, `fi\\x6ce`('SECRET') AS b$$)) LAYOUT(FLAT()) LIFETIME(0)",
		"SELECT 1 INTO OUTFILE 'OUT'",
		"SELECT 1 INTO /* x */ OUTFILE 'OUT' FORMAT CSV",
		"select 1 into outfile $$OUT$$",
		"SHOW TABLES INTO OUTFILE 'OUT'",
		"EXPLAIN SELECT 1 INTO OUTFILE 'OUT'",
		"SELECT * FROM insert INTO OUTFILE 'OUT'",
		"INSERT INTO t FROM INFILE 'SECRET' FORMAT TSV",
		"INSERT INTO t FROM INFILE 'SECRET'",
		"SELECT * FROM eval('select fi' || 'le(\\'SECRET\\') as t') SETTINGS allow_experimental_eval_table_function = 1",
		"CREATE TABLE f (query String, database String, settings Map(String, String)) ENGINE = QueryRunner",
		"CREATE TABLE f (a String) ENGINE = FileLog('SECRET', 'LineAsString')",
		"CREATE TABLE f (a Int8, b String) ENGINE = File(TSV, 'SECRET')",
		"CREATE TABLE f (a Int8) ENGINE = File(TSV)",
		"CREATE TABLE f (a Int8) ENGINE = URL('http://127.0.0.1:1/', TSV)",
		"CREATE TABLE f (a Int8) ENGINE = SQLite('OUT', 't')",
		"CREATE TABLE f (a Int8) ENGINE = Executable('x.sh', TSV)",
		"CREATE TABLE f (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = 'OUT')",
		"CREATE TABLE f (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = web, endpoint = 'http://127.0.0.1:1/')",
		"CREATE DATABASE f ENGINE = Filesystem('/etc')",
		"CREATE DATABASE f ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c')",
		"CREATE DATABASE f ENGINE = PostgreSQL('127.0.0.1:1', 'a', 'b', 'c')",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(FILE(path 'SECRET' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'touch OUT' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(`exec\\utable`(command 'touch OUT' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(HTTP(url 'http://127.0.0.1:1/' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(CLICKHOUSE(HOST '10.0.0.1' TABLE 'a')) LAYOUT(FLAT()) LIFETIME(0)",
		"SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a Int8')",
		"SELECT * FROM remote('127.0.0.1:1', system.one)",
		"SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM sqlite('OUT', 't')",
		"SELECT * FROM s3('http://127.0.0.1:1/bucket/key.tsv', 'TSV', 'a Int8')",
		"SELECT * FROM filesystem('/etc')",
		"SELECT * FROM loop(file('SECRET', 'TSV', 'a Int8, b String')) LIMIT 1",
		"SELECT * FROM executable('x.sh', TSV, 'a String')",
		"INSERT INTO FUNCTION file('OUT', 'TSV', 'a Int8') SELECT 1",
		"INSERT INTO FUNCTION file('OUT', 'TSV', 'a Int8') VALUES (1)",
		"SELECT 1 SETTINGS format_template_row = 'SECRET' FORMAT Template",
		"SELECT 1 FORMAT Template SETTINGS format_template_row = 'SECRET'",
		"SET format_schema = 'SECRET:x'",
		"SET format_template_resultset = 'SECRET'",
		"SET output_format_schema = 'OUT'",
		"SET input_format_record_errors_file_path = 'OUT'",
		"SET dialect = 'prql'",
		"ATTACH TABLE f FROM 'OUT' (a Int8) ENGINE = MergeTree ORDER BY a",
		"BACKUP TABLE t TO File('OUT')",
		"SET chdb_client_name = 'x'", "SELECT 1 SETTINGS `chdb_client_name` = 'x'",
		"CREATE USER u", "CREATE NAMED COLLECTION n AS a = 1", "SYSTEM SHUTDOWN", "SYSTEM KILL", "GRANT ALL ON *.* TO default",
	} {
		query = strings.NewReplacer("SECRET", secret, "OUT'", out+"'", "OUT$", out+"$").Replace(query)
		for _, format := range []string{"TSV", "Native"} {
			result, err := s.Query(t.Context(), query, format)
			var refusal *exception.Error
			if err == nil {
				t.Errorf("%s: allowed, answers %q", query, result.Data)
			} else if !errors.As(err, &refusal) || !slices.Contains(refusals, refusal.Code) {
				t.Errorf("%s: got %v, which is no refusal", query, err)
			}
			st, err := s.Stream(t.Context(), query, format)
			if err == nil {
				data, _, _ := drain(t, st)
				t.Errorf("%s: allowed as a stream, answers %q", query, data)
			}
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%s: wrote a file", query)
		}
	}
}

// What looks alike but stays inside must work.
func TestStatementsThatStay(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s,
		"CREATE TABLE file (file String, disk Int8, source Int8) ENGINE = MergeTree ORDER BY file",
		"INSERT INTO file (file, disk, source) VALUES ('INTO OUTFILE ''x''', 1, 2)",
		"SELECT file, disk, source FROM file WHERE disk = (1) AND file != 'file(1)' -- file('x')",
		"INSERT INTO file (file) VALUES ('see file (a), format(x) and file(''1'').csv')", "SELECT count() FROM file WHERE file ILIKE '%file(''a.csv'')%'",
		"WITH '{}' || '' AS pattern SELECT format(pattern, 1)",
		"SELECT format('{} {}', 1, 2), 'copy of file(1)', 'file (%' FROM values('a Int8', 1, 2)", "SELECT * FROM generateRandom('b Int8') LIMIT 1",
		"SET param_note = 'see file (a)'", "SELECT {note:String}",
		"CREATE TABLE outfile (a Int8) ENGINE = Memory", "INSERT INTO outfile VALUES (1)", "INSERT INTO outfile SELECT 1",
		"CREATE TABLE infile (a Int8) ENGINE = Log", "SELECT * FROM infile", "SELECT * FROM outfile",
		"SELECT count() FROM (SELECT * FROM infile)",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(CLICKHOUSE(QUERY 'SELECT 1 AS a, ''x'' AS b')) LAYOUT(FLAT()) LIFETIME(0)",
		"SELECT throwIf(dictGet('d', 'b', 1) != 'x')",
		"CREATE MATERIALIZED VIEW m ENGINE = MergeTree ORDER BY a AS SELECT a FROM outfile",
		"ALTER TABLE file ADD COLUMN c Int8", "OPTIMIZE TABLE file FINAL", "TRUNCATE TABLE file", "SYSTEM FLUSH LOGS",
		"CREATE VIEW p AS SELECT {x:Int8} AS x", "SELECT throwIf(x != 3) FROM p(x = 3)", "DROP TABLE file",
	)
}

func TestReadOnlyUser(t *testing.T) {
	admin := open(t, engine.User{})
	exec1(t, admin, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a", "INSERT INTO t VALUES (1)")
	s := openIn(t, engine.User{Name: "analyst", ReadOnly: true}, one(t, admin, "SELECT currentDatabase()"))
	for _, query := range []string{
		"SELECT * FROM t", "SHOW TABLES", "DESCRIBE t", "EXPLAIN SELECT 1", "EXISTS t", "WITH 1 AS x SELECT x",
		"SET max_threads = 1", "SET param_x = '1'", "SELECT {x:Int8}", "USE system", "SELECT 1 SETTINGS max_threads = 1",
	} {
		if err := s.Exec(t.Context(), query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	exec1(t, s, "USE "+one(t, admin, "SELECT currentDatabase()"))
	for _, query := range []string{
		"INSERT INTO t VALUES (2)", "INSERT INTO t SELECT 2", "WITH 1 AS x INSERT INTO t SELECT x", "CREATE TABLE u (a Int8) ENGINE = Memory",
		"CREATE TEMPORARY TABLE u (a Int8)", "DROP TABLE t", "TRUNCATE TABLE t", "ALTER TABLE t DELETE WHERE 1", "OPTIMIZE TABLE t",
		"KILL QUERY WHERE 1", "SYSTEM FLUSH LOGS", "CREATE FUNCTION g AS x -> x", "DETACH TABLE t", "RENAME TABLE t TO u",
		"SET readonly = 0", "SELECT 1 SETTINGS readonly = 0", "SET readonly = 1", "SET ROLE ALL", "DELETE FROM t WHERE 1", "UPDATE t SET a = 1 WHERE 1",
		"SELECT 1 INTO OUTFILE '/dev/null'", "EXPLAIN INSERT INTO t VALUES (1)",
	} {
		err := s.Exec(t.Context(), query)
		if strings.HasPrefix(query, "SET ROLE") || strings.HasPrefix(query, "EXPLAIN") {
			continue // harmless: there are no roles, and EXPLAIN runs nothing
		}
		if err == nil {
			t.Errorf("%s: allowed", query)
		}
		if st, err := s.Stream(t.Context(), query, "Native"); err == nil {
			t.Errorf("%s: allowed as a stream", query)
			_ = st.Close()
		}
	}
	_, err := s.Insert(t.Context(), "INSERT INTO t", "TSV", strings.NewReader("3\n"))
	wantCode(t, err, proto.ErrReadonly)
	if got := one(t, admin, "SELECT groupArray(a) FROM t"); got != "[1]" {
		t.Errorf("the table holds %s", got)
	}
}

// Rows that come in pieces are read as one text.
func TestValuesAreReadAcrossChunks(t *testing.T) {
	s := open(t, engine.User{})
	exec1(t, s, "CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a")
	for name, rows := range map[string]string{
		"a call":         strings.Repeat("('x'),", 300) + "(file('/etc/hostname'))",
		"after a string": "('" + strings.Repeat("y", 700_000) + "'), (file('/etc/hostname'))",
	} {
		for _, body := range []io.Reader{strings.NewReader(rows), iotest.OneByteReader(strings.NewReader(rows))} {
			_, err := s.Insert(t.Context(), "INSERT INTO t", "Values", body)
			if wantCode(t, err, proto.ErrAccessDenied); t.Failed() {
				t.Fatal(name)
			}
		}
	}
	long := strings.Repeat("file('x') ", 200_000)
	n, err := s.Insert(t.Context(), "INSERT INTO t", "Values", strings.NewReader("(1 + 1), ($$"+long+"$$), -- file('\n(lower('Z'));"))
	if err != nil || n != 3 {
		t.Fatalf("inserted %d rows, %v", n, err)
	}
	if got := one(t, s, "SELECT arraySort(groupArray(length(a))) FROM t"); got != "[1,1,2000000]" {
		t.Errorf("got %s", got)
	}
}

// The engine's own parser must agree with ours on where strings, comments and statements end.
func TestParseAgreesWithTheEngine(t *testing.T) {
	s := open(t, engine.User{})
	for _, text := range []string{
		"'a;b'", "'a\\';b'", "'a'';b'", "$$a;'b$$", "$x$ ; $$ ; $x$", "`a;b`", "\"a;b\"", "1 /* ; /* ' */ ; */", "1 -- ; '\n", "1 # ; '\n", "1 #! ; '\n",
		"1 // ; '\n", "'\\\\'", "‘a;b’", "“a;b”", "1 \u3000", "x'41'", "b'01'", "1.5e-3", "1e+3", "[1,2][1]", "(1,2).1", "0x1fp-2", "1_000", "t.1 FROM (SELECT (1, 2) AS t)", "1 - -1",
		"'\\\n;'", "$1$ ; $1$", "'😀;'", "1 AS `a\\`;`",
	} {
		query := "WITH 1 AS `a;b`, 1 AS \"a;b\" SELECT " + text
		if _, err := statement.Parse(query + " ; SELECT 2"); err == nil {
			t.Errorf("%s: two statements are one to Parse", text)
		}
		if _, err := statement.Parse(query); err != nil {
			t.Errorf("%s: Parse: %v", text, err)
			continue
		}
		if err := s.Exec(t.Context(), query+"\n;"); err != nil && !strings.Contains(err.Error(), "UNKNOWN_IDENTIFIER") {
			t.Errorf("%s: the engine: %v", text, err)
		}
	}
}
