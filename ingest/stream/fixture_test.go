package stream_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(nodeEnv); spec != "" {
		fmt.Fprintln(os.Stderr, serveNode(spec))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// open returns the log of a broker that only this test uses.
func open(t testing.TB) *stream.Log {
	t.Helper()
	log, _ := join(t, natsdtest.Start(t))
	return log
}

// join returns the log of the same broker over another connection.
func join(t testing.TB, broker *natsd.Server) (*stream.Log, *nats.Conn) {
	t.Helper()
	nc, err := nats.Connect("", broker.InProcess())
	check(t, err)
	t.Cleanup(nc.Close)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	check(t, err)
	return log, nc
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// soon is the context of everything that a test waits for.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func message(body string) stream.Message {
	return stream.Message{Subject: "submissions.320812.sti-annual", Body: []byte(body)}
}

func publish(t testing.TB, log *stream.Log, bodies ...string) []stream.Published {
	t.Helper()
	var messages []stream.Message
	for _, body := range bodies {
		messages = append(messages, message(body))
	}
	stored, err := log.Publish(t.Context(), messages...)
	check(t, err)
	return stored
}

func last(t testing.TB, log *stream.Log, name string) uint64 {
	t.Helper()
	sequence, err := log.LastSequence(t.Context(), name)
	check(t, err)
	return sequence
}

func bodies(batch []stream.Delivery) (texts []string) {
	for _, d := range batch {
		texts = append(texts, string(d.Body))
	}
	return texts
}

// Every kind of event has a golden file; without one a change of its layout would go
// unnoticed.
func TestEveryStreamHasGoldenEvents(t *testing.T) {
	for name, file := range map[string]string{
		stream.Direct: "submission", stream.Submissions: "submission", stream.Accepted: "accepted", stream.Verdicts: "verdict", stream.Totals: "totals",
		stream.Releases: "release", stream.Commands: "command", stream.Dead: "dead",
	} {
		if found, err := filepath.Glob(filepath.Join("..", "event", "testdata", file+".v1.*")); err != nil || len(found) == 0 {
			t.Errorf("%s has no %s.v1 in testdata (%v)", name, file, err)
		}
	}
	statuses, err := open(t).Statuses(t.Context())
	check(t, err)
	if len(statuses) != 8 {
		t.Errorf("%d streams, and golden events of 8", len(statuses))
	}
}
