//go:build unix

package natsd_test

import (
	"context"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

// After the disk was full and has space again, the server goes on by itself, for clients
// within the process and outside, with every acknowledged message once.
func TestFullDiskIsWaitedOut(t *testing.T) {
	s := natsdtest.Start(t)
	again := []nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(20 * time.Millisecond)}
	outside := connect(t, s.ClientURL(), again...)
	inside := connect(t, "", append(again, s.InProcess())...)
	stream(t, outside)
	body := []byte(strings.Repeat("x", 64<<10))
	receipts := uint64(0)
	publish := func(conn *nats.Conn) error {
		js, err := jetstream.New(conn)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		ack, err := js.Publish(ctx, "log.entry", body)
		if err == nil {
			receipts = max(receipts, ack.Sequence)
		}
		return err
	}

	// A limit on the size of files looks like a full disk to the server.
	limit(t, 1<<20)
	for n := 0; publish(outside) == nil; n++ {
		if n > 32 {
			t.Fatal("2 MiB went into files of 1 MiB")
		}
	}
	if receipts == 0 {
		t.Fatal("nothing was taken before")
	}
	before := receipts
	if err := publish(inside); err == nil {
		t.Error("a receipt from a full disk")
	}
	limit(t, unlimited)
	for _, conn := range []*nats.Conn{outside, inside} {
		deadline := time.Now().Add(20 * time.Second)
		for publish(conn) != nil {
			if time.Now().After(deadline) {
				t.Fatal("takes nothing 20s after there is room")
			}
		}
	}
	info, err := stream(t, outside).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.State.Msgs != info.State.LastSeq || info.State.FirstSeq != 1 || info.State.LastSeq < before+2 || info.State.LastSeq < receipts {
		t.Errorf("after %d receipts, %d of them before the disk was full, the stream has %+v", receipts, before, info.State)
	}
}

const unlimited = 1 << 40

// limit bounds the size, in bytes, of the files that this process writes, until the test
// ends.
func limit(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // the system sends it before the error
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	now := was
	now.Cur = min(size, was.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		now.Cur = was.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
			t.Error(err)
		}
	})
}
