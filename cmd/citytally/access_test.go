package main

import (
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
)

// Nobody gets in without credentials; with those that status shows a district's figures come
// in by the gateway's user alone.
func TestNobodyUsesTheBrokerWithoutCredentials(t *testing.T) {
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
	if text := must(t, "status", "--dir", dir) + must(t, "config", "show", "--dir", dir); strings.Contains(text, secrets["nats-operator"]) {
		t.Error("a secret is shown by other commands")
	}
}
