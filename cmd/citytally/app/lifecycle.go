package app

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

// lifecycle logs one line when a stage starts, is ready, has drained or failed, and
// has stopped.
type lifecycle struct {
	logger zerolog.Logger
	began  time.Time
}

func startLifecycle(logger zerolog.Logger) *lifecycle {
	l := &lifecycle{logger: logger, began: time.Now()}
	l.log(zerolog.InfoLevel, "start")
	return l
}

func (l *lifecycle) log(level zerolog.Level, event string) {
	l.logger.WithLevel(level).Str("event", event).Dur("after", time.Since(l.began)).Msg("stage")
}

// run runs a stage, which closes the channel ready once it works.
func (l *lifecycle) run(ctx context.Context, ready <-chan struct{}, work func(context.Context) error) error {
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-ready:
			l.log(zerolog.InfoLevel, "ready")
		case <-ended:
		}
	}()
	err := work(ctx)
	close(ended)
	<-told
	if err != nil {
		l.logger.Error().Err(err).Str("event", "failed").Dur("after", time.Since(l.began)).Msg("stage")
		return err
	}
	l.log(zerolog.InfoLevel, "drained")
	return nil
}

// stopped notes that everything the stage needs has been closed.
func (l *lifecycle) stopped() { l.log(zerolog.InfoLevel, "stopped") }
