package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/backup"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/schedule"
)

// The job adds a backup to those before, and says what it lacks.
func TestBackupJob(t *testing.T) {
	server := natsdtest.Start(t)
	connect := func() (*nats.Conn, error) { return nats.Connect("", server.InProcess()) }
	nc, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	settings := filepath.Join(dir, "citytally.yaml")
	if err := os.WriteFile(settings, []byte("dir: data\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	job := &backupJob{files: []string{settings, filepath.Join(dir, "absent")}, connect: connect, logger: zerolog.Nop(), now: time.Now}
	do := func() (event.Run, error) {
		run := event.Run{}
		err := job.Do(t.Context(), &schedule.Task{Run: &run})
		return run, err
	}
	if _, err := do(); err == nil {
		t.Error("it backs up into no directory")
	}
	job.dir = filepath.Join(dir, "backups")
	for n, want := range []string{"backed up 1 messages", "backed up 1 messages"} {
		if _, err := log.Publish(t.Context(), stream.Message{Subject: "submissions.320812.d", Body: []byte{byte(n)}}); err != nil {
			t.Fatal(err)
		}
		if run, err := do(); err != nil || len(run.Did) != 1 || run.Did[0] != want {
			t.Errorf("run %d: %v, %v", n, run.Did, err)
		}
	}
	held, err := backup.Verify(job.dir, func(backup.Progress) {})
	if err != nil || len(held.Backups) != 2 || len(held.Newest().Files) != 1 {
		t.Errorf("backups: %+v, %v", held, err)
	}
}
