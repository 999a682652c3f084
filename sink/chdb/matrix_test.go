package chdb_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/docs/docstest"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

var update = flag.Bool("update", false, "write the documentation anew")

// statements are those of every kind, with # for the number of who asks. The table citytally.figures and
// the view citytally.latest exist.
var statements = []struct{ kind, text string }{
	{"read a view", "SELECT * FROM citytally.latest"}, {"read a table", "SELECT * FROM citytally.figures"}, {"read another database", "SELECT * FROM system.grants"},
	{"list tables", "SHOW TABLES FROM citytally"}, {"list processes", "SELECT query FROM system.processes"}, {"list users", "SELECT name FROM system.users"},
	{"read the stacks", "SELECT * FROM system.stack_trace"}, {"explain", "EXPLAIN SELECT 1"}, {"explain what reads a table", "EXPLAIN SELECT * FROM citytally.figures"},
	{"read a table by an explanation", "EXPLAIN QUERY TREE SELECT (SELECT max(a) FROM citytally.figures)"}, {"read a table by a bound", "SELECT 1 LIMIT (SELECT max(a) FROM citytally.figures)"},
	{"read a table by merge", "SELECT * FROM merge('citytally', 'figures')"}, {"use a temporary table", "CREATE TEMPORARY TABLE x (a UInt8)"},
	{"insert", "INSERT INTO citytally.figures (a) VALUES (1)"}, {"insert into another database", "INSERT INTO system.one VALUES (1)"},
	{"create a table", "CREATE TABLE citytally.new# (a UInt8) ENGINE = MergeTree ORDER BY a"}, {"create a view", "CREATE VIEW citytally.view# AS SELECT 1"},
	{"create a table that runs queries", "CREATE TABLE citytally.runner# (query String) ENGINE = QueryRunner"}, {"create a table on a file", "CREATE TABLE citytally.file# (a UInt8) ENGINE = File(TSV, '/etc/hostname')"},
	{"create a dictionary that runs a program", "CREATE DICTIONARY citytally.dict# (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)"},
	{"alter a table", "ALTER TABLE citytally.figures ADD COLUMN IF NOT EXISTS b1 UInt8"}, {"change rows", "ALTER TABLE citytally.figures UPDATE b = 1 WHERE a = 255 SETTINGS mutations_sync = 1"},
	{"delete rows", "DELETE FROM citytally.figures WHERE a = 255"}, {"empty a table", "TRUNCATE TABLE citytally.emptied"}, {"drop a table", "DROP TABLE citytally.dropped"},
	{"create a database", "CREATE DATABASE other1"}, {"drop the database default", "DROP DATABASE default"}, {"drop another database", "DROP DATABASE system"},
	{"create a user", "CREATE USER intruder1"}, {"grant", "GRANT SELECT ON *.* TO reader"}, {"shut down", "SYSTEM SHUTDOWN"}, {"kill a query", "KILL QUERY WHERE query_id = 'nobody'"},
	{"read a file", "SELECT * FROM file('/etc/hostname', 'LineAsString')"}, {"read a file by eval", "SELECT * FROM eval('select 1')"}, {"write a file", "INSERT INTO FUNCTION file('/tmp/x1', 'TSV', 'a UInt8') VALUES (1)"},
	{"ask another server", "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a UInt8')"}, {"run a program", "SELECT * FROM executable('id', 'TSV', 'a String')"}, {"write the answer to a file", "SELECT 1 INTO OUTFILE '/tmp/x'"},
	{"lift a bound", "SET max_memory_usage = 0"}, {"allow what is experimental", "SET allow_experimental_live_view = 1"}, {"change a setting", "SET max_block_size = 1000"},
}

// asking is who asks ClickHouse, and by which of its protocols.
type asking struct {
	name           string
	method         string // of HTTP; "" is the native protocol
	user, password string
	foreign        bool // from a page of another site
}

// matrix is a server with a table and a view, and the passwords of its users.
type matrix struct {
	*chdb.Server
	t         *testing.T
	passwords map[string]string
}

func newMatrix(t *testing.T) *matrix {
	m := &matrix{t: t, passwords: map[string]string{}, Server: chdbtest.Start(t, func(c *chdb.Config) {
		c.Databases, c.Readable = []string{chdb.Database, "default"}, []string{chdb.Database + ".latest"}
	})}
	for _, user := range []string{chdbtest.User, chdbtest.Reader} {
		u, err := url.Parse(m.DSN(user))
		if err != nil {
			t.Fatal(err)
		}
		m.passwords[user], _ = u.User.Password()
	}
	for _, text := range []string{
		"CREATE TABLE citytally.figures (a UInt8, b UInt8 DEFAULT 0) ENGINE = MergeTree ORDER BY a", "INSERT INTO citytally.figures VALUES (97, 0)",
		"CREATE VIEW citytally.latest DEFINER = views SQL SECURITY DEFINER AS SELECT a FROM citytally.figures",
	} {
		if got := m.ask(m.as(chdbtest.User, http.MethodPost), text); got != "yes" {
			t.Fatalf("%s: %s", text, got)
		}
	}
	return m
}

func (m *matrix) as(user, method string) asking {
	protocol := map[string]string{http.MethodGet: ", GET", "": ", native"}[method]
	return asking{user + protocol, method, user, m.passwords[user], false}
}

// ask returns the code of the error of a statement, or yes.
func (m *matrix) ask(who asking, text string) string {
	if who.method == "" {
		return m.askNative(who, text)
	}
	path, body := "/", text
	if who.method == http.MethodGet {
		path, body = "/?query="+url.QueryEscape(text), ""
	}
	_, header, _ := m.request(who, path, body)
	return cmp.Or(header.Get("X-ClickHouse-Exception-Code"), "yes")
}

func (m *matrix) askNative(who asking, text string) string {
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{m.NativeAddr()}, Auth: clickhouse.Auth{Database: chdb.Database, Username: who.user, Password: who.password}})
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	if err = conn.Exec(m.t.Context(), text); err == nil {
		return "yes"
	}
	if exception, is := errors.AsType[*clickhouse.Exception](err); is {
		return strconv.Itoa(int(exception.Code))
	}
	return err.Error()
}

// request asks over HTTP and returns the status, the headers and the body of the answer.
func (m *matrix) request(who asking, path, body string) (int, http.Header, string) {
	request, err := http.NewRequestWithContext(m.t.Context(), who.method, m.HTTPURL()+path, strings.NewReader(body))
	check(m.t, err)
	if who.user != "" {
		request.SetBasicAuth(who.user, who.password)
	}
	if who.foreign {
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		request.Header.Set("Origin", "https://evil.example")
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	check(m.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	check(m.t, err)
	return response.StatusCode, response.Header, string(answer)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestInterfaceMatrix asks every address of ClickHouse's HTTP interface as everybody, for what only
// users may read. The answers stand in the documentation.
func TestInterfaceMatrix(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	const secret = "97000291" // of the view's one row
	foreign := m.as(chdbtest.User, http.MethodPost)
	foreign.name, foreign.foreign = "cross-site", true
	columns := []asking{{name: "nobody"}, {name: "wrong password", user: chdbtest.Reader, password: "guessed"}, m.as(chdbtest.Reader, ""), m.as(chdbtest.User, ""), foreign}
	query := url.QueryEscape("SELECT toUInt64(a) * 1000003 FROM citytally.latest")
	var table strings.Builder
	table.WriteString("| address |")
	for i := range columns {
		columns[i].name, _, _ = strings.Cut(columns[i].name, ",")
		table.WriteString(" " + columns[i].name + " |")
	}
	table.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, address := range []string{
		"GET /", "GET /?query=" + query, "POST /?query=" + query, "GET /query?query=" + query, "POST /query?query=" + query, "GET /ping", "GET /replicas_status", "GET /play",
		"GET /dashboard", "GET /metrics", "GET /js/uplot.js", "POST /interserver", "OPTIONS /", "PUT /?query=" + query, "DELETE /?query=" + query,
	} {
		method, path, _ := strings.Cut(address, " ")
		shown, _, _ := strings.Cut(address, "="+query)
		table.WriteString("| " + shown + " |")
		for _, who := range columns {
			who.method = method
			status, header, body := m.request(who, path, "")
			mark := strconv.Itoa(status)
			if strings.Contains(body, secret) {
				mark += " **yes**"
				if who.foreign || who.password != m.passwords[who.user] || who.user == "" {
					t.Errorf("%s: %s reads the view", address, who.name)
				}
			}
			if who.foreign && (status != http.StatusForbidden || header.Get("Access-Control-Allow-Origin") != "") {
				t.Errorf("%s: a page of another site is answered with %d", address, status)
			}
			table.WriteString(" " + mark + " |")
		}
		table.WriteString("\n")
	}
	docstest.Section(t, "../../cmd/citytally/docs/access.md", "clickhouse", table.String(), *update)
}

// TestStatementMatrix runs statements of every kind as every user. The answers stand in the
// documentation.
func TestStatementMatrix(t *testing.T) {
	m := newMatrix(t)
	columns := []asking{
		m.as(chdbtest.User, http.MethodPost), m.as(chdbtest.User, ""), m.as(chdbtest.Reader, http.MethodPost), m.as(chdbtest.Reader, http.MethodGet), m.as(chdbtest.Reader, ""),
	}
	guessing := asking{"nobody", http.MethodPost, chdbtest.User, "guessed", false}
	var table strings.Builder
	table.WriteString("| statement |")
	for _, column := range columns {
		table.WriteString(" " + column.name + " |")
	}
	table.WriteString(" nobody |\n|---|" + strings.Repeat("---|", len(columns)+1) + "\n")
	refused := make([]string, len(statements)) // by nobody, at once, since failed logins are answered late
	var group errgroup.Group
	for i, s := range statements {
		group.Go(func() error { refused[i] = m.ask(guessing, s.text); return nil })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, s := range statements {
		fmt.Fprintf(&table, "| %s |", s.kind)
		for n, column := range columns {
			for _, name := range []string{"emptied", "dropped"} {
				m.ask(columns[0], "CREATE TABLE IF NOT EXISTS citytally."+name+" (a UInt8) ENGINE = MergeTree ORDER BY a")
			}
			fmt.Fprintf(&table, " %s |", m.ask(column, strings.ReplaceAll(s.text, "#", strconv.Itoa(n))))
		}
		fmt.Fprintf(&table, " %s |\n", refused[i])
	}
	if m.Restarts() != 0 {
		t.Error("a statement has ended the engine")
	}
	docstest.Section(t, "../../cmd/citytally/docs/access.md", "statements", table.String(), *update)
}
