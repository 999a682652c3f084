package access_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/configs/credentials"
)

// serveEnv names a configuration file; the test binary that finds it set is a nats-server with it.
const serveEnv = "ACCESS_TEST_SERVE"

// serve runs a nats-server with a configuration file, read as nats-server itself does, prints its
// address, and stops when stdin ends.
func serve(file string, stdin io.Reader, stdout io.Writer) error {
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		return err
	}
	options.NoSigs = true
	s, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.Start()
	fmt.Fprintln(stdout, s.ClientURL())
	_, err = io.Copy(io.Discard, stdin)
	s.Shutdown()
	s.WaitForShutdown()
	return err
}

// startElsewhere returns a broker in a process of its own, which has the printed accounts in its
// configuration and the users' secrets in its environment.
func startElsewhere(t *testing.T, keys ...access.Key) (url string, store *credentials.Store) {
	t.Helper()
	dir := t.TempDir()
	store, err := credentials.Open(dir, access.Credentials()...)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nats.conf")
	text := fmt.Sprintf("listen: \"127.0.0.1:-1\"\njetstream { store_dir: %q }\nmax_payload: 8MB\n", filepath.Join(dir, "streams")) + access.Text(keys)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveEnv+"="+file)
	for line := range strings.Lines(access.Secrets(store)) {
		name, quoted, _ := strings.Cut(strings.TrimSpace(line), ": ")
		cmd.Env = append(cmd.Env, name+"="+strings.Trim(quoted, `"`))
	}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("nats-server ended: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("nats-server does not start with the printed configuration: %v", err)
	}
	return strings.TrimSpace(line), store
}
