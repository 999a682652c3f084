package httpinterface

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/httpguard"
	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// slow is a query that streams for ever.
const slow = "SELECT number FROM system.numbers"

// get begins a request and leaves its body to be read.
func get(t testing.TB, ctx context.Context, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TestMidStream checks that an error after the first bytes breaks the body and says why inside it.
func TestMidStream(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	const failing = "SELECT number, throwIf(number = 5000000, 'too far') FROM numbers(6000000)"
	for _, encoding := range []string{"", "gzip", "frames"} {
		t.Run("encoding "+encoding, func(t *testing.T) {
			path := query(failing)
			switch encoding {
			case "gzip":
				path = query(failing, "enable_http_compression", "1") // net/http asks for gzip and undoes it
			case "frames":
				path = query(failing, "compress", "1")
			}
			response := get(t, t.Context(), base+path)
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status %d", response.StatusCode)
			}
			var body io.Reader = response.Body
			if encoding == "frames" {
				body = newFrameBody(body)
			}
			text, err := io.ReadAll(body)
			if err == nil {
				t.Error("the body ends as if it were whole")
			}
			tag := response.Header.Get("X-ClickHouse-Exception-Tag")
			tail := string(text[max(0, len(text)-1000):])
			_, exception, found := strings.Cut(tail, "\r\n__exception__\r\n"+tag+"\r\n")
			if len(tag) != 16 || !found || !strings.HasPrefix(exception, "Code: 395. DB::Exception: ") || !strings.Contains(exception, "too far") {
				t.Errorf("tag %q, tail %q", tag, tail)
			}
			message, _, _ := strings.Cut(exception, " "+tag+"\r\n__exception__\r\n")
			at := strings.LastIndex(message, "\n") + 1
			if got, want := message[at:], fmt.Sprint(at); got != want {
				t.Errorf("the exception's length is given as %s, want %s", got, want)
			}
		})
	}
}

// TestDisconnect checks that a query ends when its client leaves, before the first byte and in mid-stream.
func TestDisconnect(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	tests := map[string]struct {
		method, sql, path string
	}{
		"in mid-stream":        {http.MethodGet, "", query(slow + " WHERE 11 = 11")},
		"before the first row": {http.MethodGet, "", query("SELECT count() FROM system.numbers WHERE 12 = 12")},
		"posted":               {http.MethodPost, "SELECT count() FROM system.numbers WHERE 13 = 13", "/"},
		"in a session":         {http.MethodPost, "SELECT count() FROM system.numbers WHERE 14 = 14", query("", "session_id", "leaving")},
		"inserting":            {http.MethodPost, "INSERT INTO FUNCTION null('a UInt64') SELECT number FROM system.numbers WHERE 15 = 15", "/"},
	}
	marks := map[string]string{"in mid-stream": "11 = 11", "before the first row": "12 = 12", "posted": "13 = 13", "in a session": "14 = 14", "inserting": "15 = 15"}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			gone := make(chan error, 1)
			go func() {
				r, err := http.NewRequestWithContext(ctx, test.method, base+test.path, strings.NewReader(test.sql))
				if err != nil {
					gone <- err
					return
				}
				response, err := http.DefaultClient.Do(r)
				if err == nil {
					_, err = io.Copy(io.Discard, response.Body)
					err = errors.Join(err, response.Body.Close())
				}
				gone <- err
			}()
			enginetest.WaitFor(t, "the query to run", func() bool { return enginetest.Running(t, marks[name]) })
			leave()
			if err := <-gone; !errors.Is(err, context.Canceled) {
				t.Errorf("client: %v", err)
			}
			enginetest.WaitFor(t, "the query to end", func() bool { return !enginetest.Running(t, marks[name]) })
		})
	}
}

// TestShutdown checks that what still runs after the grace is killed, and that Serve waits for it.
func TestShutdown(t *testing.T) {
	e := enginetest.Open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, l, nil, e, httpguard.New(l.Addr().String(), nil), limits.Clients{StopGrace: 10 * time.Millisecond}, zerolog.Nop())
	}()
	base := "http://" + l.Addr().String()
	call{path: query("CREATE TEMPORARY TABLE t (a Int8)", "session_id", "left open"), method: http.MethodPost}.must(t, base)
	response := get(t, t.Context(), base+query(slow+" WHERE 21 = 21"))
	defer response.Body.Close()
	stop()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Serve did not end")
	}
	if enginetest.Running(t, "21 = 21") {
		t.Error("the query still runs")
	}
	if _, err := io.Copy(io.Discard, response.Body); err == nil {
		t.Error("the killed answer ends as if it were whole")
	}
}

// TestWaitEndOfQuery checks that an answer held back in a file is the same, and that the file goes.
func TestWaitEndOfQuery(t *testing.T) {
	base := startHTTP(t, limits.Clients{SpillBytes: 4 << 20})
	const big = "SELECT number FROM numbers(500000)"
	plain := call{path: query(big)}.must(t, base)
	held := call{path: query(big, "wait_end_of_query", "1")}.send(t, base)
	if held.body != plain {
		t.Errorf("%d bytes held back, want the %d of the plain answer", len(held.body), len(plain))
	}
	if summary := held.header.Get("X-ClickHouse-Summary"); !strings.Contains(summary, `"result_rows":"500000"`) {
		t.Errorf("summary %s, want that of the whole answer", summary)
	}
	call{path: query("SELECT throwIf(number = 900000) FROM numbers(1000000)", "wait_end_of_query", "1")}.send(t, base)
	if left, err := filepath.Glob(filepath.Join(enginetest.Open(t).Dir(), "answer-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	large := call{path: query("SELECT number FROM numbers(2000000)", "wait_end_of_query", "1")}.send(t, base)
	if large.status != http.StatusInternalServerError || !strings.Contains(large.body, "NOT_ENOUGH_SPACE") {
		t.Errorf("more than there is room for: %d, %.200s", large.status, large.body)
	}
	if again := (call{path: query(big, "wait_end_of_query", "1")}).send(t, base); again.body != plain {
		t.Error("the room is not given back")
	}
}

// TestFlatMemory streams an answer and an insert much larger than what this process may keep of them.
func TestFlatMemory(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	response := get(t, t.Context(), base+query("SELECT number, repeat('x', 100) AS s FROM numbers(1000000) FORMAT JSON"))
	defer response.Body.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		base+query("INSERT INTO FUNCTION null('line String') FORMAT LineAsString"), response.Body)
	if err != nil {
		t.Fatal(err)
	}
	most := before
	r.Body = io.NopCloser(readHook{response.Body, func() { most = max(most, heap()) }})
	inserted, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer inserted.Body.Close()
	if inserted.StatusCode != http.StatusOK {
		t.Fatalf("insert: status %d", inserted.StatusCode)
	}
	const limit = 48 << 20 // of about 130 MiB that passed twice
	if most-before > limit {
		t.Errorf("the heap grew by %d MiB, want at most %d", (most-before)>>20, limit>>20)
	}
}

// readHook calls look now and then.
type readHook struct {
	io.Reader
	look func()
}

func (r readHook) Read(p []byte) (int, error) {
	if time.Now().UnixNano()%500 == 0 {
		r.look()
	}
	return r.Reader.Read(p)
}
