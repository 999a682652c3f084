package chdb_test

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/docs/docstest"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

var update = flag.Bool("update", false, "write the documentation anew")

// statements are those of every kind. The table citytally.figures and the view citytally.latest
// exist.
var statements = []struct{ kind, text string }{
	{"read a view", "SELECT * FROM citytally.latest"}, {"read a table", "SELECT * FROM citytally.figures"}, {"read another database", "SELECT * FROM system.grants"},
	{"list tables", "SHOW TABLES FROM citytally"}, {"list processes", "SELECT query FROM system.processes"}, {"list users", "SELECT name FROM system.users"},
	{"read the stacks", "SELECT * FROM system.stack_trace"}, {"explain", "EXPLAIN SELECT 1"}, {"use a temporary table", "CREATE TEMPORARY TABLE x (a UInt8)"},
	{"insert", "INSERT INTO citytally.figures (a) VALUES (1)"}, {"insert into another database", "INSERT INTO system.one VALUES (1)"},
	{"create a table", "CREATE TABLE citytally.new1 (a UInt8) ENGINE = MergeTree ORDER BY a"}, {"create a view", "CREATE VIEW citytally.view1 AS SELECT 1"},
	{"create a table that runs queries", "CREATE TABLE citytally.runner1 (query String) ENGINE = QueryRunner"}, {"create a table on a file", "CREATE TABLE citytally.file1 (a UInt8) ENGINE = File(TSV, '/etc/hostname')"},
	{"create a dictionary that runs a program", "CREATE DICTIONARY citytally.dict1 (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)"},
	{"alter a table", "ALTER TABLE citytally.figures ADD COLUMN IF NOT EXISTS b1 UInt8"}, {"change rows", "ALTER TABLE citytally.figures UPDATE b = 1 WHERE a = 255 SETTINGS mutations_sync = 1"},
	{"delete rows", "DELETE FROM citytally.figures WHERE a = 255"}, {"empty a table", "TRUNCATE TABLE citytally.emptied"}, {"drop a table", "DROP TABLE citytally.dropped"},
	{"create a database", "CREATE DATABASE other1"}, {"drop the database default", "DROP DATABASE default"}, {"drop another database", "DROP DATABASE system"},
	{"create a user", "CREATE USER intruder1"}, {"grant", "GRANT SELECT ON *.* TO reader"}, {"shut down", "SYSTEM SHUTDOWN"}, {"kill a query", "KILL QUERY WHERE query_id = 'nobody'"},
	{"read a file", "SELECT * FROM file('/etc/hostname', 'LineAsString')"}, {"read a file by eval", "SELECT * FROM eval('select 1')"}, {"write a file", "INSERT INTO FUNCTION file('/tmp/x1', 'TSV', 'a UInt8') VALUES (1)"},
	{"ask another server", "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a UInt8')"}, {"run a program", "SELECT * FROM executable('id', 'TSV', 'a String')"}, {"write the answer to a file", "SELECT 1 INTO OUTFILE '/tmp/x'"},
	{"lift a bound", "SET max_memory_usage = 0"}, {"allow what is experimental", "SET allow_experimental_live_view = 1"}, {"change a setting", "SET max_block_size = 1000"},
}

// TestStatementMatrix runs statements of every kind as every user. The answers stand in the
// documentation.
func TestStatementMatrix(t *testing.T) {
	server := chdbtest.Start(t, func(c *chdb.Config) {
		c.Databases, c.Readable = []string{chdb.Database, "default"}, []string{chdb.Database + ".latest"}
	})
	passwords := map[string]string{}
	for _, user := range []string{chdbtest.User, chdbtest.Reader} {
		u, err := url.Parse(server.DSN(user))
		if err != nil {
			t.Fatal(err)
		}
		passwords[user], _ = u.User.Password()
	}
	ask := func(method, user, password, text string) string {
		address, body := server.HTTPURL()+"/", text
		if method == http.MethodGet {
			address, body = address+"?query="+url.QueryEscape(text), ""
		}
		request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		if err != nil {
			return err.Error()
		}
		request.SetBasicAuth(user, password)
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err.Error()
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err.Error()
		}
		return cmp.Or(response.Header.Get("X-ClickHouse-Exception-Code"), "yes")
	}
	for _, text := range []string{
		"CREATE TABLE citytally.figures (a UInt8, b UInt8 DEFAULT 0) ENGINE = MergeTree ORDER BY a", "CREATE VIEW citytally.latest DEFINER = views SQL SECURITY DEFINER AS SELECT a FROM citytally.figures",
	} {
		if got := ask(http.MethodPost, chdbtest.User, passwords[chdbtest.User], text); got != "yes" {
			t.Fatalf("%s: %s", text, got)
		}
	}
	columns := []struct{ name, method, user, password string }{
		{"default", http.MethodPost, chdbtest.User, passwords[chdbtest.User]}, {"reader", http.MethodPost, chdbtest.Reader, passwords[chdbtest.Reader]},
		{"reader, GET", http.MethodGet, chdbtest.Reader, passwords[chdbtest.Reader]},
	}
	var table strings.Builder
	table.WriteString("| statement |")
	for _, column := range columns {
		table.WriteString(" " + column.name + " |")
	}
	table.WriteString(" nobody |\n|---|" + strings.Repeat("---|", len(columns)+1) + "\n")
	refused := make([]string, len(statements)) // by nobody, at once, since failed logins are answered late
	var group errgroup.Group
	for i, s := range statements {
		group.Go(func() error { refused[i] = ask(http.MethodPost, chdbtest.User, "guessed", s.text); return nil })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, s := range statements {
		fmt.Fprintf(&table, "| %s |", s.kind)
		for _, column := range columns {
			for _, name := range []string{"emptied", "dropped"} {
				ask(http.MethodPost, chdbtest.User, passwords[chdbtest.User], "CREATE TABLE IF NOT EXISTS citytally."+name+" (a UInt8) ENGINE = MergeTree ORDER BY a")
			}
			fmt.Fprintf(&table, " %s |", ask(column.method, column.user, column.password, s.text))
		}
		fmt.Fprintf(&table, " %s |\n", refused[i])
	}
	if server.Restarts() != 0 {
		t.Error("a statement has ended the engine")
	}
	docstest.Section(t, "../../cmd/citytally/docs/access.md", "statements", table.String(), *update)
}
