package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// actAsProgram is the environment variable that makes the test binary the program
// itself, so that tests can start and kill real processes. As the engine's child it
// is that too.
const actAsProgram = "ACT_AS_CITYTALLY"

func TestMain(m *testing.M) {
	role := os.Getenv(actAsProgram)
	if len(os.Args) > 1 && os.Args[1] == chdb.ChildCommand {
		role = "the engine's child"
	}
	if role != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := actAs(ctx, role)
		stop()
		os.Exit(code)
	}
	chdbtest.RunAtOnce(4)
	code := m.Run()
	http.DefaultClient.CloseIdleConnections() // of uploads, to gateways that have ended
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func actAs(ctx context.Context, role string) int {
	switch role {
	case roleBroker:
		return hostBroker(ctx, os.Args[1:])
	case roleNATS:
		return hostNATS(ctx, os.Args[1:])
	case roleClickHouse:
		return hostClickHouse(ctx, os.Args[1:])
	}
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// citytally runs a command line in this process.
func citytally(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	code = run(ctx, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// must runs a command line that has to succeed, and returns what it printed.
func must(t testing.TB, args ...string) string {
	t.Helper()
	code, stdout, stderr := citytally(t, args...)
	if code != 0 {
		t.Fatalf("citytally %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// program is the program as a process of its own.
type program struct {
	cmd    *exec.Cmd
	output *transcript
	ended  chan error
}

// transcript is what a process has printed so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *transcript) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func start(t testing.TB, environment []string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(os.Args[0], args...), output: &transcript{}, ended: make(chan error, 1)}
	p.cmd.Env = append(append(os.Environ(), actAsProgram+"=1"), environment...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() { p.stop(t, syscall.SIGKILL) })
	return p
}

// stop sends a signal and waits for the process to end.
func (p *program) stop(t testing.TB, s os.Signal) {
	t.Helper()
	_ = p.cmd.Process.Signal(s)
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Errorf("process %d still runs a minute after %s\n%s", p.cmd.Process.Pid, s, p.output)
	}
}

// anyPorts are flags with which any number of pipelines run side by side.
func anyPorts(dir string) []string {
	return []string{"--dir", dir, "--http", "127.0.0.1:0", "--operations", "127.0.0.1:0", "--nats-port", "0", "--clickhouse-port", "0"}
}

// startRun starts the whole pipeline on the directory and waits until it serves: its gateway,
// where it has one, takes uploads.
func startRun(t testing.TB, dir string, args ...string) *program {
	t.Helper()
	p := start(t, nil, append(append([]string{"run"}, anyPorts(dir)...), args...)...)
	eventually(t, "the pipeline serves", func() bool {
		select {
		case err := <-p.ended:
			t.Fatalf("run ended: %v\n%s", err, p.output)
		default:
		}
		if _, err := app.FindInstance(dir); err != nil {
			return false
		}
		_, parts := readiness(t, dir)
		gateway, ok := parts["gateway"]
		return !ok || gateway.Ready
	})
	return p
}

// eventually waits up to a minute for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline, again := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("not after a minute: %s", what)
		}
	}
}

// reported runs the report and returns its totals by indicator.
func reported(t testing.TB, dir, period string) map[string]reportedTotal {
	t.Helper()
	var r struct{ Totals []reportedTotal }
	decode(t, strings.NewReader(must(t, "report", "--dir", dir, "--period", period, "--format", "json")), &r)
	totals := map[string]reportedTotal{}
	for _, total := range r.Totals {
		totals[total.Indicator] = total
	}
	return totals
}

// unreported returns the indicators that nobody has reported, as --absent takes them.
func unreported(t testing.TB, dir, period string) string {
	t.Helper()
	var r struct{ Unreported []struct{ Indicator string } }
	decode(t, strings.NewReader(must(t, "report", "--dir", dir, "--period", period, "--as-of", "2999-01-01", "--format", "json")), &r)
	var absent []string
	for _, u := range r.Unreported {
		absent = append(absent, u.Indicator)
	}
	return strings.Join(absent, ",")
}

// reportedTotal is a total as the report's JSON promises it.
type reportedTotal struct {
	Indicator    string
	Value        string
	Unit         string
	Stage        string
	Qualifier    string
	Change       string
	ChangeKind   string `json:"change_kind"`
	ChangeReason string `json:"change_reason"`
	Coverage     struct {
		Have, Expected int
		Missing        []string
	}
	Basis      uint64
	ComputedAt time.Time `json:"computed_at"`
}

func decode(t testing.TB, r io.Reader, into any) {
	t.Helper()
	if err := json.NewDecoder(r).Decode(into); err != nil {
		t.Fatal(err)
	}
}
