package httpinterface

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

func TestInsert(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	native := call{path: query("SELECT toInt32(5) AS a, 'n\n\nn' AS s FORMAT Native")}.must(t, base)
	tests := map[string]struct {
		call
		want string // of all rows, as TSV
	}{
		"values in the query":      {call{path: "/", body: "INSERT INTO %s VALUES (1, 'x'), (2, 'y;z')"}, "1\tx\n2\ty;z\n"},
		"values in the body":       {call{path: query("INSERT INTO %s VALUES"), body: "(1, 'x'), (2, 'y')"}, "1\tx\n2\ty\n"},
		"format in the query":      {call{path: query("INSERT INTO %s FORMAT CSV"), body: "1,x\n2,\"y\n\nz\"\n"}, "1\tx\n2\ty\\n\\nz\n"},
		"format in the body":       {call{path: query("INSERT INTO %s"), body: "FORMAT TSV\n1\tx\n"}, "1\tx\n"},
		"all in the body":          {call{path: "/", body: "INSERT INTO %s (s, a) FORMAT JSONEachRow\n{\"a\":3,\"s\":\"j\"}\n"}, "3\tj\n"},
		"settings":                 {call{path: query("INSERT INTO %s SETTINGS input_format_null_as_default = 1 FORMAT CSV"), body: "1,x\n"}, "1\tx\n"},
		"binary":                   {call{path: query("INSERT INTO %s FORMAT Native"), body: native}, "5\tn\\n\\nn\n"},
		"binary after its text":    {call{path: "/", body: "INSERT INTO %s FORMAT Native\n" + native}, "5\tn\\n\\nn\n"},
		"select":                   {call{path: "/", body: "INSERT INTO %s SELECT number, 'q' FROM numbers(2)"}, "0\tq\n1\tq\n"},
		"first row blank":          {call{path: query("INSERT INTO %s FORMAT TSV"), body: "1\t x\n"}, "1\t x\n"},
		"by a kept session":        {call{path: query("INSERT INTO %s FORMAT TSV", "session_id", "inserts"), body: "1\tx\n"}, "1\tx\n"},
		"parameter in the table":   {call{path: query("INSERT INTO {t:Identifier} FORMAT TSV", "param_t", "%s"), body: "1\tx\n"}, "1\tx\n"},
		"no rows":                  {call{path: query("INSERT INTO %s FORMAT TSV"), method: http.MethodPost}, ""},
		"several blocks of inline": {call{path: "/?max_insert_block_size=1", body: "INSERT INTO %s VALUES (1, 'x') (2, 'y')"}, "1\tx\n2\ty\n"},
	}
	number := 0
	for name, test := range tests {
		number++
		table := fmt.Sprintf("http_insert_%d", number)
		t.Run(name, func(t *testing.T) {
			call{body: "CREATE TABLE " + table + " (a Int32, s String) ENGINE = MergeTree ORDER BY a"}.must(t, base)
			c := test.call
			c.path, c.body = strings.ReplaceAll(c.path, "%25s", table), strings.Replace(c.body, "%s", table, 1)
			got := c.send(t, base)
			if got.status != http.StatusOK || got.body != "" {
				t.Fatalf("insert: status %d, body %q; want an empty 200", got.status, got.body)
			}
			rows := call{path: query("SELECT * FROM " + table + " ORDER BY a")}.must(t, base)
			if rows != test.want {
				t.Errorf("rows %q, want %q", rows, test.want)
			}
			if written := fmt.Sprintf(`"written_rows":"%d"`, strings.Count(test.want, "\n")); !strings.Contains(got.header.Get("X-ClickHouse-Summary"), written) {
				t.Errorf("summary %s, want %s", got.header.Get("X-ClickHouse-Summary"), written)
			}
		})
	}
}

// TestInsertRefused checks that rows which cannot be read are an error with ClickHouse's code, and commit nothing.
func TestInsertRefused(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	call{body: "CREATE TABLE http_refused (a Int32, s String) ENGINE = MergeTree ORDER BY a"}.must(t, base)
	tests := map[string]struct {
		call
		status int
		has    string
	}{
		"not a number":   {call{path: query("INSERT INTO http_refused FORMAT CSV"), body: "1,x\ny,z\n"}, 400, "Code: 27."},
		"no such table":  {call{path: query("INSERT INTO http_refusedd FORMAT CSV"), body: "1,x\n"}, 404, "Code: 60."},
		"no such format": {call{path: query("INSERT INTO http_refused FORMAT Nope"), body: "1,x\n"}, 404, "Code: 73."},
		"truncated gzip": {call{path: query("INSERT INTO http_refused FORMAT CSV"), body: encode(t, "gzip", "1,x\n2,y\n")[:20], header: map[string]string{"Content-Encoding": "gzip"}}, 500, "Code: 271."},
		"truncated zstd": {call{path: query("INSERT INTO http_refused FORMAT CSV"), body: encode(t, "zstd", "1,x\n2,y\n")[:14], header: map[string]string{"Content-Encoding": "zstd"}}, 500, "Code: 271."},
		"not gzip":       {call{path: query("INSERT INTO http_refused FORMAT CSV"), body: "1,x\n", header: map[string]string{"Content-Encoding": "gzip"}}, 500, "Code: 271."},
		"no frames":      {call{path: query("INSERT INTO http_refused FORMAT CSV", "decompress", "1"), body: strings.Repeat("1,x\n", 20)}, 500, "Code: "},
		"frame cut":      {call{path: query("INSERT INTO http_refused FORMAT CSV", "decompress", "1"), body: framesOf(t, "1,x\n2,y\n")[:25]}, 500, "Code: 33."},
		"checksum":       {call{path: query("INSERT INTO http_refused FORMAT CSV", "decompress", "1"), body: "x" + framesOf(t, "1,x\n2,y\n")[1:]}, 500, "Code: 40."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := test.send(t, base)
			if got.status != test.status || !strings.Contains(got.body, test.has) {
				t.Errorf("status %d, body %q; want %d and %q", got.status, got.body, test.status, test.has)
			}
		})
	}
	if rows := (call{path: query("SELECT count() FROM http_refused")}).must(t, base); rows != "0\n" {
		t.Errorf("%s rows were committed, want none", strings.TrimSpace(rows))
	}
}

// TestInsertAborted checks that a body which ends before its announced end commits nothing, however long it was.
func TestInsertAborted(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	call{body: "CREATE TABLE http_aborted (a Int32) ENGINE = MergeTree ORDER BY a"}.must(t, base)
	for name, length := range map[string]int64{"announced length": 1 << 20, "chunked": -1} {
		t.Run(name, func(t *testing.T) {
			body, pipe := io.Pipe()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+query("INSERT INTO http_aborted FORMAT TSV"), body)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = length
			go func() {
				for range 1000 {
					_, _ = pipe.Write([]byte("1\n2\n3\n4\n"))
				}
				_ = pipe.CloseWithError(io.ErrNoProgress)
			}()
			if response, err := http.DefaultClient.Do(r); err == nil {
				t.Errorf("status %d for a body that broke off, want an error", response.StatusCode)
				_ = response.Body.Close()
			}
			// The next statement on the table waits for nothing of the aborted insert: it must be gone by itself.
			enginetest.WaitFor(t, "the insert to end", func() bool {
				return call{path: query("SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO http_aborted%'")}.must(t, base) == "0\n"
			})
			if rows := (call{path: query("SELECT count() FROM http_aborted")}).must(t, base); rows != "0\n" {
				t.Errorf("%s rows were committed, want none", strings.TrimSpace(rows))
			}
		})
	}
}

func TestExternalTables(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	send := func(t *testing.T, path string, fields, files map[string]string, user string) answer {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range fields {
			if err := form.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		for name, data := range files {
			part, err := form.CreateFormFile(name, "")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(part, data) // to memory
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		header := map[string]string{"Content-Type": form.FormDataContentType()}
		if user != "" {
			header["X-ClickHouse-User"], header["X-ClickHouse-Key"] = user, enginetest.ReaderPassword
		}
		return call{path: path, body: body.String(), header: header}.send(t, base)
	}
	tests := map[string]struct {
		path          string
		fields, files map[string]string
		user          string
		status        int
		want          string
	}{
		"structure":  {path: "/?ext_structure=a+Int32,+b+Decimal(9,2)&ext_format=CSV&query=SELECT+sum(a),+sum(b)+FROM+ext", files: map[string]string{"ext": "1,2.5\n3,4\n"}, want: "4\t6.5\n"},
		"types":      {path: "/?ext_types=Int32,String", fields: map[string]string{"query": "SELECT max(_1), max(_2) FROM ext"}, files: map[string]string{"ext": "1\tx\n2\ty\n"}, want: "2\ty\n"},
		"parameters": {path: "/", fields: map[string]string{"query": "SELECT {a:Int32} + 1", "param_a": "3"}, want: "4\n"},
		"reader":     {path: "/?ext_types=Int32&query=SELECT+sum(_1)+FROM+ext", files: map[string]string{"ext": "1\n2\n"}, user: "reader", status: 500, want: "Code: 164."},
		"session":    {path: "/?session_id=ext&ext_types=Int32&query=SELECT+sum(_1)+FROM+ext", files: map[string]string{"ext": "1\n2\n"}, want: "3\n"},
		"undescribed": {path: "/?query=SELECT+1", files: map[string]string{"ext": "1\n"}, status: 400,
			want: "Neither structure nor types"},
		"hostile": {path: "/?ext_structure=a+Int32)+ENGINE+%3D+Memory;--&query=SELECT+1", files: map[string]string{"ext": "1\n"}, status: 400,
			want: "parentheses do not match"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for range 2 { // a kept session must not keep the table
				got := send(t, test.path, test.fields, test.files, test.user)
				if test.status == 0 {
					test.status = http.StatusOK
				}
				if got.status != test.status || !strings.Contains(got.body, test.want) {
					t.Fatalf("status %d, body %q; want %d and %q", got.status, got.body, test.status, test.want)
				}
			}
		})
	}
}
