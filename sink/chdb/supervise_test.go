package chdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/engine"
)

// script is a configuration whose child is a shell script instead of an
// engine: for what an engine does not do on demand.
func script(t *testing.T, text string) chdb.Config {
	return chdb.Config{
		Dir:     t.TempDir(),
		Library: "none",
		Users:   []engine.User{{Name: "default"}},
		Command: []string{"/bin/sh", "-c", text},
		Logger:  zerolog.Nop(),
	}
}

const answer = `read config; echo "{\"pid\":$$,\"version\":\"1\"}"; `

func TestStartReportsTheChildsEnd(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		edit         func(*chdb.Config)
		want         []string
	}{
		{"no child", "", func(c *chdb.Config) { c.Command = []string{"/nowhere/citytally"} }, []string{"start child", "/nowhere/citytally"}},
		{"ends at once", "echo PASS", nil, []string{"child ended before it served (exit status 0)", "PASS"}},
		{"ends with a reason", "echo broken library >&2; exit 7", nil, []string{"exit status 7", "broken library"}},
		{"says why", `echo directory is broken >&2; echo '{"pid":1,"error":"open engine: refused"}'`, nil, []string{"open engine: refused", "directory is broken"}},
		{"does not answer", "read config; cat", func(c *chdb.Config) { c.StartTimeout = 100 * time.Millisecond }, []string{"does not serve after 100ms", "clickhouse.embedded.start_timeout"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := script(t, tt.script)
			if tt.edit != nil {
				tt.edit(&cfg)
			}
			server, err := chdb.Start(t.Context(), cfg)
			if err == nil {
				server.Close()
				t.Fatal("started")
			}
			for _, want := range append(tt.want, cfg.Dir) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
		})
	}
}

func TestStartEndsWithContext(t *testing.T) {
	cfg := script(t, `echo $$ >"$0/pid"; read config; cat`)
	cfg.Command = append(cfg.Command, cfg.Dir)
	ctx, cancel := context.WithCancel(t.Context())
	pid := 0
	go func() {
		defer cancel()
		for ctx.Err() == nil && pid == 0 {
			text, _ := os.ReadFile(filepath.Join(cfg.Dir, "pid"))
			pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
	}()
	if _, err := chdb.Start(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	if !gone(pid) {
		t.Errorf("child %d is left behind", pid)
	}
}

// A child that crashes for ever is started again for ever, and Away says why.
func TestCrashLoopGoesOn(t *testing.T) {
	cfg := script(t, `echo x >>"$0/starts"; `+answer+`echo out of cheese >&2; exit 3`)
	cfg.Command = append(cfg.Command, cfg.Dir)
	cfg.RestartTo = 10 * time.Millisecond
	server, err := chdb.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child has been started 20 times", func() bool {
		starts, err := os.ReadFile(filepath.Join(cfg.Dir, "starts"))
		return err == nil && len(starts) >= 20*len("x\n")
	})
	eventually(t, "the server says why no child serves", func() bool {
		err := server.Away()
		return err != nil && strings.Contains(err.Error(), "exit status 3") && strings.Contains(err.Error(), "out of cheese") && server.PID() == 0
	})
	// A child that crashes while the server closes it is told.
	if err := server.Close(); err != nil && !strings.Contains(err.Error(), "exit status 3") {
		t.Error(err)
	}
}

// A first child that crashes is an outage where the configuration says so; one that
// says what is wrong is an error.
func TestCrashAtStart(t *testing.T) {
	cfg := script(t, `echo broken table >&2; [ -e "$0/mended" ] || kill -SEGV $$; `+answer+`cat`)
	cfg.Command = append(cfg.Command, cfg.Dir)
	cfg.CrashIsAway, cfg.RestartTo = true, 10*time.Millisecond
	server, err := chdb.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Away(); err == nil || !strings.Contains(err.Error(), "broken table") {
		t.Errorf("got %v, want it to say why", err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "mended"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a child serves", func() bool { return server.Away() == nil && server.PID() != 0 })
	if err := server.Close(); err != nil {
		t.Error(err)
	}

	// A child that says that it has no room is waited for, too.
	cfg = script(t, `[ -e "$0/mended" ] || { echo "std::exception: No space left on device" >&2; echo '{"pid":1,"error":"open engine: take data directory"}'; exit 1; }; `+answer+`cat`)
	cfg.Command = append(cfg.Command, cfg.Dir)
	cfg.CrashIsAway, cfg.RestartTo = true, 10*time.Millisecond
	if server, err = chdb.Start(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if err := server.Away(); err == nil || !strings.Contains(err.Error(), "free disk space") {
		t.Errorf("got %v, want it to say what to do", err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "mended"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a child serves", func() bool { return server.Away() == nil && server.PID() != 0 })
	if err := server.Close(); err != nil {
		t.Error(err)
	}

	cfg = script(t, `echo '{"pid":1,"error":"open engine: refused"}'; exit 1`)
	cfg.CrashIsAway = true
	if server, err := chdb.Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "open engine: refused") {
		t.Errorf("got %v", err)
		if err == nil {
			server.Close()
		}
	}
}

func TestCloseKillsAChildThatDoesNotEnd(t *testing.T) {
	cfg := script(t, answer+`trap "" TERM; tail -f /dev/null`)
	cfg.StopTimeout = 100 * time.Millisecond
	server, err := chdb.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	pid := server.PID()
	for range 2 {
		if err := server.Close(); err == nil || !strings.Contains(err.Error(), "clickhouse.embedded.stop_timeout") {
			t.Errorf("got %v, want it to say that the child was killed", err)
		}
	}
	if !gone(pid) {
		t.Errorf("child %d is left behind", pid)
	}
}

func TestCloseDuringARestart(t *testing.T) {
	cfg := script(t, `if [ -e "$0/pid" ]; then echo $$ >"$0/pid"; cat; fi; echo 0 >"$0/pid"; `+answer+`exit 3`)
	cfg.Command = append(cfg.Command, cfg.Dir)
	server, err := chdb.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	eventually(t, "the second child has started", func() bool {
		text, _ := os.ReadFile(filepath.Join(cfg.Dir, "pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid != 0
	})
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if !gone(pid) {
		t.Errorf("child %d is left behind", pid)
	}
}

func TestSecretsStayOffTheCommandLine(t *testing.T) {
	cfg := script(t, `read config; echo "$config" >"$0/config"; cat "/proc/$$/cmdline" "/proc/$$/environ" >"$0/public" 2>/dev/null
echo "{\"pid\":$$}"; cat`)
	cfg.Command = append(cfg.Command, cfg.Dir)
	cfg.Users[0].Password = "out-of-sight"
	server, err := chdb.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]bool{"config": true, "public": false} {
		text, err := os.ReadFile(filepath.Join(cfg.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), cfg.Users[0].Password); got != want {
			t.Errorf("%s holds the password: %t, want %t", name, got, want)
		}
	}
}
