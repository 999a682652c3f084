package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest/backup"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// broker is a broker with its streams, or without.
type broker struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	log *stream.Log
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	return connect(t, natsdtest.Start(t))
}

func connect(t *testing.T, server *natsd.Server) *broker {
	t.Helper()
	nc, err := nats.Connect("", server.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	b := &broker{nc: nc}
	if b.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *broker) open(t *testing.T) {
	t.Helper()
	var err error
	if b.log, err = stream.Open(t.Context(), b.nc, stream.DefaultConfig(), zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
}

func (b *broker) publish(t *testing.T, subject, body, id string) {
	t.Helper()
	m := &nats.Msg{Subject: subject, Data: []byte(body), Header: nats.Header{"Citytally-By": {"bureau"}, "citytally-Via": {"a", "b"}}}
	if id != "" {
		m.Header.Set(jetstream.MsgIDHeader, id)
	}
	if _, err := b.js.PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// contents are all messages of a stream as text: sequence, time, subject, headers, body.
func (b *broker) contents(t *testing.T, name string) (all []string) {
	t.Helper()
	s, err := b.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	state := s.CachedInfo().State
	for sequence := uint64(1); sequence <= state.LastSeq; sequence++ {
		if m, err := s.GetMsg(t.Context(), sequence); err == nil {
			all = append(all, fmt.Sprintf("%d %s %s by %q via %q id %q: %s", m.Sequence, m.Time.UTC().Format(time.RFC3339Nano), m.Subject,
				m.Header.Values("Citytally-By"), m.Header.Values("citytally-Via"), m.Header.Get(jetstream.MsgIDHeader), m.Data))
		}
	}
	return append(all, fmt.Sprintf("last %d", state.LastSeq))
}

func (b *broker) take(t *testing.T, dir string, files ...string) (*backup.Backup, error) {
	return backup.Take(t.Context(), b.js, b.log, dir, backup.Options{Program: "test", Files: files, Now: time.Now})
}

// A log is put back as it was: every message with its sequence, time and headers, gaps and the
// places of consumers too. A second backup copies only what is new, and a log of which messages
// were taken out singly is not put back with them.
func TestWhatIsTakenIsRestored(t *testing.T) {
	from := startBroker(t)
	from.open(t)
	for i := range 5 {
		from.publish(t, "submissions.320812.sti-annual", fmt.Sprintf(`{"n":%d}`, i), fmt.Sprint("s", i))
	}
	from.publish(t, "dead.sink", `{"a":1}`, "")
	from.publish(t, "dead.sink", `{"b":1}`, "")
	from.publish(t, "commands.recompute", `{"id":"x"}`, "c1")
	consumer, err := from.js.CreateConsumer(t.Context(), stream.Submissions, jetstream.ConsumerConfig{Durable: "validate", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		m, err := consumer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(secret, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "kept")
	identity, err := from.log.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, err := from.take(t, dir, secret, filepath.Join(t.TempDir(), "absent.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if s := first.Stream(stream.Submissions); s.Segment == nil || s.Segment.Messages != 5 || len(first.Files) != 1 {
		t.Errorf("first backup: %+v, files %+v", s, first.Files)
	}
	dead, err := from.js.Stream(t.Context(), stream.Dead)
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.DeleteMsg(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	from.publish(t, "submissions.320804.sti-annual", `{"n":5}`, "")
	from.publish(t, "accepted.decisions", "a decision", "")
	second, err := from.take(t, dir, secret)
	if err != nil {
		t.Fatal(err)
	}
	if s := second.Stream(stream.Submissions); s.Segment == nil || s.Segment.Messages != 1 || s.Segment.From != 6 {
		t.Errorf("second backup took %+v of SUBMISSIONS, want what is new", s.Segment)
	}
	if _, err := backup.Verify(dir, nil); err != nil {
		t.Error(err)
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %o, want its owner's alone", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}

	to := startBroker(t)
	to.open(t) // streams that nobody has used are in nobody's way
	if _, err := backup.Restore(t.Context(), to.nc, dir, stream.DefaultConfig(), []string{"sink-accepted"}, nil); err != nil {
		t.Fatal(err)
	}
	to.open(t)
	for _, name := range stream.All() {
		if second.Stream(name) == nil {
			t.Errorf("the backup leaves %s out", name)
		}
		if diff := cmp.Diff(from.contents(t, name), to.contents(t, name)); diff != "" {
			t.Errorf("%s (-was +restored)\n%s", name, diff)
		}
	}
	info, err := to.js.Consumer(t.Context(), stream.Submissions, "validate")
	if err != nil {
		t.Fatal(err)
	}
	if floor := info.CachedInfo().AckFloor.Stream; floor != 3 {
		t.Errorf("validate goes on behind message %d, want 3", floor)
	}
	if m, err := info.Next(); err != nil {
		t.Error(err)
	} else if meta, err := m.Metadata(); err != nil || meta.Sequence.Stream != 4 {
		t.Errorf("the next message is %v, %v", meta, err)
	}
	if now, err := to.log.Identity(t.Context()); err != nil || now.ID != identity.ID || now.Generation != 2 {
		t.Errorf("the restored log is %s, was %s, %v", now, identity, err)
	}
	if _, err := backup.Restore(t.Context(), to.nc, dir, stream.DefaultConfig(), nil, nil); err == nil || !strings.Contains(err.Error(), "has streams already") {
		t.Errorf("over streams that exist: %v", err)
	}
	// The restored log goes on, and so does its backup.
	to.publish(t, "submissions.320804.sti-annual", `{"n":6}`, "")
	if third, err := to.take(t, dir); err != nil || third.Stream(stream.Submissions).Segment.From != 7 {
		t.Errorf("third backup: %v", err)
	}
	// The log that it was restored from has gone another way since.
	from.publish(t, "submissions.320804.sti-annual", `{"n":7}`, "")
	if _, err := from.take(t, dir); err == nil || !strings.Contains(err.Error(), "another message at sequence 7") {
		t.Errorf("another log into the same directory: %v", err)
	}
}

// A log that has lost its end is not taken over the backup that has it; neither is an empty one.
func TestPoorerLogIsRefused(t *testing.T) {
	rich, poor := startBroker(t), startBroker(t)
	rich.open(t)
	poor.open(t)
	rich.publish(t, "accepted.decisions", "a decision", "")
	dir := t.TempDir()
	if _, err := rich.take(t, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := poor.take(t, dir); err == nil || !strings.Contains(err.Error(), "ACCEPTED ends at message 0, the backup at message 1") || !strings.Contains(err.Error(), "restore that backup") {
		t.Errorf("told %v", err)
	}
}

// A log of which messages were lost since the last backup, between others or at the end that the broker
// still remembers, is not taken into that backup's directory; what somebody has accepted as lost stays out
// of the way.
func TestLogThatLostMessagesIsRefused(t *testing.T) {
	for name, lost := range map[string][]uint64{"in the middle": {3}, "at the end": {4, 5}} {
		b := startBroker(t)
		b.open(t)
		for i := range 5 {
			b.publish(t, "submissions.320812.sti-annual", fmt.Sprintf(`{"n":%d}`, i), "")
		}
		dir := t.TempDir()
		if _, err := b.take(t, dir); err != nil {
			t.Fatal(err)
		}
		s, err := b.js.Stream(t.Context(), stream.Submissions)
		for _, sequence := range lost {
			if err == nil {
				err = s.DeleteMsg(t.Context(), sequence)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		b.publish(t, "submissions.320812.sti-annual", "{}", "")
		for range 2 {
			if _, err := b.take(t, dir); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("SUBMISSIONS has lost messages that the backup has, among %d", lost[0])) || !strings.Contains(err.Error(), "another directory") {
				t.Errorf("lost %s: told %v", name, err)
			}
		}
		if err := b.log.AcceptLoss(t.Context(), stream.Submissions); err != nil {
			t.Fatal(err)
		}
		if _, err := b.take(t, dir); err != nil {
			t.Errorf("lost %s, and accepted: %v", name, err)
		}
	}
}

// A log with a damaged message is not backed up as if it were whole.
func TestDamagedLogIsRefused(t *testing.T) {
	for _, damaged := range []string{"message 2", "message 3"} {
		kept := t.TempDir()
		server := natsdtest.Start(t, natsdtest.Dir(kept))
		b := connect(t, server)
		b.open(t)
		for i := range 3 {
			b.publish(t, "submissions.320812.sti-annual", fmt.Sprint("message ", i+1), "")
		}
		b.nc.Close()
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		blocks, err := filepath.Glob(filepath.Join(kept, "jetstream", "*", "streams", stream.Submissions, "msgs", "1.blk"))
		if err != nil || len(blocks) != 1 {
			t.Fatal(blocks, err)
		}
		stored, err := os.ReadFile(blocks[0])
		if err == nil {
			err = os.WriteFile(blocks[0], bytes.Replace(stored, []byte(damaged), []byte("MESSAGE 2"), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		b = connect(t, natsdtest.Start(t, natsdtest.Dir(kept)))
		b.open(t)
		dir := t.TempDir()
		if _, err := b.take(t, dir); err == nil || !strings.Contains(err.Error(), "SUBMISSIONS has messages that cannot be read ("+damaged[len(damaged)-1:]+")") {
			t.Errorf("%s: told %v", damaged, err)
		}
		if err := b.log.AcceptLoss(t.Context(), stream.Submissions); err != nil {
			t.Fatal(err)
		}
		if _, err := b.take(t, dir); err != nil {
			t.Errorf("%s is lost, and accepted: %v", damaged, err)
		}
	}
}

// A backup of which any byte is altered, or a file is missing or cut off, is told with the file.
func TestDamageIsTold(t *testing.T) {
	b := startBroker(t)
	b.open(t)
	for i := range 50 {
		b.publish(t, "submissions.320812.sti-annual", fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat("x", i)), "")
	}
	dir := t.TempDir()
	taken, err := b.take(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	file := taken.Stream(stream.Submissions).Segment.File
	path := filepath.Join(dir, file)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(what string, text []byte) {
		t.Helper()
		if text == nil {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Verify(dir, nil); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: told %v", what, err)
		}
	}
	for at := 0; at < len(whole); at += max(1, len(whole)/40) {
		altered := append([]byte(nil), whole...)
		altered[at] ^= 0x40
		damage(fmt.Sprintf("byte %d altered", at), altered)
	}
	damage("cut off", whole[:len(whole)/2])
	damage("longer", append(append([]byte(nil), whole...), 0))
	to := startBroker(t)
	if _, err := backup.Restore(t.Context(), to.nc, dir, stream.DefaultConfig(), nil, nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("restore of a damaged backup: %v", err)
	}
	if _, err := to.js.Stream(t.Context(), stream.Submissions); err == nil {
		t.Error("a stream restored in part is left there")
	}
	damage("missing", nil)
}

// While submissions and verdicts come in, the streams of a backup go together: none refers to
// what the backup does not have.
func TestStreamsOfABackupGoTogether(t *testing.T) {
	b := startBroker(t)
	b.open(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			ack, err := b.js.Publish(t.Context(), "submissions.320812.sti-annual", []byte("{}"))
			if err == nil {
				_, err = b.js.Publish(t.Context(), "verdicts.320812.sti-annual", fmt.Appendf(nil, `{"sequence":%d}`, ack.Sequence))
			}
			if err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	dir := t.TempDir()
	for range 5 {
		if _, err := b.take(t, dir); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	m, err := backup.Verify(dir, nil)
	if err != nil {
		t.Error(err)
	}
	if last := m.Newest().Stream(stream.Verdicts).Last; last == 0 {
		t.Error("nothing came in meanwhile")
	}
}
