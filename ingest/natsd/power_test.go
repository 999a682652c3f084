package natsd_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

// When the power fails, the unsynced end of the newest file may be lost or torn. With
// sync_interval always, no message there has a receipt. Every message before is there at
// its sequence, and new messages follow it.
func TestTornTailLosesNothingBeforeIt(t *testing.T) {
	const count = 20
	written := t.TempDir()
	s := natsdtest.Start(t, natsdtest.Dir(written))
	publishNumbers(t, s, 0, count)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	block := func(dir string) string {
		t.Helper()
		blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "LOG", "msgs", "*.blk"))
		if err != nil || len(blocks) != 1 {
			t.Fatalf("blocks: %v (%v), want one", blocks, err)
		}
		return blocks[0]
	}
	whole, err := os.ReadFile(block(written))
	if err != nil {
		t.Fatal(err)
	}
	record := len(whole) / count // all messages have one size
	for name, tail := range map[string][]byte{
		"nothing gone":           whole,
		"last record gone":       whole[:len(whole)-record],
		"last record torn":       whole[:len(whole)-record/2],
		"three gone, one torn":   whole[:len(whole)-3*record-5],
		"one torn behind it all": append(bytes.Clone(whole), whole[:record-7]...),
		"zeros behind it all":    append(bytes.Clone(whole), make([]byte, 2*record)...),
		"nothing left":           nil,
	} {
		// The server's index of a stream may be older than the block, absent as after a
		// kill, or newer than what is left of the block.
		for _, summary := range []string{"with summary", "without summary"} {
			t.Run(name+" "+summary, func(t *testing.T) {
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(written)); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(block(dir), tail, 0o600); err != nil {
					t.Fatal(err)
				}
				if summary == "without summary" {
					if err := os.Remove(filepath.Join(filepath.Dir(block(dir)), "index.db")); err != nil {
						t.Fatal(err)
					}
				}
				s := natsdtest.Start(t, natsdtest.Dir(dir))
				log := stream(t, connect(t, s.ClientURL()))
				kept := min(len(tail)/record, count)
				for i := range kept {
					m, err := log.GetMsg(t.Context(), uint64(i+1))
					if err != nil || string(m.Data) != number(i) {
						t.Fatalf("message %d: %v, %v; %d stand before the tear", i+1, m, err, kept)
					}
				}
				publishNumbers(t, s, kept, 3)
				info, err := log.Info(t.Context())
				if err != nil || info.State.LastSeq < uint64(kept+3) {
					t.Errorf("after three more the stream has %+v, %v", info, err)
				}
			})
		}
	}
}

func number(i int) string { return fmt.Sprintf("figure %04d", i) }

func publishNumbers(t testing.TB, s *natsd.Server, from, count int) {
	t.Helper()
	conn := connect(t, s.ClientURL())
	stream(t, conn)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		if _, err := js.Publish(t.Context(), "log.entry", []byte(number(from+i))); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkReceipt measures the time of a receipt with an fsync and without, for a
// submission of sixty figures in JSON.
//
//	go test ./ingest/natsd -run '^$' -bench Receipt
func BenchmarkReceipt(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 4<<10)
	for _, interval := range []natsd.SyncInterval{natsd.SyncAlways, natsd.SyncInterval(2 * time.Minute)} {
		b.Run(interval.String(), func(b *testing.B) {
			s := natsdtest.Start(b, func(c *natsd.Config) { c.SyncInterval = interval })
			conn := connect(b, "", s.InProcess())
			stream(b, conn)
			js, err := jetstream.New(conn)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := js.Publish(b.Context(), "log.entry", body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
