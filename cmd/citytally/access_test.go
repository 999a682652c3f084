package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
)

// askClickHouse sends a query with a user's password, none where that is "", and returns the status.
func askClickHouse(t *testing.T, base, user, password string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/?database=citytally", strings.NewReader("SELECT count() FROM totals_latest"))
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		request.SetBasicAuth(user, password)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// Nobody gets in without credentials; with those that status shows a district's figures come
// in by the gateway's user alone.
func TestNobodyGetsInWithoutCredentials(t *testing.T) {
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{}
	if err := json.Unmarshal([]byte(must(t, "status", "--secrets", "--dir", dir, "--format", "json")), &secrets); err != nil {
		t.Fatal(err)
	}
	for name, login := range map[string]nats.Option{
		"nothing": nats.UserInfo("", ""), "another password": nats.UserInfo(access.Operator, secrets["nats-admin"]), "no user": nats.UserInfo("citytally", secrets["nats-admin"]),
	} {
		if nc, err := nats.Connect(i.NATS, login); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v; want a refusal", name, err)
			nc.Close()
		}
	}
	nc, err := nats.Connect(i.NATS, nats.UserInfo(access.Operator, secrets["nats-operator"]), nats.CustomInboxPrefix("_INBOX_operator"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Request("$JS.API.STREAM.INFO.ACCEPTED", nil, 10*time.Second); err != nil {
		t.Errorf("the operator cannot look at a stream: %v", err)
	}
	for user, password := range map[string]string{"default": secrets["clickhouse-default"], "reader": secrets["clickhouse-reader"]} {
		for given, want := range map[string]int{password: http.StatusOK, "": http.StatusForbidden, secrets["nats-admin"]: http.StatusForbidden} {
			if got := askClickHouse(t, i.ClickHouseHTTP, user, given); got != want {
				t.Errorf("ClickHouse answers %s with %d, want %d", user, got, want)
			}
		}
	}
	if text := must(t, "status", "--dir", dir) + must(t, "config", "show", "--dir", dir); strings.Contains(text, secrets["nats-operator"]) {
		t.Error("a secret is shown by other commands")
	}
}
