package stream

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/event"
)

// RetryConfig is how long the pauses between attempts are. The zero value is
// 100 ms to 5 s.
type RetryConfig struct {
	// From and To are the first and the longest pause. Pauses grow from one to the
	// other, with a random part, so that many workers do not try at the same time.
	From, To time.Duration
	// Advice, when set, says in a few words what a person can do about an error, unless
	// [BrokerAdvice] does.
	Advice func(error) bilingual.Text
	// Failed, when set, is called with the error of every attempt that failed and will
	// be repeated, and with nil when an attempt after that succeeds.
	Failed func(error)
}

const (
	defaultRetryFrom = 100 * time.Millisecond
	defaultRetryTo   = 5 * time.Second
	// logInterval is how often work that keeps failing is logged.
	logInterval = time.Minute
)

// DrainFor is how long work on the log that has begun may go on after a stop was asked
// for, so that a graceful stop leaves no work half done.
const DrainFor = 10 * time.Second

// Attempt describes work that is repeated until it succeeds.
type Attempt struct {
	// What is being done, for the log: a verb and its object.
	What string
	// Stage is who works, and Stream, Sequence and StoredAt are the message it works on;
	// a Sequence of 0 is work on no particular message.
	Stage, Stream string
	Sequence      uint64
	StoredAt      time.Time
	// Timeout bounds one attempt; 0 is no bound.
	Timeout time.Duration
	// DrainFor is how long an attempt may go on after ctx has ended.
	DrainFor time.Duration
	Retry    RetryConfig
	Logger   zerolog.Logger

	health *health // where failing work is recorded; nil is nowhere
}

// Retry is [Retry] for work on the log. While the work of a stage fails, [Log.Stuck]
// lists it.
func (l *Log) Retry(ctx context.Context, attempt Attempt, work func(context.Context) error) error {
	if attempt.Stage != "" {
		attempt.health = l.health
	}
	return Retry(ctx, attempt, work)
}

// Retry repeats work until it succeeds, with growing pauses, and returns nil. An error
// that no repetition changes, an [event.Permanent] or an [event.NewerLayout], is
// returned at once; when ctx ends, its cause is. Failing work is logged when it first
// fails, when the advice changes, each minute, and when it succeeds after all.
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
	streak := &failureStreak{attempt: &attempt}
	defer streak.end()
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval, pauses.Multiplier = defaultRetryFrom, defaultRetryTo, 2
	if attempt.Retry.From > 0 {
		pauses.InitialInterval, pauses.MaxInterval = attempt.Retry.From, max(attempt.Retry.From, attempt.Retry.To)
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := withTimeout(working, attempt.Timeout, work)
		if event.IsPermanent(err) || event.IsNewerLayout(err) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, _ time.Duration) { streak.failed(err) }))
	streak.succeeded = err == nil
	return err
}

func withTimeout(ctx context.Context, timeout time.Duration, work func(context.Context) error) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return work(ctx)
}

// failureStreak is the account of the failures of one call of Retry so far.
type failureStreak struct {
	attempt   *Attempt
	began     time.Time // when work first failed; zero before
	loggedAt  time.Time
	advice    bilingual.Text
	failures  int
	succeeded bool
}

// failed records a failure, and logs it unless it was logged within logInterval with the
// same advice.
func (t *failureStreak) failed(err error) {
	now := time.Now()
	if t.failures++; t.began.IsZero() {
		t.began = now
	}
	advice := BrokerAdvice(err)
	if advice.EN == "" && t.attempt.Retry.Advice != nil {
		advice = t.attempt.Retry.Advice(err)
	}
	if t.attempt.Retry.Failed != nil {
		t.attempt.Retry.Failed(err)
	}
	if t.attempt.health != nil {
		t.attempt.health.setFailing(t, Stuck{
			Stage: t.attempt.Stage, Stream: t.attempt.Stream, Sequence: t.attempt.Sequence, StoredAt: t.attempt.StoredAt,
			Since: t.began, What: t.attempt.What, Err: err, Advice: advice,
		})
	}
	if !t.loggedAt.IsZero() && now.Sub(t.loggedAt) < logInterval && advice == t.advice {
		return
	}
	t.loggedAt, t.advice = now, advice
	event := t.describe(t.attempt.Logger.Warn()).Err(err)
	if advice.EN != "" {
		event = event.Str("what_to_do", advice.EN)
	}
	event.Msg("waiting to try again")
}

func (t *failureStreak) describe(e *zerolog.Event) *zerolog.Event {
	e = e.Str("work", t.attempt.What).Int("failures", t.failures).Dur("for", time.Since(t.began))
	if t.attempt.Stream != "" {
		e = e.Str("stream", t.attempt.Stream)
	}
	if t.attempt.Sequence > 0 {
		e = e.Uint64("sequence", t.attempt.Sequence)
	}
	return e
}

// end closes the account when Retry returns.
func (t *failureStreak) end() {
	if t.began.IsZero() {
		return
	}
	if t.attempt.health != nil {
		t.attempt.health.clearFailing(t)
	}
	if !t.succeeded {
		return
	}
	if t.attempt.Retry.Failed != nil {
		t.attempt.Retry.Failed(nil)
	}
	t.describe(t.attempt.Logger.Info()).Msg("recovered")
}
