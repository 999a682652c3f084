package app

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

// lifecycle logs one line for each thing that happens to a stage: start, ready,
// drained (or failed), stopped.
type lifecycle struct {
	logger zerolog.Logger
	began  time.Time
}

func begin(logger zerolog.Logger) *lifecycle {
	l := &lifecycle{logger: logger, began: time.Now()}
	l.say(zerolog.InfoLevel, "start")
	return l
}

func (l *lifecycle) say(level zerolog.Level, event string) {
	l.logger.WithLevel(level).Str("event", event).Dur("after", time.Since(l.began)).Msg("stage")
}

// run runs the stage, which closes ready once it works.
func (l *lifecycle) run(ctx context.Context, ready <-chan struct{}, work func(context.Context) error) error {
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-ready:
			l.say(zerolog.InfoLevel, "ready")
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
	l.say(zerolog.InfoLevel, "drained")
	return nil
}

// stopped says that everything the stage stood on is closed.
func (l *lifecycle) stopped() { l.say(zerolog.InfoLevel, "stopped") }
