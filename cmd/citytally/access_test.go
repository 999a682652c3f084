package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
)

// askClickHouse sends a query with a user's password, none where that is "", and returns the status.
func askClickHouse(t *testing.T, base, user, password, from string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/?database=citytally", strings.NewReader("SELECT count() FROM "+from))
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
	t.Parallel()
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
			if got := askClickHouse(t, i.ClickHouseHTTP, user, given, "totals_latest"); got != want {
				t.Errorf("ClickHouse answers %s with %d, want %d", user, got, want)
			}
		}
	}
	for _, view := range sink.Views() {
		if got := askClickHouse(t, i.ClickHouseHTTP, "reader", secrets["clickhouse-reader"], view); got != http.StatusOK {
			t.Errorf("ClickHouse answers reader about the view %s with %d", view, got)
		}
	}
	for _, table := range []string{"observations_data", "totals_data", "holds_data", "decisions_data"} {
		if got := askClickHouse(t, i.ClickHouseHTTP, "reader", secrets["clickhouse-reader"], table); got != http.StatusForbidden {
			t.Errorf("ClickHouse answers reader about the table %s with %d, want %d", table, got, http.StatusForbidden)
		}
	}
	if text := must(t, "status", "--dir", dir) + must(t, "config", "show", "--dir", dir); strings.Contains(text, secrets["nats-operator"]) {
		t.Error("a secret is shown by other commands")
	}
}

// A district publishes for its own area alone, whatever it says of itself, looks up its verdict,
// and is out as soon as its key is revoked.
func TestDistrictPublishesToTheBroker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(must(t, "credentials", "nats", "320812", "--dir", dir))))
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	var nc *nats.Conn
	closed := make(chan struct{})
	eventually(t, "the broker knows the key", func() bool {
		nc, err = nats.Connect(i.NATS, nats.Nkey(public, pair.Sign), nats.CustomInboxPrefix("_INBOX_320812"), nats.NoReconnect(),
			nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
		return err == nil
	})
	defer nc.Close()
	results, err := nc.SubscribeSync("results.320812.*")
	if err != nil {
		t.Fatal(err)
	}
	forged := nats.Header{"Citytally-By": {"bureau"}, "Citytally-Via": {"http"}, "Citytally-Role": {"bureau"}, "Nats-Msg-Id": {"annual"}}
	m := &nats.Msg{Subject: "submissions.320812.sti-annual", Header: forged, Data: []byte(`{"observations":[{"indicator":"hnte_valid","period":"2021","value":"120"}]}`)}
	var receipt jetstream.PubAck
	answer, err := nc.RequestMsg(m, 10*time.Second)
	if err != nil || json.Unmarshal(answer.Data, &receipt) != nil || receipt.Stream != "DIRECT" {
		t.Fatalf("publish: %v %v", err, answer)
	}
	var verdict event.Verdict
	result, err := results.NextMsg(30 * time.Second)
	if err != nil || json.Unmarshal(result.Data, &verdict) != nil || verdict.Area != "320812" ||
		result.Header.Get(event.DirectHeader) != strconv.FormatUint(receipt.Sequence, 10) || result.Header.Get(event.KeyHeader) != "annual" || result.Header.Get("Nats-Subject") != "verdicts.320812.sti-annual" {
		t.Errorf("the verdict on message %d comes as %v, %v", receipt.Sequence, result, err)
	}
	eventually(t, "the verdict is there", func() bool {
		answer, err := nc.Request("$JS.API.DIRECT.GET.VERDICTS.verdicts.320812.sti-annual", nil, 10*time.Second)
		return err == nil && json.Unmarshal(answer.Data, &verdict) == nil
	})
	if verdict.Outcome != event.AllAccepted || verdict.Via != "nats" || verdict.By != "320812" || verdict.Area != "320812" {
		t.Errorf("verdict: %+v; want it accepted, by 320812 over nats", verdict)
	}
	eventually(t, "the total follows", func() bool { return reported(t, dir, "2021")["hnte_valid"].Value == "120" })
	if out := must(t, "credentials", "list", "--dir", dir) + must(t, "journal", "--dir", dir); strings.Count(out, public) != 2 {
		t.Errorf("the key is not on record:\n%s", out)
	}
	must(t, "credentials", "nats", "320812", "--revoke", "--reason", "lost", "--dir", dir)
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection of a revoked key is open")
	}
}
