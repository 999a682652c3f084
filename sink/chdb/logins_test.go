package chdb_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

// Failed logins over both protocols are counted beyond the wall. An answer that is held back until
// it is whole has its room where the confined child may write.
func TestBeyondTheWall(t *testing.T) {
	server := chdbtest.Start(t)
	address, err := url.Parse(server.DSN(chdbtest.Reader))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := address.User.Password()
	ask := func(password, query string) (status int, body string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.HTTPURL()+"/?wait_end_of_query=1", strings.NewReader(query))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(chdbtest.Reader, password)
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var text strings.Builder
		if err := response.Write(&text); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, text.String()
	}
	if status, _ := ask("wrong", "SELECT 1"); status != http.StatusForbidden && status != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d", status)
	}
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{server.NativeAddr()}, Auth: clickhouse.Auth{Username: chdbtest.Reader, Password: "wrong"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a wrong password gets in over the native protocol")
	}
	eventually(t, "both failures are counted", func() bool { return server.FailedLogins() == 2 })
	if status, body := ask(password, "SELECT number FROM numbers(500000)"); status != http.StatusOK || !strings.Contains(body, "\n499999\n") {
		t.Errorf("an answer that is held back: %d, %.300s", status, body)
	}
}
