package httpinterface

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/httpguard"
	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// startHTTP serves the package's engine on a free port until the test ends, when no goroutine may be left.
func startHTTP(t testing.TB, bounds limits.Clients) (base string) {
	t.Helper()
	e := enginetest.Open(t)
	before := goleak.IgnoreCurrent()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, nil, e, httpguard.New(l.Addr().String(), nil), bounds, zerolog.Nop()) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-served:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("Serve did not end within 30 s of its context")
		}
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// call is one request as curl would make it.
type call struct {
	method string // GET, or POST when there is a body
	path   string // with the query
	body   string
	header map[string]string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (c call) send(t testing.TB, base string) answer {
	t.Helper()
	method := c.method
	if method == "" {
		method = http.MethodGet
		if c.body != "" {
			method = http.MethodPost
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), method, base+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	if r.Header.Get("Accept-Encoding") == "" {
		r.Header.Set("Accept-Encoding", "identity")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// must fails the test unless the answer is a 200.
func (c call) must(t testing.TB, base string) string {
	t.Helper()
	got := c.send(t, base)
	if got.status != http.StatusOK {
		t.Fatalf("%s %.200s: status %d: %s", c.path, c.body, got.status, got.body)
	}
	return got.body
}

// query makes the path of a query parameter and further ones.
func query(sql string, more ...string) string {
	path := "/?query=" + url.QueryEscape(sql)
	for i := 0; i+1 < len(more); i += 2 {
		path += "&" + url.QueryEscape(more[i]) + "=" + url.QueryEscape(more[i+1])
	}
	return path
}

func TestInterface(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	call{body: "CREATE TABLE http_face (a Int32, s String) ENGINE = MergeTree ORDER BY a"}.must(t, base)
	call{body: "CREATE DATABASE http_db"}.must(t, base)
	call{body: "CREATE TABLE http_db.t (a Int32) ENGINE = MergeTree ORDER BY a"}.must(t, base)
	call{body: "INSERT INTO http_db.t VALUES (7)"}.must(t, base)

	writer := func(password string) map[string]string {
		return map[string]string{"X-ClickHouse-User": "writer", "X-ClickHouse-Key": password}
	}
	reader := map[string]string{"X-ClickHouse-User": "reader", "X-ClickHouse-Key": enginetest.ReaderPassword}
	tests := map[string]struct {
		call
		status  int               // 200 when 0
		want    string            // the whole body
		has     string            // part of the body
		answers map[string]string // headers of the answer; "*" for any text but none
	}{
		"root":               {call: call{path: "/"}, want: "Ok.\n", answers: map[string]string{"X-ClickHouse-Server-Display-Name": "*"}},
		"ping":               {call: call{path: "/ping"}, want: "Ok.\n"},
		"ping by HEAD":       {call: call{path: "/ping", method: "HEAD"}, want: ""},
		"replicas":           {call: call{path: "/replicas_status"}, want: "Ok.\n"},
		"play":               {call: call{path: "/play"}, has: "<textarea", answers: map[string]string{"Content-Security-Policy": "*", "Content-Type": "text/html; charset=UTF-8"}},
		"unknown path":       {call: call{path: "/nosuch"}, status: 404, has: "There is no handle /nosuch"},
		"options":            {call: call{path: "/", method: "OPTIONS"}, status: 204},
		"other method":       {call: call{path: "/", method: "DELETE"}, status: 405},
		"query in URL":       {call: call{path: query("SELECT 1, 'a'")}, want: "1\ta\n", answers: map[string]string{"Content-Type": "text/tab-separated-values; charset=UTF-8", "X-ClickHouse-Format": "TabSeparated", "X-ClickHouse-Timezone": "*", "X-ClickHouse-Query-Id": "*", "X-ClickHouse-Summary": "*"}},
		"path query":         {call: call{path: "/query?query=SELECT+1"}, want: "1\n"},
		"HEAD":               {call: call{path: query("SELECT 1"), method: "HEAD"}, want: "", answers: map[string]string{"X-ClickHouse-Format": "TabSeparated"}},
		"semicolon in URL":   {call: call{path: "/?query=SELECT%201;"}, want: "1\n"},
		"query in body":      {call: call{path: "/", body: "SELECT 2"}, want: "2\n"},
		"query and body":     {call: call{path: "/?query=SELECT", body: "3"}, want: "3\n"},
		"broken apart":       {call: call{path: "/?query=SEL", body: "ECT 1"}, status: 400, has: "Code: 62."},
		"empty query":        {call: call{path: "/", body: " "}, status: 400, has: "Empty query"},
		"two statements":     {call: call{path: "/", body: "SELECT 1; SELECT 2"}, status: 400, has: "Code: 62."},
		"format clause":      {call: call{path: query("SELECT 1 AS x FORMAT JSONEachRow", "default_format", "CSV")}, want: "{\"x\":1}\n", answers: map[string]string{"Content-Type": "application/x-ndjson; charset=UTF-8", "X-ClickHouse-Format": "JSONEachRow"}},
		"default_format":     {call: call{path: query("SELECT 'x'", "default_format", "CSV")}, want: "\"x\"\n", answers: map[string]string{"Content-Type": "text/csv; charset=UTF-8; header=absent"}},
		"format header":      {call: call{path: query("SELECT 'x'"), header: map[string]string{"X-ClickHouse-Format": "JSONCompactEachRow"}}, want: "[\"x\"]\n"},
		"unknown format":     {call: call{path: query("SELECT 1 FORMAT NoSuch")}, status: 404, has: "Code: 73."},
		"database":           {call: call{path: query("SELECT a FROM t", "database", "http_db")}, want: "7\n"},
		"database header":    {call: call{path: query("SELECT a FROM t"), header: map[string]string{"X-ClickHouse-Database": "http_db"}}, want: "7\n"},
		"unknown database":   {call: call{path: query("SELECT 1", "database", "nosuch")}, status: 404, has: "Code: 81.", answers: map[string]string{"X-ClickHouse-Exception-Code": "81"}},
		"unknown table":      {call: call{path: query("SELECT * FROM nosuch")}, status: 404, has: "Code: 60. DB::Exception: ", answers: map[string]string{"X-ClickHouse-Exception-Code": "60"}},
		"failing function":   {call: call{path: query("SELECT throwIf(1, 'ouch')")}, status: 500, has: "ouch", answers: map[string]string{"X-ClickHouse-Exception-Code": "395"}},
		"parameters":         {call: call{path: query("SELECT {a:UInt8} + 1, {s:String}, {l:Array(String)}", "param_a", "4", "param_s", `it's \\ "x"`, "param_l", "['p','q']")}, want: "5\tit\\'s \\\\ \"x\"\t['p','q']\n"},
		"parameter absent":   {call: call{path: query("SELECT {a:UInt8}")}, status: 500, has: "Code: 456."},
		"identifier":         {call: call{path: query("SELECT a FROM {d:Identifier}.t", "param_d", "http_db")}, want: "7\n"},
		"setting":            {call: call{path: query("SELECT getSetting('max_threads')", "max_threads", "3")}, want: "3\n"},
		"setting in text":    {call: call{path: query("SELECT getSetting('max_threads') SETTINGS max_threads = 1")}, want: "1\n"},
		"unknown setting":    {call: call{path: query("SELECT 1", "no_such", "3")}, status: 404, has: "Code: 115."},
		"hostile setting":    {call: call{path: query("SELECT 1", "max_threads=1; DROP", "3")}, status: 404, has: "Code: 115."},
		"setting limits":     {call: call{path: query("SELECT number FROM numbers(10)", "max_result_rows", "3")}, status: 500, has: "Code: 396."},
		"query id":           {call: call{path: query("SELECT 1", "query_id", "mine")}, want: "1\n", answers: map[string]string{"X-ClickHouse-Query-Id": "mine"}},
		"query id header":    {call: call{path: query("SELECT 1"), header: map[string]string{"X-ClickHouse-Query-Id": "mine too"}}, want: "1\n", answers: map[string]string{"X-ClickHouse-Query-Id": "mine too"}},
		"session timezone":   {call: call{path: query("SELECT toDateTime(0)", "session_timezone", "Asia/Shanghai")}, want: "1970-01-01 08:00:00\n", answers: map[string]string{"X-ClickHouse-Timezone": "Asia/Shanghai"}},
		"GET create":         {call: call{path: query("CREATE TABLE http_get (a Int8) ENGINE = Memory")}, status: 500, has: readonlyHint, answers: map[string]string{"X-ClickHouse-Exception-Code": "164"}},
		"GET insert":         {call: call{path: query("INSERT INTO http_face VALUES (1, 'x')")}, status: 500, has: "Code: 164."},
		"GET with settings":  {call: call{path: query("SELECT 1", "readonly", "0")}, status: 500, has: "Code: 164."},
		"GET drops readonly": {call: call{path: query("SELECT 1 SETTINGS readonly = 0")}, status: 500, has: "Code: 164."},
		"outfile":            {call: call{path: "/", body: "SELECT 1 INTO OUTFILE '/tmp/x'"}, status: 403, has: "OUTFILE"},
		"infile":             {call: call{path: "/", body: "INSERT INTO http_face FROM INFILE '/etc/passwd' FORMAT TSV"}, status: 403, has: "INFILE"},
		"file function":      {call: call{path: "/", body: "SELECT * FROM file('/etc/passwd', 'LineAsString')"}, status: 403, has: "Code: 497."},
		"empty answer":       {call: call{path: query("SELECT 1 WHERE 0")}, want: ""},
		"empty JSON":         {call: call{path: query("SELECT 1 AS a WHERE 0 FORMAT JSON")}, has: "\"rows\": 0"},
		"empty with names":   {call: call{path: query("SELECT 1 AS a WHERE 0 FORMAT CSVWithNames")}, want: "\"a\"\n"},
		"show":               {call: call{path: query("SHOW TABLES FROM http_db")}, want: "t\n"},
		"exists":             {call: call{path: query("EXISTS TABLE nosuch")}, want: "0\n"},
		"describe":           {call: call{path: query("DESCRIBE TABLE http_db.t FORMAT JSON")}, has: "Int32"},
		"explain":            {call: call{path: query("EXPLAIN SELECT 1")}, has: "ReadFrom"},
		"totals":             {call: call{path: query("SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY k WITH TOTALS ORDER BY k")}, want: "0\t2\n1\t2\n\n0\t4\n"},
		"basic":              {call: call{path: query("SELECT currentUser() != ''"), header: map[string]string{"Authorization": basic("writer", enginetest.WriterPassword)}}, want: "1\n"},
		"URL user":           {call: call{path: query("SELECT 1", "user", "writer", "password", enginetest.WriterPassword)}, want: "1\n"},
		"header user":        {call: call{path: query("SELECT 1"), header: writer(enginetest.WriterPassword)}, want: "1\n"},
		"wrong password":     {call: call{path: query("SELECT 1"), header: writer("x")}, status: 403, has: "Code: 516. DB::Exception: writer: Authentication failed", answers: map[string]string{"X-ClickHouse-Exception-Code": "516"}},
		"wrong basic":        {call: call{path: query("SELECT 1"), header: map[string]string{"Authorization": basic("nobody", "x")}}, status: 403, has: "Code: 516."},
		"bearer":             {call: call{path: query("SELECT 1"), header: map[string]string{"Authorization": "Bearer x"}}, status: 403, has: "'Bearer' HTTP Authorization scheme is not supported"},
		"mixed auth":         {call: call{path: query("SELECT 1", "user", "writer"), header: writer(enginetest.WriterPassword)}, status: 403, has: "simultaneously"},
		"empty user":         {call: call{path: query("SELECT 1", "user", "")}, status: 403, has: "empty user name"},
		"reader reads":       {call: call{path: "/", body: "SELECT 1", header: reader}, want: "1\n"},
		"reader sets":        {call: call{path: "/?max_threads=1", body: "SELECT 1", header: reader}, want: "1\n"},
		"reader by GET":      {call: call{path: query("SELECT 1"), header: reader}, want: "1\n"},
		"reader writes":      {call: call{path: "/", body: "INSERT INTO http_face VALUES (1, 'x')", header: reader}, status: 500, has: "Code: 164."},
		"foreign page":       {call: call{path: "/", body: "SELECT 1", header: map[string]string{"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}}, status: 403, has: "Code: 497. DB::Exception: a web page of another site", answers: map[string]string{"X-ClickHouse-Exception-Code": "497"}},
		"foreign but named":  {call: call{path: "/", body: "SELECT 1", header: map[string]string{"Origin": "http://evil.example", "X-ClickHouse-User": "default"}}, status: 403, has: "another site"},
		"bad flag":           {call: call{path: query("SELECT 1", "compress", "maybe")}, status: 400, has: "want 0 or 1"},
		"bad escape":         {call: call{path: "/?query=%zz"}, status: 400, has: "Code: 36."},
		"bad encoding":       {call: call{path: "/", body: "SELECT 1", header: map[string]string{"Content-Encoding": "x"}}, status: 400, has: "Content-Encoding"},
		"long query":         {call: call{path: "/", body: "SELECT '" + strings.Repeat("x", 300<<10) + "'"}, status: 400, has: "Max query size exceeded"},
		"longer allowed":     {call: call{path: "/?max_query_size=1000000", body: "SELECT length('" + strings.Repeat("x", 300<<10) + "')"}, want: "307200\n"},
		"wait to the end":    {call: call{path: query("SELECT throwIf(number = 3000000, 'late') FROM numbers(4000000)", "wait_end_of_query", "1")}, status: 500, has: "late"},
		"role":               {call: call{path: query("SELECT 1", "role", "x")}, status: 501, has: "no roles"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := test.send(t, base)
			if test.status == 0 {
				test.status = http.StatusOK
			}
			if got.status != test.status {
				t.Fatalf("status %d, want %d; body: %.500s", got.status, test.status, got.body)
			}
			if test.has == "" && got.body != test.want && test.status == http.StatusOK {
				t.Errorf("body %.500q, want %q", got.body, test.want)
			}
			if !strings.Contains(got.body, test.has) {
				t.Errorf("body %.500q, want one with %q", got.body, test.has)
			}
			for name, want := range test.answers {
				if value := got.header.Get(name); value != want && (want != "*" || value == "") {
					t.Errorf("header %s: %q, want %q", name, value, want)
				}
			}
		})
	}
}

func basic(user, password string) string {
	r := http.Request{Header: make(http.Header)}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}
