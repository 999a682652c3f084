package stream

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
)

// RetryConfig is how long the pauses between attempts are. The zero value is
// 100 ms to 5 s.
type RetryConfig struct {
	// From and To are the first and the longest pause; the pause grows in between,
	// with a random part, so that many workers do not try at once.
	From, To time.Duration
	// Advice, when set, says in a few words what a person can do about an error.
	Advice func(error) string
	// Failed, when set, is told of every attempt that failed and is repeated, and
	// nil once one has succeeded.
	Failed func(error)
}

const (
	defaultRetryFrom = 100 * time.Millisecond
	defaultRetryTo   = 5 * time.Second
	// How often trouble that goes on is said again.
	sayAgain = time.Minute
)

// DrainFor is how long work on the log that has begun may go on after a stop was
// asked for, so that a graceful stop leaves nothing half.
const DrainFor = 10 * time.Second

// Attempt describes work that is repeated until it succeeds.
type Attempt struct {
	// What is being done, for the log: a verb and its object.
	What string
	// Stage does it, for a message of Stream that was stored at StoredAt at
	// Sequence; 0 is work for no particular message.
	Stage, Stream string
	Sequence      uint64
	StoredAt      time.Time
	// Timeout bounds one attempt; 0 bounds nothing.
	Timeout time.Duration
	// DrainFor is how long an attempt may go on after ctx has ended.
	DrainFor time.Duration
	Retry    RetryConfig
	Logger   zerolog.Logger

	health *health // nil keeps no account
}

// Retry is [Retry] for work on the log; [Log.Stuck] tells of a stage's work while it
// fails.
func (l *Log) Retry(ctx context.Context, attempt Attempt, work func(context.Context) error) error {
	if attempt.Stage != "" {
		attempt.health = l.health
	}
	return Retry(ctx, attempt, work)
}

// Retry repeats work until it succeeds, with growing pauses, and returns nil. It
// returns at once an error that no repetition mends, an [event.Permanent] or an
// [event.NewerLayout], and the cause of ctx's end. What goes on failing is logged
// when it begins, when the advice changes, each minute, and when it is over.
func Retry(ctx context.Context, attempt Attempt, work func(context.Context) error) error {
	working, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		if attempt.DrainFor == 0 {
			cancel(context.Cause(ctx))
			return
		}
		end := time.AfterFunc(attempt.DrainFor, func() { cancel(context.Cause(ctx)) })
		context.AfterFunc(working, func() { end.Stop() })
	})()
	trouble := &trouble{attempt: &attempt}
	defer trouble.over()
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = defaultRetryFrom, defaultRetryTo
	if attempt.Retry.From > 0 {
		pauses.InitialInterval, pauses.MaxInterval = attempt.Retry.From, max(attempt.Retry.From, attempt.Retry.To)
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := timed(working, attempt.Timeout, work)
		if event.IsPermanent(err) || event.IsNewerLayout(err) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, _ time.Duration) { trouble.say(err) }))
	trouble.succeeded = err == nil
	return err
}

func timed(ctx context.Context, timeout time.Duration, work func(context.Context) error) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return work(ctx)
}

// trouble is what an attempt has failed with so far.
type trouble struct {
	attempt   *Attempt
	began     time.Time // of the trouble; zero while there is none
	said      time.Time
	advice    string
	failures  int
	succeeded bool
}

// say notes a failure, and logs it where that is due.
func (t *trouble) say(err error) {
	now := time.Now()
	if t.failures++; t.began.IsZero() {
		t.began = now
	}
	advice := ""
	if t.attempt.Retry.Advice != nil {
		advice = t.attempt.Retry.Advice(err)
	}
	if t.attempt.Retry.Failed != nil {
		t.attempt.Retry.Failed(err)
	}
	if t.attempt.health != nil {
		t.attempt.health.note(t, Stuck{
			Stage: t.attempt.Stage, Stream: t.attempt.Stream, Sequence: t.attempt.Sequence, StoredAt: t.attempt.StoredAt,
			Since: t.began, What: t.attempt.What, Err: err, Advice: advice,
		})
	}
	if !t.said.IsZero() && now.Sub(t.said) < sayAgain && advice == t.advice {
		return
	}
	t.said, t.advice = now, advice
	event := t.describe(t.attempt.Logger.Warn()).Err(err)
	if advice != "" {
		event = event.Str("what_to_do", advice)
	}
	event.Msg("waiting to try again")
}

func (t *trouble) describe(e *zerolog.Event) *zerolog.Event {
	e = e.Str("work", t.attempt.What).Int("failures", t.failures).Dur("for", time.Since(t.began))
	if t.attempt.Stream != "" {
		e = e.Str("stream", t.attempt.Stream)
	}
	if t.attempt.Sequence > 0 {
		e = e.Uint64("sequence", t.attempt.Sequence)
	}
	return e
}

// over ends the trouble, if there was any.
func (t *trouble) over() {
	if t.began.IsZero() {
		return
	}
	if t.attempt.health != nil {
		t.attempt.health.forget(t)
	}
	if !t.succeeded {
		return
	}
	if t.attempt.Retry.Failed != nil {
		t.attempt.Retry.Failed(nil)
	}
	t.describe(t.attempt.Logger.Info()).Msg("recovered")
}
