package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/procfs"

	"github.com/citytally/citytally/sink/chdb"
)

// engineOf is the process id of the engine that a program has started, 0 while there
// is none.
func engineOf(t testing.TB, p *program) int {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range all {
		stat, err := process.Stat()
		if err != nil || stat.PPID != p.cmd.Process.Pid || stat.State == "Z" {
			continue // another's, or gone meanwhile
		}
		if line, err := process.CmdLine(); err == nil && len(line) > 1 && line[1] == chdb.ChildCommand {
			return process.PID
		}
	}
	return 0
}

// The embedded ClickHouse crashes again and again: that is an outage of ClickHouse.
// Districts push and have their verdicts all the while, readiness says why nothing
// arrives, and when ClickHouse stays up everything is in it.
func TestIntakeOutlivesTheEngine(t *testing.T) {
	const crashes = 10
	dir := t.TempDir()
	t.Setenv("CITYTALLY_CLICKHOUSE_EMBEDDED_RESTART_TO", "500ms")
	t.Setenv("CITYTALLY_SINK_RETRY_TO", "500ms")
	p := startRun(t, dir)
	eventually(t, "everything is ready", func() bool { ready, _ := readiness(t, dir); return ready })
	for crash := range crashes {
		var pid int
		eventually(t, "there is an engine", func() bool { pid = engineOf(t, p); return pid != 0 })
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		out := must(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual",
			csvFile(t, fmt.Sprintf("indicator,period,value\n%s,%d,600\n", []string{"gdp", "rd_expenditure"}[crash%2], 2017+crash/2)))
		if !strings.Contains(out, "accepted, 1 of 1 rows") {
			t.Errorf("after crash %d submit says %s", crash+1, out)
		}
	}
	eventually(t, "everything is in ClickHouse", func() bool {
		code, out, _ := citytally(t, "sql", "--dir", dir, "--format", "csv", "SELECT count(), uniqExact(indicator, period) FROM observations")
		return code == 0 && strings.HasSuffix(out, fmt.Sprintf("\n%d,%[1]d\n", crashes))
	})
	eventually(t, "everything is ready again", func() bool { ready, _ := readiness(t, dir); return ready })
	if got := metric(t, dir, "citytally_engine_restarts_total"); got == 0 || got > crashes {
		t.Errorf("%v restarts are counted after %d crashes", got, crashes)
	}
	p.stop(t, syscall.SIGTERM)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("run ends with %d:\n%s", code, p.output)
	}
}

// An engine whose start never succeeds keeps nothing else from working. Readiness
// says why.
func TestRunStartsWithoutItsEngine(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CITYTALLY_CLICKHOUSE_EMBEDDED_RESTART_TO", "500ms")
	t.Setenv("CITYTALLY_CLICKHOUSE_EMBEDDED_START_TIMEOUT", "1ms")
	p := start(t, nil, append([]string{"run"}, anyPorts(dir)...)...)
	eventually(t, "the gateway serves", func() bool {
		code, out, _ := citytally(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2021,600\n"))
		return code == 0 && strings.Contains(out, "accepted, 1 of 1 rows")
	})
	ready, parts := readiness(t, dir)
	if why := parts["clickhouse"].Why; ready || !strings.Contains(why, "has crashed and is started again") || !strings.Contains(why, "start_timeout") {
		t.Errorf("ready %v, and of ClickHouse %q", ready, why)
	}
	for _, part := range []string{"broker", "ledger", "tally", "gateway"} {
		if !parts[part].Ready {
			t.Errorf("part %s: %+v", part, parts[part])
		}
	}
	var s struct {
		NotReady []struct{ Part, Why string } `json:"not_ready"`
	}
	if err := json.Unmarshal([]byte(must(t, "status", "--dir", dir, "--format", "json")), &s); err != nil || len(s.NotReady) == 0 {
		t.Errorf("status names no part that is not ready: %v", err)
	}
	p.stop(t, syscall.SIGTERM)
}
