package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/credentials"
)

// Each embedded server runs alone, ready and with metrics, and the stages of another process work
// on the two. A server that has ended comes back as it was.
func TestServersAlone(t *testing.T) {
	nats, clickhouse, dir := t.TempDir(), t.TempDir(), t.TempDir()
	serve := func(server, dir string, flags ...string) *program {
		p := start(t, []string{"CITYTALLY_NATS_URL="}, append([]string{"serve", server, "--dir", dir, "--operations", "127.0.0.1:0"}, flags...)...)
		eventually(t, server+" is ready", func() bool {
			select {
			case err := <-p.ended:
				t.Fatalf("serve %s ended: %v\n%s", server, err, p.output)
			default:
			}
			if _, err := app.FindInstance(dir); err != nil {
				return false
			}
			ready, _ := readiness(t, dir)
			return ready
		})
		return p
	}
	broker := serve("nats", nats, "--nats-port", "0")
	serve("clickhouse", clickhouse, "--clickhouse-port", "0")
	for of, want := range map[string][]string{nats: {"broker", "work"}, clickhouse: {"clickhouse"}} {
		_, parts := readiness(t, of)
		for _, part := range want {
			if !parts[part].Ready {
				t.Errorf("parts: %+v, want %v", parts, want)
			}
		}
		if len(parts) != len(want) {
			t.Errorf("parts: %+v, want %v", parts, want)
		}
	}
	if metric(t, nats, "citytally_broker_up") != 1 {
		t.Error("the broker has no metrics")
	}
	ports := map[string]string{}
	for _, of := range []string{nats, clickhouse} {
		i, err := app.FindInstance(of)
		if err != nil {
			t.Fatal(err)
		}
		ports[nats] += strings.TrimPrefix(i.NATS, "nats://")
		ports[clickhouse] += i.ClickHouseNative
		if i.HTTP != "" {
			t.Errorf("a gateway runs: %+v", i)
		}
	}

	secrets, err := credentials.Load(clickhouse)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CITYTALLY_NATS_URL", "nats://"+ports[nats])
	t.Setenv("CITYTALLY_CLICKHOUSE_DSN", "clickhouse://"+ports[clickhouse]+"/citytally")
	t.Setenv("CITYTALLY_CLICKHOUSE_USER", "default")
	t.Setenv("CITYTALLY_CLICKHOUSE_PASSWORD", secrets.Secret("clickhouse-default"))
	text, err := os.ReadFile(credentials.Path(nats))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(credentials.Path(dir))), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, server := range []string{"nats", "clickhouse"} {
		code, _, stderr := citytally(t, "serve", server, "--dir", t.TempDir())
		if code != exitUsage || !strings.Contains(stderr, "want none where this server runs") {
			t.Errorf("serve %s with another server in the settings: exit code %d, %s", server, code, stderr)
		}
	}
	startRun(t, dir)
	eventually(t, "the stages are ready", func() bool { ready, _ := readiness(t, dir); return ready })
	push(t, dir, "320812", 100)
	eventually(t, "the total is in ClickHouse", func() bool { return reported(t, dir, "2021")["gdp"].Value == "100" })
	broker.stop(t, syscall.SIGTERM)
	serve("nats", nats, "--nats-port", ports[nats][strings.LastIndexByte(ports[nats], ':')+1:])
	push(t, dir, "320804", 7)
	eventually(t, "the second figure is in the total", func() bool { return reported(t, dir, "2021")["gdp"].Value == "107" })
}
