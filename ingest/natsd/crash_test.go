package natsd_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

// crashEnv names a directory; the test binary that finds it set runs a server there until
// it is killed.
const crashEnv = "NATSD_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashEnv); dir != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// serveUntilKilled publishes one message after another, and prints the sequence of each
// when it is acknowledged. It returns only an error.
func serveUntilKilled(dir string) error {
	ctx := context.Background()
	s, err := natsd.Start(ctx, natsd.Config{Dir: dir, Port: natsd.NoPort}, zerolog.Nop())
	if err != nil {
		return err
	}
	conn, err := nats.Connect("", s.InProcess())
	if err != nil {
		return err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "LOG", Subjects: []string{"log.>"}}); err != nil {
		return err
	}
	for {
		ack, err := js.Publish(ctx, "log.entry", []byte("figures"))
		if err != nil {
			return err
		}
		fmt.Println(ack.Sequence)
	}
}

// A kill -9 leaves no lock behind and loses no acknowledged message.
func TestKillLeavesNoLockAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	crash := exec.CommandContext(t.Context(), executable)
	crash.Env = append(os.Environ(), crashEnv+"="+dir)
	crash.Stderr = os.Stderr
	stdout, err := crash.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := crash.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := ""
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		acknowledged = lines.Text()
		if acknowledged == "10" {
			if err := crash.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := crash.Wait(); err == nil {
		t.Fatal("the server ended well, want killed")
	}

	s := natsdtest.Start(t, natsdtest.Dir(dir))
	info, err := stream(t, connect(t, s.ClientURL())).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var last uint64
	if _, err := fmt.Sscan(strings.TrimSpace(acknowledged), &last); err != nil || last < 10 {
		t.Fatalf("last acknowledged is %q (%v), want at least 10", acknowledged, err)
	}
	if info.State.LastSeq < last || info.State.Msgs < last {
		t.Errorf("stream holds %d messages up to %d, but %d were acknowledged", info.State.Msgs, info.State.LastSeq, last)
	}
}
