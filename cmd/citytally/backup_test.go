package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/backup"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
)

// An installation that is lost comes back from its backup, which was taken while it ran: the same
// totals from the same places in the log, the same receipts, tokens and passwords. A backup holds
// nothing twice, and what it is put over stays.
func TestRestoredInstallationGoesOn(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	p := startRun(t, dir)
	push(t, dir, "320812", 100)
	push(t, dir, "320804", 11)
	ready(t, dir)
	must(t, "lock", "--dir", dir, "--period", "2020", "--reason", "published")
	must(t, "token", "create", "--dir", dir, "--area", "320813")
	var first, second backup.Backup
	decode(t, strings.NewReader(must(t, "backup", kept, "--dir", dir, "--format", "json")), &first)
	push(t, dir, "320813", 5)
	settled(t, attach(t, dir))
	decode(t, strings.NewReader(must(t, "backup", kept, "--dir", dir, "--format", "json")), &second)
	if s := second.Stream(stream.Submissions); s.Segment == nil || s.Segment.Messages != 1 {
		t.Errorf("the second backup took %+v of SUBMISSIONS", s.Segment)
	}
	if out := must(t, "backup", "verify", kept, "--lang", "zh"); !strings.Contains(out, "完好：共 2 次备份") {
		t.Errorf("in Chinese: %s", out)
	}
	if out := must(t, "backup", "verify", kept, "--lang", "en"); !strings.Contains(out, "whole; backups: 2,") {
		t.Errorf("verify: %s", out)
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "SIGHUP has the settings read again", func() bool { return strings.Contains(p.output.String(), "settings that have changed") })
	before := must(t, "report", "--dir", dir, "--period", "2021", "--format", "json")
	tokens := must(t, "token", "list", "--dir", dir)
	if code, _, stderr := citytally(t, "restore", kept, "--dir", dir); code != exitUsage || !strings.Contains(stderr, "another citytally runs") {
		t.Errorf("restore over a running instance: exit code %d, %s", code, stderr)
	}
	p.stop(t, syscall.SIGTERM)

	elsewhere := t.TempDir()
	out := must(t, "restore", kept, "--dir", elsewhere)
	for _, want := range []string{"credentials.json: put back", "tokens.yaml: put back", "ClickHouse is filled from the log"} {
		if !strings.Contains(out, want) {
			t.Errorf("restore says\n%s\nwant %q", out, want)
		}
	}
	p = startRun(t, elsewhere)
	ready(t, elsewhere)
	settled(t, attach(t, elsewhere))
	if diff := cmp.Diff(before, must(t, "report", "--dir", elsewhere, "--period", "2021", "--format", "json")); diff != "" {
		t.Errorf("the report (-before +restored)\n%s", diff)
	}
	if diff := cmp.Diff(tokens, must(t, "token", "list", "--dir", elsewhere)); diff != "" {
		t.Errorf("the tokens (-before +restored)\n%s", diff)
	}
	if out := must(t, "recompute", "--dir", elsewhere, "--format", "json"); !strings.Contains(out, `"changed": 0`) || !strings.Contains(out, `"observations_missing": 0`) {
		t.Errorf("a recomputation still changes something: %s", out)
	}
	totals, err := attach(t, elsewhere).LastSequence(t.Context(), stream.Totals)
	if want := second.Stream(stream.Totals).Last + 1; err != nil || totals != want {
		t.Errorf("TOTALS ends at %d, %v; want %d: what was there, and the run", totals, err, want)
	}
	push(t, elsewhere, "320804", 12)
	eventually(t, "the pipeline works on", func() bool { return reported(t, elsewhere, "2021")["gdp"].Value == "117" })
	p.stop(t, syscall.SIGTERM)

	// Put over what has gone on, the backup moves that aside; and the log is told to be the poorer side.
	if out := must(t, "restore", kept, "--dir", elsewhere); !strings.Contains(out, "nats.before-") || !strings.Contains(out, "ClickHouse is kept") {
		t.Errorf("restore over a log says\n%s", out)
	}
	p = startRun(t, elsewhere)
	defer p.stop(t, syscall.SIGTERM)
	if why := diverged(t, elsewhere); !strings.Contains(why, "the log is the poorer side") {
		t.Errorf("told %q", why)
	}
}

// The log moves from the embedded broker to one of another machine, and back: byte for byte the
// same messages. A broker that has streams takes none.
func TestLogMovesThereAndBack(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	p := startRun(t, dir)
	push(t, dir, "320812", 100)
	ready(t, dir)
	settled(t, attach(t, dir))
	if code, _, stderr := citytally(t, "move", "--dir", dir, "--to", settingsFile(t, "nats: {url: \"nats://127.0.0.1:1\"}\n")); code != exitUsage || !strings.Contains(stderr, "another citytally runs") {
		t.Errorf("move of what runs: exit code %d, %s", code, stderr)
	}
	must(t, "backup", kept, "--dir", dir)
	p.stop(t, syscall.SIGTERM)

	secrets, err := credentials.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	config := natsd.Config{Dir: t.TempDir(), Port: port, Access: access.Secrets(secrets) + access.Text(nil), Account: access.Core}
	broker, err := natsd.Start(t.Context(), config, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	there := settingsFile(t, "dir: "+dir+"\nnats: {url: \"nats://127.0.0.1:"+strconv.Itoa(port)+"\"}\n")
	must(t, "move", "--dir", dir, "--to", there)
	if code, _, stderr := citytally(t, "move", "--dir", dir, "--to", there); code != exitUsage || !strings.Contains(stderr, "has streams already") {
		t.Errorf("move over streams: exit code %d, %s", code, stderr)
	}
	back := t.TempDir()
	if out := must(t, "move", "--config", there, "--to", settingsFile(t, "dir: "+back+"\n")); !strings.Contains(out, "credentials.json: put back") {
		t.Errorf("move back says %s", out)
	}
	// A backup of what came back goes on with that of what was moved, which holds its digests.
	p = startRun(t, back)
	defer p.stop(t, syscall.SIGTERM)
	ready(t, back)
	must(t, "backup", kept, "--dir", back)
	must(t, "backup", "verify", kept)
	if got := reported(t, back, "2021")["gdp"]; got.Value != "100" {
		t.Errorf("gdp is %s, want 100", got.Value)
	}
}

func settingsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "citytally.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
