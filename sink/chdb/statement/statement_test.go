package statement

import (
	"errors"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/citytally/citytally/sink/chdb/exception"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		query string
		want  Statement
	}{
		{"SELECT 1", Statement{Kind: Select, Text: "SELECT 1"}},
		{" /* c */ select 1 ; ", Statement{Kind: Select, Text: "/* c */ select 1"}},
		{"SELECT 1 FORMAT JSON", Statement{Kind: Select, Text: "SELECT 1", Format: "JSON"}},
		{"SELECT 1 format TSV;-- end", Statement{Kind: Select, Text: "SELECT 1", Format: "TSV"}},
		{"SELECT 1 FORMAT CSV SETTINGS max_threads = 1", Statement{Kind: Select, Text: "SELECT 1  SETTINGS max_threads = 1", Format: "CSV"}},
		{"SELECT 1\\G", Statement{Kind: Select, Text: "SELECT 1"}},
		{"SELECT format FROM t", Statement{Kind: Select, Text: "SELECT format FROM t"}},
		{"SELECT 'x FORMAT CSV'", Statement{Kind: Select, Text: "SELECT 'x FORMAT CSV'"}},
		{"SELECT format('{}', 1) FORMAT TSV", Statement{Kind: Select, Text: "SELECT format('{}', 1)", Format: "TSV"}},
		{"(SELECT 1)", Statement{Kind: Select, Text: "(SELECT 1)"}},
		{"WITH 1 AS x SELECT x", Statement{Kind: Select, Text: "WITH 1 AS x SELECT x"}},
		{"SHOW TABLES FORMAT TSV", Statement{Kind: Select, Text: "SHOW TABLES", Format: "TSV"}},
		{"DESC t", Statement{Kind: Select, Text: "DESC t"}},
		{"CREATE TABLE t (a Int8) ENGINE = Memory;", Statement{Kind: Other, Text: "CREATE TABLE t (a Int8) ENGINE = Memory"}},
		{"SET a = 'b;c'", Statement{Kind: Other, Text: "SET a = 'b;c'"}},
		{
			"SELECT {a:Array(Map(String, UInt8))}, {b : Identifier}, {a:UInt8}, map('k', {c:String})",
			Statement{
				Kind: Select, Text: "SELECT {a:Array(Map(String, UInt8))}, {b : Identifier}, {a:UInt8}, map('k', {c:String})",
				Parameters: []Parameter{{"a", "Array(Map(String, UInt8))"}, {"b", "Identifier"}, {"c", "String"}},
			},
		},
		{
			"INSERT INTO t VALUES (1, ';'), (2, '--') ;",
			Statement{Kind: Insert, Text: "INSERT INTO t", Format: "Values", InsertTable: "t", InsertHead: "INSERT INTO t", Inline: "(1, ';'), (2, '--')"},
		},
		{
			"insert into db.`t t` (a, values) values",
			Statement{Kind: Insert, Text: "insert into db.`t t` (a, values)", Format: "Values", InsertTable: "db.`t t`", InsertColumns: "a, values", InsertHead: "insert into db.`t t` (a, values)"},
		},
		{
			"INSERT INTO TABLE t FORMAT CSV\n1;2\n\n3;4",
			Statement{Kind: Insert, Text: "INSERT INTO TABLE t", Format: "CSV", InsertTable: "t", InsertHead: "INSERT INTO TABLE t", Inline: "1;2\n\n3;4"},
		},
		{
			"INSERT INTO t FORMAT RowBinary\r\n\n'\x00\xff;",
			Statement{Kind: Insert, Text: "INSERT INTO t", Format: "RowBinary", InsertTable: "t", InsertHead: "INSERT INTO t", Inline: "\n'\x00\xff;"},
		},
		{
			"INSERT INTO t FORMAT Native;",
			Statement{Kind: Insert, Text: "INSERT INTO t", Format: "Native", InsertTable: "t", InsertHead: "INSERT INTO t"},
		},
		{
			"INSERT INTO t (a) SETTINGS async_insert = 1 FORMAT JSONEachRow {\"a\": 1}",
			Statement{Kind: Insert, Text: "INSERT INTO t (a) SETTINGS async_insert = 1", Format: "JSONEachRow", InsertTable: "t", InsertColumns: "a", InsertHead: "INSERT INTO t (a) SETTINGS async_insert = 1", Inline: "{\"a\": 1}"},
		},
		{
			"INSERT INTO t FORMAT TSV SETTINGS x = -1, y = 'a'\n1\n",
			Statement{Kind: Insert, Text: "INSERT INTO t SETTINGS x = -1, y = 'a'", Format: "TSV", InsertTable: "t", InsertHead: "INSERT INTO t SETTINGS x = -1, y = 'a'", Inline: "1\n"},
		},
		{
			"INSERT INTO values (a) VALUES (1)",
			Statement{Kind: Insert, Text: "INSERT INTO values (a)", Format: "Values", InsertTable: "values", InsertColumns: "a", InsertHead: "INSERT INTO values (a)", Inline: "(1)"},
		},
		{
			"INSERT INTO t (a, b)",
			Statement{Kind: Insert, Text: "INSERT INTO t (a, b)", InsertTable: "t", InsertColumns: "a, b", InsertHead: "INSERT INTO t (a, b)"},
		},
		{
			"INSERT INTO FUNCTION null('a Int8, b Int8') VALUES (1, 2)",
			Statement{Kind: Insert, Text: "INSERT INTO FUNCTION null('a Int8, b Int8')", Format: "Values", InsertTable: "FUNCTION null('a Int8, b Int8')", InsertFunction: "null('a Int8, b Int8')", InsertHead: "INSERT INTO FUNCTION null('a Int8, b Int8')", Inline: "(1, 2)"},
		},
		{
			"INSERT INTO {d:Identifier}.{t:Identifier} VALUES (1)",
			Statement{
				Kind: Insert, Text: "INSERT INTO {d:Identifier}.{t:Identifier}", Format: "Values", InsertTable: "{d:Identifier}.{t:Identifier}",
				InsertHead: "INSERT INTO {d:Identifier}.{t:Identifier}", Inline: "(1)", Parameters: []Parameter{{"d", "Identifier"}, {"t", "Identifier"}},
			},
		},
		{
			"INSERT INTO t (a) SELECT number FROM values('a Int8', 1)",
			Statement{Kind: Insert, Text: "INSERT INTO t (a) SELECT number FROM values('a Int8', 1)", InsertTable: "t", InsertColumns: "a", InsertHead: "INSERT INTO t (a)", InsertSelect: true},
		},
		{
			"INSERT INTO t ((SELECT 1))",
			Statement{Kind: Insert, Text: "INSERT INTO t ((SELECT 1))", InsertTable: "t", InsertHead: "INSERT INTO t", InsertSelect: true},
		},
		{
			"INSERT INTO t SELECT a FROM input('a Int8') FORMAT CSV\n1\n",
			Statement{Kind: Insert, Text: "INSERT INTO t SELECT a FROM input('a Int8')", Format: "CSV", InsertTable: "t", InsertHead: "INSERT INTO t", InsertSelect: true, Inline: "1\n"},
		},
		{
			"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
			Statement{Kind: Insert, Text: "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", InsertTable: "t", InsertHead: "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", InsertSelect: true},
		},
	} {
		got, err := Parse(test.query)
		if err != nil {
			t.Errorf("%s: %v", test.query, err)
			continue
		}
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(Statement{}), cmpopts.IgnoreFields(Statement{}, "Streams", "Parallel")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.query, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for query, code := range map[string]proto.Error{
		"":                               proto.ErrSyntaxError,
		" -- nothing\n":                  proto.ErrSyntaxError,
		";":                              proto.ErrSyntaxError,
		"exit":                           proto.ErrSyntaxError,
		"\\q":                            proto.ErrSyntaxError,
		"SELECT 1; SELECT 2":             proto.ErrSyntaxError,
		"SELECT 1\\G SELECT 2":           proto.ErrSyntaxError,
		"SELECT 'open":                   proto.ErrSyntaxError,
		"SELECT `open":                   proto.ErrSyntaxError,
		"SELECT 1 /* open /* */":         proto.ErrSyntaxError,
		"INSERT INTO t VALUES (1); DROP": proto.ErrSyntaxError,
		"INSERT INTO t VALUES ('x":       proto.ErrSyntaxError,
		"SELECT 1 INTO OUTFILE 'x'":      proto.ErrAccessDenied,
		"INSERT INTO t FROM INFILE 'x' FORMAT CSV":                      proto.ErrAccessDenied,
		"SELECT file('x')":                                              proto.ErrAccessDenied,
		"SELECT * FROM `f\\x7grmat`(Values, concat('(fi', 'le(1))'))":   proto.ErrAccessDenied,
		"SELECT 1 SETTINGS `additi\\x7gnal_result_filter` = {p:String}": proto.ErrAccessDenied,
		"SELECT \"fi\\le\"('x')":                                        proto.ErrAccessDenied,
		"SELECT `fil\\x65`('x')":                                        proto.ErrAccessDenied,
		"DROP DATABASE default":                                         proto.ErrAccessDenied,
		"drop database if exists `default` sync":                        proto.ErrAccessDenied,
		"RENAME DATABASE a TO b, default TO c":                          proto.ErrAccessDenied,
		"DETACH DATABASE system PERMANENTLY":                            proto.ErrAccessDenied,
		"TRUNCATE DATABASE \"default\"":                                 proto.ErrAccessDenied,
		"TRUNCATE ALL TABLES FROM DATABASE system":                      proto.ErrAccessDenied,
		"DROP DATABASE {d:Identifier}":                                  proto.ErrAccessDenied,
		"SELECT 'fi\\x7ge(1)'":                                          proto.ErrAccessDenied,
	} {
		_, err := Parse(query)
		var e *exception.Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("%q: got %v, want code %d", query, err, code)
		}
	}
}

// Strings belong to whoever writes them, wherever nothing evaluates them, and a pattern may be computed.
func TestStringsAreFree(t *testing.T) {
	for _, query := range []string{
		"SELECT * FROM t WHERE note ILIKE '%file(''a.csv'')%'", "SELECT 'url(''http://a/'')', $$remote('a', b)$$", "SELECT lower('sleep(3)')",
		"SELECT format(pattern, x) FROM t", "SELECT a, format(concat('{', '}'), x) FROM t, u WHERE format(p, 1) = format(p, 2)",
		"SELECT 1 AS a, format(p, a)", "WITH format(p, 1) AS f SELECT f", "SELECT count() FROM t GROUP BY format(p, a) HAVING max(format(p, a)) > ''",
		"SELECT * FROM a JOIN b ON format(p, 1) = lower(x)", "SELECT arrayMap(x -> format(p, x), [1])", "SELECT if(1, format(p, 1), '') FROM t",
		"INSERT INTO t SELECT format(p, x) FROM u", "ALTER TABLE t UPDATE a = format(p, 'x') WHERE b", "SET param_note = 'file(''x'')'",
		"CREATE TABLE t (a String COMMENT 'as in file(''a'')') ENGINE = MergeTree ORDER BY a", "SELECT profile = 'x' FROM t WHERE profile = 'y'",
		"SELECT engine FROM system.tables WHERE engine = 'URL'", "SELECT set.role FROM set", "UPDATE t SET role = 1 WHERE 1",
	} {
		if _, err := Parse(query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// Where the table function format may stand, and where a text is evaluated, both are refused.
func TestEvaluatedTextIsRefused(t *testing.T) {
	for _, query := range []string{
		"SELECT * FROM format(p, 'x')", "SELECT * FROM t, format(Values, 'x')", "SELECT * FROM a JOIN format(p, 'x') ON 1", "SELECT * FROM a JOIN b ON 1, format(p, 'x')",
		"SELECT * FROM where, format(p, 'x')", "SELECT * FROM t AS where, format(p, 'x')", "SELECT * FROM t by, format(p, 'x')", "SELECT 1 WHERE a IN format(p, 'x')",
		"DESCRIBE format(p, 'x')", "DESCRIBE TABLE format(p, 'x')", "INSERT INTO FUNCTION format(p, 'x') SELECT 1", "CREATE TABLE t AS format(p, 'x')",
		"SELECT (SELECT * FROM format(p, 'x'))", "FROM format(p, 'x') SELECT where", "SELECT * FROM view(SELECT 1), format(p, 'x')",
		"SELECT * FROM generateRandom('a Int8, b String DEFAULT file(\\'x\\')')", "INSERT INTO FUNCTION null('a String DEFAULT url(''http://a'')') SELECT 1",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(QUERY 'SELECT file(''x'')')) LAYOUT(FLAT())",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(QUERY 'SELECT 1')) LAYOUT(SSD_CACHE(PATH '/tmp/x'))",
		"SELECT * FROM remote('a', b)", "SELECT * FROM `url`('http://a/')", "SELECT catboostEvaluate('m', 1)",
		"CREATE TABLE t (a Int8) ENGINE = URL('http://a/')", "CREATE TABLE t (a Int8) ENGINE Kafka", "CREATE DATABASE d ENGINE = SQLite('x')", "CREATE DATABASE d ENGINE = Memory",
		"SET ROLE writer", "SET ROLE ALL", "SET DEFAULT ROLE writer TO default", "SELECT 1 PARALLEL WITH SET ROLE writer",
		"SET profile = 'default'", "SELECT 1 SETTINGS profile = 'default'", "SET max_threads = 1, `profile` = 'default'",
	} {
		_, err := Parse(query)
		var e *exception.Error
		if !errors.As(err, &e) || e.Code != proto.ErrAccessDenied {
			t.Errorf("%s: got %v, want it refused", query, err)
		}
	}
	for _, query := range []string{"SET readonly = DEFAULT", "SELECT 1 SETTINGS max_memory_usage=/**/default", "SELECT sleep(3)", "SELECT `SLEEPEACHROW`(1)", "SELECT * APPLY(sleep) FROM t"} {
		if parsed, err := Parse(query); err != nil || parsed.ReadsOnly() {
			t.Errorf("%s: passes for a statement that only reads (%v)", query, err)
		}
	}
}

// Escapes that mean the same to everybody stay free, and so do tables and databases of one's own.
func TestUsualStatementsAreFree(t *testing.T) {
	for _, query := range []string{
		"SELECT `a\\`b`, \"c\\\\d\" FROM t", `SELECT 'it\'s \x41 \n \N \q', 'C:\\xyz'`, "SELECT $$\\x7g$$", "SELECT `a``b`",
		"DROP DATABASE mine", "DROP TABLE default.t", "RENAME TABLE default.a TO default.b", "DROP DATABASE IF EXISTS test_1 SYNC",
	} {
		if _, err := Parse(query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"SELECT 1", "SELECT 'a' FORMAT CSV", "INSERT INTO t VALUES (1)", "INSERT INTO t FORMAT CSV SETTINGS a=1\n1", "SELECT $$x$$;", "/* */ -- \n1\\G",
		"INSERT INTO FUNCTION f(", "SELECT {a:", "‘", "INSERT INTO t FORMAT", "1.e-", "`\\x", "INSERT INTO {a:b}.", "WITH INSERT INTO", "$", "CREATE DICTIONARY SOURCE(",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		lex := lexer{text: query}
		for last := 0; ; {
			token, ok := lex.next()
			if !ok {
				break
			}
			if token.start < last || token.end <= token.start || token.end > len(query) {
				t.Fatalf("token %v after position %d of %d bytes", token, last, len(query))
			}
			last = token.end
		}
		s, err := Parse(query)
		if err != nil {
			return
		}
		if s.Kind == Insert && !s.InsertSelect {
			// What is left when the rows are taken off is an INSERT without rows.
			again, err := Parse(s.InsertHead)
			if err != nil || again.Kind != Insert || again.Inline != "" {
				t.Fatalf("%q leaves %q: %+v, %v", query, s.InsertHead, again, err)
			}
		}
	})
}

func TestInsertColumnNames(t *testing.T) {
	for _, c := range []struct {
		head, table, list string
		names             []string
		plain             bool
	}{
		{"INSERT INTO t", "t", "", nil, true},
		{"insert into s (a)", "s", "a", []string{"a"}, true},
		{"INSERT INTO t (a, 'b')", "t", "a, 'b'", nil, false},
		{"INSERT INTO t (a.b.c, d)", "t", "a.b.c, d", []string{"a.b.c", "d"}, true},
		{"INSERT INTO t (a, `b c`, \"d\", e.f)", "t", "a, `b c`, \"d\", e.f", []string{"a", "b c", "d", "e.f"}, true},
		{"INSERT INTO db.t(a) SETTINGS x = f(1)", "db.t", "a", []string{"a"}, true},
		{"INSERT INTO t SETTINGS x = (1)", "t", "", nil, true},
		{"INSERT INTO t (* EXCEPT(a, b))", "t", "* EXCEPT(a, b)", nil, false},
		{"INSERT INTO t (`a)`, b)", "t", "`a)`, b", []string{"a)", "b"}, true},
		{"INSERT INTO t (a,)", "t", "a,", nil, false},
	} {
		parsed, err := Parse(c.head)
		if err != nil || parsed.InsertTable != c.table {
			t.Errorf("%s: table %q, %v", c.head, parsed.InsertTable, err)
		}
		list := parsed.InsertColumns
		names, plain := parsed.InsertColumnNames()
		if list != c.list || plain != c.plain || !cmp.Equal(names, c.names) {
			t.Errorf("%s: list %q, names %q, plain %v", c.head, list, names, plain)
		}
	}
}
