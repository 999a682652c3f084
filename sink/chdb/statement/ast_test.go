package statement_test

import (
	"strings"
	"testing"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/judged"
	"github.com/citytally/citytally/sink/chdb/statement"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// FuzzAgainstEngine compares this package's reading of a text with ClickHouse's own: in the syntax
// tree of a statement that was let through there is no call that is refused, whatever quotes,
// escapes and comments it hides behind.
func FuzzAgainstEngine(f *testing.F) {
	for _, seed := range []string{
		"SELECT format('{}', 'file(1)'), [1, 2][1], CAST('1' AS UInt8)", "SELECT 'file(''a'')' /* file('b') */ -- file('c')\n", "SELECT $$file('a')$$, $t$'$t$ FROM numbers(3)",
		"select * from `f\\x7grmat`(Values,'b String','(1)')", "SELECT `fi\\le`('a')", "SELECT \"file\"('a')", "SELECT `file`\n('a')", "SELECT fi/**/le('a')", "SELECT 'a\\'', file('b')",
		"SELECT ‘file(1)’", "SELECT “file”('a')", "SELECT x'66', file", "SELECT 1 AS file, (SELECT file)", "WITH file AS (SELECT 1) SELECT * FROM file", "SELECT * FROM (SELECT * FROM url('x'))",
		"SELECT # file('a')\n1", "SELECT 1e-file('a')", "SELECT {a:String}, eval('select 1')", "SELECT 1 FORMAT CSV", "SELECT /* /* */ file('a') */ 1", "EXPLAIN SELECT file('a')",
	} {
		f.Add(seed)
	}
	session := enginetest.Session(f)
	if tree, err := session.Query(f.Context(), "EXPLAIN AST SELECT lower('A')", "TSVRaw"); err != nil || !strings.Contains(string(tree.Data), " Function lower ") {
		f.Fatalf("ClickHouse writes its tree otherwise than this test reads it: %s, %v", tree.Data, err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		read, err := statement.Parse(query)
		if err != nil || read.Kind != statement.Select {
			return
		}
		answer, err := session.Query(t.Context(), "EXPLAIN AST "+read.Text, "TSVRaw")
		if err != nil {
			return // ClickHouse does not read it, or lets nobody explain it
		}
		for line := range strings.Lines(string(answer.Data)) {
			call, is := strings.CutPrefix(strings.TrimSpace(line), "Function ")
			if !is {
				continue
			}
			name, _, _ := strings.Cut(call, " ")
			function, _ := judged.Functions.Of(name)
			table, _ := judged.TableFunctions.Of(name)
			if function == judged.Refused || table == judged.Refused && function == "" {
				t.Fatalf("%q is let through, and ClickHouse reads a call of %s:\n%s", query, name, answer.Data)
			}
		}
	})
}
