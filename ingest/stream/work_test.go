package stream_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func TestWorkPutsBadMessagesAsideAndGoesOn(t *testing.T) {
	log := open(t)
	publish(t, log, "a", "bad 1", "half good", "b")
	k := newTask(10)
	work(t, log, k)
	if diff := cmp.Diff([]string{"a", "half good", "b"}, k.carriedOut(t, 3)); diff != "" {
		t.Error(diff)
	}
	acknowledged(t, log, stream.Submissions, "test", 4)
	letters, err := log.Letters(soon(t))
	check(t, err)
	if len(letters) != 2 || letters[0].Sequence != 2 || letters[1].Sequence != 3 {
		t.Fatalf("letters = %+v", letters)
	}
	l := letters[0]
	if l.Stage != "test" || l.Stream != stream.Submissions || l.Subject != "submissions.320812.sti-annual" || l.Error != `it says "bad 1"` ||
		l.StoredAt.IsZero() || l.DiedAt.IsZero() || l.Size != 5 || len(l.Body) != 0 {
		t.Errorf("the letter does not refer to the message: %+v", l)
	}
	if body, err := log.LetterMessage(soon(t), &l); err != nil || string(body) != "bad 1" {
		t.Errorf("the letter's message is %q, %v", body, err)
	}
	l.Hash = strings.Repeat("0", 64)
	if body, err := log.LetterMessage(soon(t), &l); !errors.Is(err, stream.ErrMessageGone) {
		t.Errorf("another message in its place is taken for it: %q, %v", body, err)
	}
}

// One message on which a whole batch fails goes to DEAD alone.
func TestWorkFindsTheMessageThatABatchFailsFor(t *testing.T) {
	log := open(t)
	publish(t, log, "a", "poison", "b", "c")
	k := newTask(10)
	k.carryOut = func(bodies []string) error {
		for _, body := range bodies {
			if body == "poison" {
				return event.Permanentf("refused")
			}
		}
		return nil
	}
	work(t, log, k)
	if diff := cmp.Diff([]string{"a", "b", "c"}, k.carriedOut(t, 3)); diff != "" {
		t.Error(diff)
	}
	acknowledged(t, log, stream.Submissions, "test", 4)
	if letters, err := log.Letters(soon(t)); err != nil || len(letters) != 1 || letters[0].Sequence != 2 {
		t.Errorf("letters = %+v, %v", letters, err)
	}
}

func TestWorkPutsAsideWhatATaskNames(t *testing.T) {
	log := open(t)
	publish(t, log, "a", "b", "c")
	k := newTask(3)
	k.carryOut = func([]string) error { return stream.Refusals{2: errors.New("b is refused")} }
	work(t, log, k)
	acknowledged(t, log, stream.Submissions, "test", 3)
	if letters, err := log.Letters(soon(t)); err != nil || len(letters) != 1 || letters[0].Sequence != 2 || letters[0].Error != "b is refused" {
		t.Errorf("letters = %+v, %v", letters, err)
	}
}

// An error that may pass is retried until it is over. Meanwhile Stuck lists the work, and
// no message is acknowledged or goes to DEAD.
func TestWorkWaitsOutTrouble(t *testing.T) {
	log := open(t)
	publish(t, log, "a")
	var mu sync.Mutex
	away := true
	k := newTask(1)
	k.carryOut = func([]string) error {
		mu.Lock()
		defer mu.Unlock()
		if away {
			return errors.New("the store is away")
		}
		return nil
	}
	var lines bytes.Buffer
	work(t, log, k, func(c *stream.WorkConfig) {
		c.Logger = zerolog.New(zerolog.SyncWriter(&lines))
		c.Retry.Advice = func(error) bilingual.Text {
			return bilingual.Text{ZH: "请启动存储", EN: "start the store"}
		}
	})
	until(t, "the log says what is stuck", func() bool { return len(log.Stuck()) == 1 })
	stuck := log.Stuck()[0]
	if zh := bilingual.Chinese(stuck.Reason()); !strings.Contains(zh, "SUBMISSIONS 第 1 条消息") || !strings.HasSuffix(zh, "；请启动存储") {
		t.Errorf("in Chinese: %s", zh)
	}
	if text := stuck.String(); stuck.Sequence != 1 || stuck.StoredAt.IsZero() || !strings.Contains(text, "test SUBMISSIONS message 1: cannot carry out") ||
		!strings.HasSuffix(text, "the store is away; start the store") {
		t.Errorf("stuck: %s (%+v)", text, stuck)
	}
	if position, err := log.Position(t.Context(), stream.Submissions, "test"); err != nil || position.AckFloor != 0 {
		t.Errorf("acknowledged while it waits: %+v, %v", position, err)
	}
	mu.Lock()
	away = false
	mu.Unlock()
	k.carriedOut(t, 1)
	acknowledged(t, log, stream.Submissions, "test", 1)
	until(t, "nothing is stuck", func() bool { return len(log.Stuck()) == 0 })
	if n := last(t, log, stream.Dead); n != 0 {
		t.Errorf("%d letters for trouble that passed", n)
	}
}

// A message of a newer layout ends the worker, and stays in its stream.
func TestWorkStopsAtANewerLayout(t *testing.T) {
	log := open(t)
	publish(t, log, "newer", "a")
	ended := work(t, log, newTask(1))
	select {
	case err := <-ended:
		if !event.IsNewerLayout(err) || !strings.Contains(err.Error(), "message 1 of SUBMISSIONS") || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("ended with %v", err)
		}
	case <-soon(t).Done():
		t.Fatal("it goes on")
	}
	if position, err := log.Position(t.Context(), stream.Submissions, "test"); err != nil || position.AckFloor != 0 {
		t.Errorf("position %+v, %v", position, err)
	}
}

// COMMANDS drops a command once it is acknowledged, so its letter keeps a copy, cut to a
// bound.
func TestLettersKeepWhatTheStreamDoesNot(t *testing.T) {
	log := open(t)
	long := bytes.Repeat([]byte("bad"), 100_000)
	for _, body := range [][]byte{[]byte("bad"), long} {
		_, err := log.Publish(t.Context(), stream.Message{Subject: "commands.recompute", Body: body})
		check(t, err)
	}
	work(t, log, newTask(1), func(c *stream.WorkConfig) { c.Consumer.Stream = stream.Commands })
	until(t, "two letters", func() bool { return last(t, log, stream.Dead) == 2 })
	letters, err := log.Letters(soon(t))
	check(t, err)
	if body, err := log.LetterMessage(soon(t), &letters[0]); err != nil || string(body) != "bad" {
		t.Errorf("copy %q, %v", body, err)
	}
	if _, err := log.LetterMessage(soon(t), &letters[1]); !errors.Is(err, stream.ErrMessageGone) || letters[1].Size != len(long) || len(letters[1].Body) >= len(long) {
		t.Errorf("a copy of %d of %d bytes, %v", len(letters[1].Body), letters[1].Size, err)
	}
}

// A message in DEAD that another program wrote is listed and can be discarded.
func TestForeignLettersAreShown(t *testing.T) {
	log := open(t)
	_, err := log.Publish(t.Context(), stream.Message{Subject: "dead.sink", Body: []byte("\x00garbage")})
	check(t, err)
	letters, err := log.Letters(soon(t))
	check(t, err)
	if len(letters) != 1 || letters[0].Number != 1 || letters[0].Stage != "sink" || !strings.Contains(letters[0].Error, "no letter") {
		t.Fatalf("letters = %+v", letters)
	}
	check(t, log.Discard(soon(t), &letters[0]))
	if letters, err = log.Letters(soon(t)); err != nil || len(letters) != 0 {
		t.Errorf("letters = %+v, %v", letters, err)
	}
}

// An error that no repetition changes is Permanent, and is found before anything is sent.
func TestPublishTellsWhatIsPermanent(t *testing.T) {
	log := open(t)
	large := make([]byte, log.MaxMessage()+1)
	for name, m := range map[string]stream.Message{
		"too few tokens":  {Subject: "submissions.320812"},
		"too many tokens": {Subject: "submissions.320812.sti-annual.extra"},
		"an empty token":  {Subject: "verdicts..sti-annual"},
		"a wildcard":      {Subject: "accepted.*.sti-annual"},
		"a space":         {Subject: "accepted.a b.sti-annual"},
		"no stream's":     {Subject: "runs."},
		"too large":       {Subject: "accepted.a.b", Body: large},
		"a large header":  {Subject: "accepted.a.b", Header: map[string]string{"File": string(large)}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := log.Publish(soon(t), m); !event.IsPermanent(err) {
				t.Errorf("Publish: %v, want a permanent error", err)
			}
			answers := log.PublishEach(soon(t), m, message("good"))
			if !event.IsPermanent(answers[0].Err) || answers[1].Err != nil {
				t.Errorf("PublishEach: %+v, want the bad one alone refused", answers)
			}
		})
	}
}

// A consumer that the broker does not create in time is told as the broker's fault, and not as that of
// what the consumer's messages are stored in.
func TestASlowBrokerIsToldAsTheBroker(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, err := open(t).Consume(ctx, stream.ConsumerConfig{Stream: stream.Submissions, Name: "slow", AckWait: time.Minute})
	if !strings.Contains(stream.BrokerAdvice(err).EN, "the broker did not answer in time") {
		t.Errorf("%v: %q", err, stream.BrokerAdvice(err))
	}
}

// A person can have a message of a newer layout skipped: a worker writes a letter for it,
// and a follower gets it with an empty body.
func TestSkippedMessagesArePassedOver(t *testing.T) {
	log := open(t)
	publish(t, log, "newer", "a")
	if err := log.Skip(soon(t), stream.Submissions, 3, "why", event.Person{Name: "me"}); !errors.Is(err, stream.ErrNoMessage) {
		t.Errorf("skipping what is not there: %v", err)
	}
	check(t, log.Skip(soon(t), stream.Submissions, 1, "a test of the next version", event.Person{Name: "me"}))
	k := newTask(1)
	k.take = func(d *stream.Delivery) error {
		if len(d.Body) == 0 {
			return event.Permanentf("nothing to read")
		}
		return nil
	}
	work(t, log, k)
	if diff := cmp.Diff([]string{"a"}, k.carriedOut(t, 1)); diff != "" {
		t.Error(diff)
	}
	acknowledged(t, log, stream.Submissions, "test", 2)
	letters, err := log.Letters(soon(t))
	check(t, err)
	if len(letters) != 2 || letters[0].Stage != stream.SkipStage || letters[0].Error != "skipped by me (, ): a test of the next version" || letters[1].Stage != "test" {
		t.Errorf("letters = %+v", letters)
	}
	following, caughtUp := context.WithCancel(soon(t))
	var followed []string
	check(t, log.Follow(following, stream.FollowConfig{Stream: stream.Submissions}, func(d stream.Delivery) error {
		if string(d.Body) == "newer" {
			return &event.NewerLayout{Version: 9, Newest: 2}
		}
		followed = append(followed, string(d.Body))
		return nil
	}, caughtUp))
	if diff := cmp.Diff([]string{"", "a"}, followed); diff != "" {
		t.Error(diff)
	}
}

// A stop says nothing of the messages in hand, even where its cause is a permanent error
// of another worker.
func TestStopAcknowledgesNothing(t *testing.T) {
	log := open(t)
	publish(t, log, "a", "b", "c")
	k := newTask(10)
	k.carryOut = func([]string) error { return errors.New("the store is away") }
	ctx, stop := context.WithCancelCause(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- log.Work(ctx, stream.WorkConfig{
			Stage: "test", What: "carry out", Batch: 10, Logger: zerolog.Nop(),
			Consumer: stream.ConsumerConfig{Stream: stream.Submissions, Name: "test", AckWait: 30 * time.Second, MaxPending: 100},
			Retry:    stream.RetryConfig{From: time.Millisecond, To: 10 * time.Millisecond},
		}, k)
	}()
	until(t, "the work is stuck", func() bool { return len(log.Stuck()) == 1 })
	stop(event.Permanentf("another worker may not create its consumer"))
	if err := <-ended; err != nil {
		t.Errorf("a stop ended with %v", err)
	}
	c := consume(t, log, worker("test", 30*time.Second))
	defer c.Stop()
	again := bodies(take(t, c, 3))
	slices.Sort(again)
	if diff := cmp.Diff([]string{"a", "b", "c"}, again); diff != "" {
		t.Errorf("acknowledged though nothing was carried out: %s", diff)
	}
	if n := last(t, log, stream.Dead); n != 0 {
		t.Errorf("%d letters", n)
	}
}

// Where DEAD cannot be read, a message of a newer layout stays and stops the worker.
func TestNewerLayoutStaysWhereDeadIsAbsent(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	js, err := jetstream.New(nc)
	check(t, err)
	check(t, js.DeleteStream(t.Context(), stream.Dead))
	publish(t, log, "newer")
	select {
	case err := <-work(t, log, newTask(10)):
		if !event.IsNewerLayout(err) || event.IsPermanent(err) {
			t.Errorf("ended with %v", err)
		}
	case <-soon(t).Done():
		t.Fatal("the worker goes on")
	}
	if position, err := log.Position(t.Context(), stream.Submissions, "test"); err != nil || position.AckFloor != 0 {
		t.Errorf("position %+v, %v", position, err)
	}
}

// The letter of a skipped message refers to it as it is, so that a later version can
// process it.
func TestLetterOfASkippedMessageFindsIt(t *testing.T) {
	log := open(t)
	publish(t, log, "newer", "a")
	check(t, log.Skip(soon(t), stream.Submissions, 1, "why", event.Person{Name: "me"}))
	k := newTask(10)
	k.take = func(d *stream.Delivery) error {
		if len(d.Body) == 0 {
			return event.Permanentf("nothing to read")
		}
		return nil
	}
	work(t, log, k)
	k.carriedOut(t, 1)
	acknowledged(t, log, stream.Submissions, "test", 2)
	letters, err := log.Letters(soon(t))
	check(t, err)
	for _, l := range letters {
		if body, err := log.LetterMessage(soon(t), &l); err != nil || string(body) != "newer" {
			t.Errorf("the letter of %s finds %q, %v", l.Stage, body, err)
		}
	}
}

// A consumer that is deleted while no request waits, of which the broker tells nobody, is missed with
// the next request.
func TestConsumerDeletedBetweenRequestsIsMissed(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	large := func(name string) string { return name + strings.Repeat(" ", 1000) }
	publish(t, log, large("a"), large("b"), large("c"), large("d"), large("e"))
	k, deleted := newTask(1), make(chan struct{})
	k.carryOut = func([]string) error {
		select {
		case <-deleted:
		case <-t.Context().Done():
		}
		return nil
	}
	// Memory for one body: b waits for the worker, and c, with all of the requests, for the memory.
	work(t, log, k, func(c *stream.WorkConfig) { c.Batch, c.Consumer.MaxBytes = 1, 1500 })
	js, err := jetstream.New(nc)
	check(t, err)
	until(t, "no request waits", func() bool {
		consumer, err := js.Consumer(soon(t), stream.Submissions, "test")
		if err != nil {
			return false
		}
		info, err := consumer.Info(soon(t))
		check(t, err)
		return info.NumAckPending >= 3 && info.NumWaiting == 0
	})
	check(t, js.DeleteConsumer(soon(t), stream.Submissions, "test"))
	close(deleted)
	publish(t, log, "later")
	for !slices.Contains(k.carriedOut(t, 1), "later") {
	}
}

// A consumer that somebody deletes is created anew, and what comes later is worked on.
func TestDeletedConsumerIsCreatedAnew(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	k := newTask(1)
	ended := work(t, log, k)
	publish(t, log, "first")
	k.carriedOut(t, 1)
	acknowledged(t, log, stream.Submissions, "test", 1) // or else it is acknowledged when it comes again, and not carried out
	js, err := jetstream.New(nc)
	check(t, err)
	check(t, js.DeleteConsumer(soon(t), stream.Submissions, "test"))
	publish(t, log, "second")
	// A consumer that is deleted between two requests is missed when the heartbeats of a request are,
	// and what came meanwhile may come before the rest.
	missed, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if got := k.carriedOutBy(t, missed, 2); !slices.Contains(got, "first") || !slices.Contains(got, "second") {
		t.Errorf("after the consumer was created anew: %v", got)
	}
	select {
	case err := <-ended:
		t.Errorf("the worker ended: %v", err)
	default:
	}
}
