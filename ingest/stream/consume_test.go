package stream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// run keeps a group going until the returned function is called.
func run(t testing.TB, group *stream.Group) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- group.Run(ctx) }()
	return func() { cancel(); check(t, <-done) }
}

func worker(name string, ackWait time.Duration) stream.ConsumerConfig {
	return stream.ConsumerConfig{Stream: stream.Submissions, Name: name, AckWait: ackWait, MaxPending: 100}
}

func consume(t testing.TB, log *stream.Log, config stream.ConsumerConfig) *stream.Consumer {
	t.Helper()
	c, err := log.Consume(t.Context(), config)
	check(t, err)
	return c
}

// take reads batches until it has n messages.
func take(t testing.TB, c *stream.Consumer, n int) (got []stream.Delivery) {
	t.Helper()
	for len(got) < n {
		batch, err := c.Batch(soon(t), n-len(got))
		check(t, err)
		got = append(got, batch...)
	}
	return got
}

func TestConsumeDeliversInOrder(t *testing.T) {
	log := open(t)
	publish(t, log, "a", "b", "c")
	c := consume(t, log, worker("w", 5*time.Second))
	defer c.Stop()
	got := take(t, c, 3)
	if diff := cmp.Diff([]string{"a", "b", "c"}, bodies(got)); diff != "" {
		t.Error(diff)
	}
	for i, d := range got {
		if d.Sequence != uint64(i+1) || d.Attempt != 1 || d.StoredAt.IsZero() || d.Subject != "submissions.320812.sti-annual" {
			t.Errorf("message %d: got %+v", i, d)
		}
	}
	check(t, stream.AckAll(got))
	check(t, got[0].Ack())
}

func TestWhatNobodyAcknowledgesComesAgain(t *testing.T) {
	t.Parallel()
	log := open(t)
	publish(t, log, "a", "b")
	c := consume(t, log, worker("w", time.Second))
	defer c.Stop()
	first := take(t, c, 2)
	check(t, first[0].Ack())
	again := take(t, c, 1)
	if again[0].Sequence != 2 || again[0].Attempt != 2 {
		t.Errorf("want the second message's second attempt, got %+v", again[0])
	}
	check(t, again[0].Nak(0))
	third := take(t, c, 1)
	if third[0].Sequence != 2 || third[0].Attempt != 3 {
		t.Errorf("want a released message at once, got %+v", third[0])
	}
}

func TestHoldKeepsABatch(t *testing.T) {
	t.Parallel()
	log := open(t)
	publish(t, log, "a")
	c := consume(t, log, worker("w", 600*time.Millisecond))
	defer c.Stop()
	batch := take(t, c, 1)
	done := c.KeepAlive(batch)
	quiet, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if again, err := c.Batch(quiet, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want nothing while the batch is held, got %v (%v)", bodies(again), err)
	}
	done()
	if again := take(t, c, 1); again[0].Attempt != 2 {
		t.Errorf("want the message again after the hold, got %+v", again[0])
	}
}

// A consumer that stops returns its prefetched messages to the broker, and another
// receives them without waiting for AckWait.
func TestStopGivesBack(t *testing.T) {
	log := open(t)
	var texts []string
	for i := range 80 {
		texts = append(texts, fmt.Sprint(i))
	}
	publish(t, log, texts...)
	const ackWait = 10 * time.Minute
	first := consume(t, log, worker("w", ackWait))
	one := take(t, first, 1)
	check(t, one[0].Ack())
	first.Stop()

	second := consume(t, log, worker("w", ackWait))
	defer second.Stop()
	got := bodies(take(t, second, 79))
	slices.SortFunc(got, func(a, b string) int { return slices.Index(texts, a) - slices.Index(texts, b) })
	if diff := cmp.Diff(texts[1:], got); diff != "" {
		t.Error(diff)
	}
}

func TestBatchEndsWithItsContext(t *testing.T) {
	log := open(t)
	c := consume(t, log, worker("w", time.Second))
	defer c.Stop()
	cause := errors.New("stopping")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := c.Batch(ctx, 10); !errors.Is(err, cause) {
		t.Errorf("want the context's cause, got %v", err)
	}
}

// Reading from a consumer that was deleted in the broker returns an error, and does not
// wait for ever.
func TestDeletedConsumerEndsItsReader(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	c := consume(t, log, worker("reader", time.Minute))
	defer c.Stop()
	publish(t, log, "a")
	take(t, c, 1)
	js, err := jetstream.New(nc)
	check(t, err)
	check(t, js.DeleteConsumer(t.Context(), stream.Submissions, "reader"))
	if batch, err := c.Batch(soon(t), 1); err == nil || !strings.Contains(err.Error(), "consumer reader: it was deleted") {
		t.Errorf("got %v (%v)", bodies(batch), err)
	}
}

func TestSingleHasOneActiveAtATime(t *testing.T) {
	t.Parallel()
	broker := natsdtest.Start(t)
	log, _ := join(t, broker)
	other, otherConn := join(t, broker)
	config := worker("tally", time.Second)
	config.Single = true
	active := consume(t, other, config)
	publish(t, log, "a")
	got := take(t, active, 1)
	check(t, got[0].Ack())

	standby := consume(t, log, config)
	defer standby.Stop()
	publish(t, log, "b", "c")
	got = take(t, active, 2)
	check(t, stream.AckAll(got))
	quiet, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if stolen, err := standby.Batch(quiet, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("want the standby idle, got %v (%v)", bodies(stolen), err)
	}

	// It stays the active process while the stream is quiet.
	quiet, cancel = context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if stolen, err := standby.Batch(quiet, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("want the standby idle, got %v (%v)", bodies(stolen), err)
	}
	publish(t, log, "d")
	got = take(t, active, 1)
	check(t, stream.AckAll(got))

	check(t, otherConn.Flush())
	otherConn.Close()
	publish(t, log, "e")
	if got := bodies(take(t, standby, 1)); got[0] != "e" {
		t.Errorf("want the standby to take over, got %v", got)
	}
}

// A reader that is held up keeps few messages in memory, however many large ones wait in
// the stream, and receives all of them in the end.
func TestConsumeBoundsBytes(t *testing.T) {
	log := open(t)
	const messages, size = 120, 64 << 10
	body := strings.Repeat("x", size)
	for range messages {
		publish(t, log, body)
	}
	consumer, err := log.Consume(t.Context(), stream.ConsumerConfig{
		Stream: stream.Submissions, Name: "reader", AckWait: time.Minute, MaxPending: 1000, MaxBytes: 8 * size,
	})
	check(t, err)
	defer consumer.Stop()
	for got := 0; got < messages; {
		batch, err := consumer.Batch(soon(t), 1000)
		check(t, err)
		if got += len(batch); len(batch) > 8+1 {
			t.Errorf("a batch of %d messages, want 9 at most", len(batch))
		}
		position, err := log.Position(t.Context(), stream.Submissions, "reader")
		check(t, err)
		// MaxBytes each for the batch, for prefetched messages and for what the client
		// library holds, whose requests exceed their limit.
		if position.Delivered > messages*2/3 {
			t.Fatalf("%d messages in memory", position.Delivered)
		}
		check(t, stream.AckAll(batch))
	}
}
