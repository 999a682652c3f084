package stream_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// task is a Task whose batches hold up to size messages. The beginning of a message's
// body, such as bad or newer, decides how Take ends.
type task struct {
	size  int
	taken int
	take  func(*stream.Delivery) error // what Take does first; it may be nil
	// carryOut is called for each batch; it may be nil.
	carryOut func(bodies []string) error

	done chan []string // the bodies of each batch carried out
}

func newTask(size int) *task { return &task{size: size, done: make(chan []string, 100)} }

func (k *task) Take(d *stream.Delivery) error {
	if k.take != nil {
		if err := k.take(d); err != nil {
			return err
		}
	}
	switch body := string(d.Body); {
	case strings.HasPrefix(body, "bad"):
		return event.Permanentf("it says %q", body)
	case strings.HasPrefix(body, "newer"):
		return &event.NewerLayout{Version: 9, Newest: 2}
	case strings.HasPrefix(body, "half"):
		k.taken++
		return &stream.PartlyTaken{Err: errors.New("half of it is bad")}
	}
	k.taken++
	return nil
}

func (k *task) Full() bool            { return k.taken >= k.size }
func (k *task) Linger() time.Duration { return 0 }
func (k *task) Reset()                { k.taken = 0 }

func (k *task) CarryOut(_ context.Context, taken []stream.Delivery) error {
	batch := bodies(taken)
	if k.carryOut != nil {
		if err := k.carryOut(batch); err != nil {
			return err
		}
	}
	k.taken = 0
	k.done <- batch
	return nil
}

// work runs a worker on SUBMISSIONS until the test ends; the channel has what Work
// returns.
func work(t testing.TB, log *stream.Log, task stream.Task, change ...func(*stream.WorkConfig)) <-chan error {
	t.Helper()
	config := stream.WorkConfig{
		Stage: "test", What: "carry out", Batch: 10, Logger: zerolog.Nop(),
		Consumer: stream.ConsumerConfig{Stream: stream.Submissions, Name: "test", AckWait: 30 * time.Second, MaxPending: 100},
		Retry:    stream.RetryConfig{From: time.Millisecond, To: 10 * time.Millisecond},
	}
	for _, c := range change {
		c(&config)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() { ended <- log.Work(ctx, config, task) })
	t.Cleanup(func() { stop(); running.Wait() })
	return ended
}

// carriedOut waits until the task has carried out so many messages, and returns
// them.
func (k *task) carriedOut(t testing.TB, n int) (all []string) {
	t.Helper()
	return k.carriedOutBy(t, soon(t), n)
}

func (k *task) carriedOutBy(t testing.TB, ctx context.Context, n int) (all []string) {
	t.Helper()
	for len(all) < n {
		select {
		case batch := <-k.done:
			all = append(all, batch...)
		case <-ctx.Done():
			t.Fatalf("carried out %v, want %d", all, n)
		}
	}
	return all
}

// until waits for a condition.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx := soon(t); !condition(); {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

func acknowledged(t testing.TB, log *stream.Log, name, consumer string, sequence uint64) {
	t.Helper()
	until(t, "everything is acknowledged", func() bool {
		position, err := log.Position(t.Context(), name, consumer)
		return err == nil && position.AckFloor == sequence && position.Delivered == 0
	})
}
