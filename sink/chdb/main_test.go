package chdb_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
	"github.com/citytally/citytally/sink/chdb/engine"
)

// parentEnv makes a test binary the parent of an engine, to be killed.
const parentEnv = "CHDB_TEST_PARENT"

func TestMain(m *testing.M) {
	chdbtest.BecomeChild()
	if os.Getenv(parentEnv) != "" {
		beParent()
	}
	goleak.VerifyTestMain(m)
}

// beParent starts a server with the configuration in the environment, prints
// the child's number and waits to be killed.
func beParent() {
	var cfg chdb.Config
	if err := json.Unmarshal([]byte(os.Getenv(parentEnv)), &cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server, err := chdb.Start(context.Background(), cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.PID())
	select {} // until it is killed
}

// eventually waits for a condition that another process brings about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("still waiting: %s", what)
		}
	}
}

// gone tells whether a process has ended. One whose new parent has not yet
// asked for its exit status counts as gone: it holds nothing any more.
func gone(pid int) bool {
	if runtime.GOOS != "linux" {
		return syscall.Kill(pid, 0) != nil
	}
	p, err := procfs.NewProc(pid)
	if err != nil {
		return true
	}
	stat, err := p.Stat()
	return err != nil || stat.State == "Z"
}

// startParent runs a server with this configuration in a process of its own
// and returns that process and its child's number.
func startParent(t *testing.T, cfg chdb.Config) (parent *exec.Cmd, child int) {
	t.Helper()
	text, err := json.Marshal(struct {
		Dir, Library string
		Command      []string
		Users        []engine.User
	}{cfg.Dir, cfg.Library, cfg.Command, cfg.Users})
	if err != nil {
		t.Fatal(err)
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent = exec.CommandContext(t.Context(), executable)
	parent.Env = append(os.Environ(), parentEnv+"="+string(text))
	parent.Stderr = os.Stderr
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err = strconv.Atoi(strings.TrimSpace(line))
	if err != nil || gone(child) {
		t.Fatalf("no child: %q", line)
	}
	return parent, child
}
