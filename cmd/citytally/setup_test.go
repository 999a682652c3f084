package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
)

// A stage that is started before its broker waits for it, and says so. One whose settings
// differ from the streams that are there does not start, and changes none; setup shows the
// difference and makes it so.
func TestStageAndItsBroker(t *testing.T) {
	dir := t.TempDir()
	port, operations := freePort(t), "127.0.0.1:"+strconv.Itoa(freePort(t))
	url := "nats://127.0.0.1:" + strconv.Itoa(port)
	environment := []string{"CITYTALLY_NATS_URL=" + url}
	p := start(t, environment, "run", "--dir", dir, "--only", app.StageSchedule, "--operations", operations)
	readyz := func() int {
		response, err := http.Get("http://" + operations + "/readyz")
		if err != nil {
			return 0
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	eventually(t, "the stage says that it is not ready", func() bool { return readyz() == http.StatusServiceUnavailable })
	broker, err := natsd.Start(t.Context(), natsd.Config{Dir: t.TempDir(), Port: port}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	eventually(t, "the stage is ready", func() bool { return readyz() == http.StatusOK })
	p.stop(t, syscall.SIGTERM)

	t.Setenv("CITYTALLY_NATS_URL", url)
	t.Setenv("CITYTALLY_STREAMS_TOTALS_FOR", "30000h")
	code, _, stderr := citytally(t, "run", "--dir", dir, "--only", app.StageSchedule, "--operations", operations)
	if code == 0 || !strings.Contains(stderr, "streams.totals_for is 17520h0m0s in the broker, 30000h0m0s here") || !strings.Contains(stderr, "citytally setup") {
		t.Errorf("other settings: exit code %d, %s", code, stderr)
	}
	if out := must(t, "setup", "--dir", dir); !strings.Contains(out, "30000h0m0s") || !strings.Contains(out, "nothing was changed") {
		t.Errorf("setup without --apply: %s", out)
	}
	must(t, "setup", "--dir", dir, "--apply")
	var left []any
	if err := json.Unmarshal([]byte(must(t, "setup", "--dir", dir, "--format", "json")), &left); err != nil || len(left) != 0 {
		t.Errorf("after --apply: %v, %v", left, err)
	}
}

// A ClickHouse that refuses the credentials keeps the sink waiting, and nobody else.
func TestRefusedCredentialsStopTheSinkAlone(t *testing.T) {
	other := t.TempDir()
	host := startRun(t, other)
	defer host.stop(t, syscall.SIGTERM)
	i, err := app.FindInstance(other)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CITYTALLY_CLICKHOUSE_DSN", "clickhouse://nobody:wrong@"+i.ClickHouseNative+"/citytally")
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	push(t, dir, "320812", 100)
	eventually(t, "figures are judged and totalled", func() bool {
		last, err := attach(t, dir).LastSequence(t.Context(), stream.Totals)
		return err == nil && last > 0
	})
	ready, parts := readiness(t, dir)
	if ready || !strings.Contains(parts["clickhouse"].Why, "check user and password") {
		t.Errorf("parts: %+v", parts)
	}
}
