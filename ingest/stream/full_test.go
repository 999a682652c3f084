package stream_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
)

// A broker whose disk is full refuses messages with an error. What it stored before is
// there, and it stores messages again once there is space.
func TestFullBrokerLosesNothing(t *testing.T) {
	dir := t.TempDir()
	start := func(room int64) (*stream.Log, func()) {
		t.Helper()
		server, err := natsd.Start(t.Context(), natsd.Config{Dir: dir, Port: natsd.NoPort, MaxStore: room}, zerolog.Nop())
		check(t, err)
		nc, err := nats.Connect("", server.InProcess())
		check(t, err)
		log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
		check(t, err)
		return log, func() { nc.Close(); check(t, server.Close()) }
	}
	log, stop := start(1 << 20)
	body := strings.Repeat("x", 64<<10)
	receipts := 0
	for {
		if _, err := log.Publish(soon(t), message(body)); err != nil {
			break
		}
		if receipts++; receipts > 16 {
			t.Fatal("the broker took more than there was room for")
		}
	}
	if receipts == 0 {
		t.Fatal("nothing was taken")
	}
	// A batch is stored whole or not at all.
	if _, err := log.Publish(soon(t), message(body), message(body)); !stream.IsFullDisk(err) {
		t.Errorf("a batch for a full broker: %v", err)
	}
	if _, err := log.Publish(soon(t), message(body)); !stream.IsFullDisk(err) || !strings.Contains(stream.BrokerAdvice(err).EN, "free disk space") {
		t.Errorf("a message for a full broker: %v", err)
	}
	if _, err := log.KeepOriginal(soon(t), []byte(strings.Repeat(body, 4))); !stream.IsFullDisk(err) {
		t.Errorf("a file for a full broker: %v", err)
	}
	stop()

	log, stop = start(1 << 30)
	defer stop()
	if got := last(t, log, stream.Submissions); got != uint64(receipts) {
		t.Errorf("%d messages after %d receipts", got, receipts)
	}
	if published := publish(t, log, "more"); published[0].Sequence != uint64(receipts)+1 {
		t.Errorf("stored at %d", published[0].Sequence)
	}
}
