package stream

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

const (
	// The pauses between attempts while the broker is away.
	retryFrom = 100 * time.Millisecond
	retryTo   = 5 * time.Second
	// How long work that was begun may go on after a stop was asked for.
	drainFor = 10 * time.Second
)

// Finish repeats work that an outage prevents until it succeeds. Work that was
// begun goes on when ctx ends, for drainFor at most, so that a graceful stop
// leaves nothing half; what is cut off then is delivered again.
func Finish(ctx context.Context, logger zerolog.Logger, what string, work func(context.Context) error) error {
	working, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(drainFor, func() { cancel(context.Cause(ctx)) })
	})()
	err := Retry(working, logger, what, work)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Retry repeats work until it succeeds or ctx ends. It says so once when the
// trouble begins and once when it is over.
func Retry(ctx context.Context, logger zerolog.Logger, what string, work func(context.Context) error) error {
	pause, troubled := retryFrom, false
	for {
		err := work(ctx)
		if err == nil {
			if troubled {
				logger.Info().Str("work", what).Msg("recovered")
			}
			return nil
		}
		if !troubled {
			troubled = true
			logger.Warn().Err(err).Str("work", what).Msg("waiting to try again")
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
		pause = min(2*pause, retryTo)
	}
}
