package stream_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// follow follows in the background; stop ends it and returns Follow's answer.
func follow(log *stream.Log, config stream.FollowConfig) (got chan stream.Delivery, caughtUp chan struct{}, stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	got, caughtUp = make(chan stream.Delivery, 10_000), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- log.Follow(ctx, config, func(d stream.Delivery) error { got <- d; return nil }, func() { close(caughtUp) })
	}()
	return got, caughtUp, func() error { cancel(); return <-done }
}

func wait[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-soon(t).Done():
		t.Fatal("waited in vain")
	}
	return v
}

func TestFollow(t *testing.T) {
	log := open(t)
	var texts []string
	for i := range 5000 {
		texts = append(texts, fmt.Sprint(i))
	}
	publish(t, log, texts...)
	got, caughtUp, stop := follow(log, stream.FollowConfig{Stream: stream.Submissions})
	wait(t, caughtUp)
	if len(got) != 5000 {
		t.Fatalf("want all 5000 handled when caught up, got %d", len(got))
	}
	for i := range 5000 {
		if d := wait(t, got); d.Sequence != uint64(i+1) || string(d.Body) != texts[i] {
			t.Fatalf("want message %d, got %d: %s", i+1, d.Sequence, d.Body)
		}
	}
	publish(t, log, "new")
	if d := wait(t, got); string(d.Body) != "new" {
		t.Errorf("want what is new, got %s", d.Body)
	}
	check(t, stop())
}

func TestFollowCatchesUpOnNothing(t *testing.T) {
	log := open(t)
	_, caughtUp, stop := follow(log, stream.FollowConfig{Stream: stream.Accepted})
	wait(t, caughtUp)
	check(t, stop())
	publish(t, log, "a")
	_, caughtUp, stop = follow(log, stream.FollowConfig{Stream: stream.Submissions, From: 2})
	wait(t, caughtUp)
	check(t, stop())
}

func TestFollowConfig(t *testing.T) {
	log := open(t)
	for i := range 6 {
		_, err := log.Publish(t.Context(), stream.Message{
			Subject: fmt.Sprintf("submissions.%d.d", i%3), Body: []byte("body"), Header: map[string]string{event.SubmissionHeader: fmt.Sprint(i)}})
		check(t, err)
	}
	got, caughtUp, stop := follow(log, stream.FollowConfig{
		Stream: stream.Submissions, From: 2, HeadersOnly: true, Subjects: []string{"submissions.0.*", "submissions.1.*"}})
	wait(t, caughtUp)
	check(t, stop())
	close(got)
	var ids []string
	for d := range got {
		if len(d.Body) != 0 {
			t.Errorf("want no body, got %s", d.Body)
		}
		ids = append(ids, d.Header(event.SubmissionHeader))
	}
	if diff := cmp.Diff([]string{"1", "3", "4"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestFollowEndsWithAnError(t *testing.T) {
	log := open(t)
	publish(t, log, "a")
	broken := errors.New("disk full")
	err := log.Follow(t.Context(), stream.FollowConfig{Stream: stream.Submissions}, func(stream.Delivery) error { return broken }, func() {})
	if !errors.Is(err, broken) {
		t.Errorf("want the handler's error, got %v", err)
	}
	err = log.Follow(t.Context(), stream.FollowConfig{Stream: "NONE"}, func(stream.Delivery) error { return nil }, func() {})
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("want an error for a stream that is not there, got %v", err)
	}
}

// A follower misses and repeats nothing when the broker goes away and comes back, and can
// be stopped while the broker is away.
func TestFollowOutlivesTheBroker(t *testing.T) {
	dir := t.TempDir()
	broker, err := natsd.Start(t.Context(), natsd.Config{Dir: dir}, zerolog.Nop())
	check(t, err)
	address, err := url.Parse(broker.ClientURL())
	check(t, err)
	port, err := strconv.Atoi(address.Port())
	check(t, err)
	nc, err := nats.Connect(broker.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	check(t, err)
	t.Cleanup(nc.Close)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	check(t, err)
	publish(t, log, "a", "b")
	got, caughtUp, stop := follow(log, stream.FollowConfig{Stream: stream.Submissions})
	_, otherCaughtUp, stopOther := follow(log, stream.FollowConfig{Stream: stream.Verdicts})
	wait(t, caughtUp)
	wait(t, otherCaughtUp)
	reconnected := nc.StatusChanged(nats.CONNECTED)
	away := nc.StatusChanged(nats.RECONNECTING)
	check(t, broker.Close())
	wait(t, away)
	began := time.Now()
	check(t, stopOther())
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("want a prompt stop while the broker is away, took %s", took)
	}

	broker, err = natsd.Start(t.Context(), natsd.Config{Dir: dir, Port: port}, zerolog.Nop())
	check(t, err)
	wait(t, reconnected)
	publish(t, log, "c", "d")
	var texts []string
	for range 4 {
		texts = append(texts, string(wait(t, got).Body))
	}
	if !slices.Equal(texts, []string{"a", "b", "c", "d"}) {
		t.Errorf("want each message once and in order, got %v", texts)
	}
	check(t, stop())
	nc.Close()
	check(t, broker.Close())
}

func TestGetWhatIsNotThere(t *testing.T) {
	log := open(t)
	if _, err := log.Get(t.Context(), stream.Submissions, 7); !errors.Is(err, jetstream.ErrMsgNotFound) {
		t.Errorf("want ErrMsgNotFound, got %v", err)
	}
}

// Messages that are deleted while a follower is on its way to them do not keep it from
// catching up.
func TestFollowCatchesUpWhereTheRestIsDeleted(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	js, err := jetstream.New(nc)
	check(t, err)
	const kept, all = 2000, 3000
	var messages []stream.Message
	for range all {
		messages = append(messages, stream.Message{Subject: "dead.x", Body: []byte(`{}`)})
	}
	_, err = log.Publish(t.Context(), messages...)
	check(t, err)
	s, err := js.Stream(t.Context(), stream.Dead)
	check(t, err)
	ctx := soon(t)
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	seen := 0
	check(t, log.Follow(reading, stream.FollowConfig{Stream: stream.Dead}, func(stream.Delivery) error {
		if seen++; seen == 1 {
			for n := uint64(kept + 1); n <= all; n++ {
				if err := s.DeleteMsg(t.Context(), n); err != nil {
					return err
				}
			}
		}
		return nil
	}, caughtUp))
	if ctx.Err() != nil {
		t.Errorf("not caught up after %d messages", seen)
	}
}

// A follower that has come further than the stream goes says so, and reads none of the
// messages that take the place of those lost.
func TestFollowNoticesALostEnd(t *testing.T) {
	broker := natsdtest.Start(t)
	log, nc := join(t, broker)
	js, err := jetstream.New(nc)
	check(t, err)
	publish(t, log, "a", "b", "c")
	var mu sync.Mutex
	var seen []string
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- log.Follow(ctx, stream.FollowConfig{Stream: stream.Submissions, Stage: "test"}, func(d stream.Delivery) error {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, string(d.Body))
			return nil
		}, func() {})
	}()
	until(t, "all is read", func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == 3 })
	config, err := js.Stream(t.Context(), stream.Submissions)
	check(t, err)
	check(t, js.DeleteStream(t.Context(), stream.Submissions))
	_, err = js.CreateStream(t.Context(), config.CachedInfo().Config)
	check(t, err)
	publish(t, log, "another a")
	until(t, "it says that the end is lost", func() bool {
		stuck := log.Stuck()
		return len(stuck) == 1 && strings.Contains(stuck[0].Err.Error(), "SUBMISSIONS ends at message 1 and this program has read up to 3")
	})
	stop()
	check(t, <-ended)
	if len(seen) != 3 {
		t.Errorf("read %v", seen)
	}
}
