package stream

import (
	"context"
	"time"
)

const (
	// How often Watch asks, and how long the answer may take.
	watchEvery = 3 * time.Second
	// After how many questions without an answer another server is looked for.
	watchPatience = 2
)

// Watch leaves a server that answers but cannot speak for its cluster, such as
// one that was parted from the others, and connects to another one. A lost
// connection is not its business: the client library looks after that. It
// returns nil when ctx ends.
func (l *Log) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for unanswered := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !l.nc.IsConnected() || len(l.nc.Servers()) < 2 || l.answers(ctx) {
			unanswered = 0
			continue
		}
		if unanswered++; unanswered < watchPatience || ctx.Err() != nil {
			continue
		}
		unanswered = 0
		l.logger.Warn().Str("server", l.nc.ConnectedUrlRedacted()).Msg("the broker's server answers nothing for the cluster; looking for another one")
		if err := l.nc.ForceReconnect(); err != nil {
			l.logger.Debug().Err(err).Msg("not reconnected")
		}
	}
}

// answers asks what only the cluster as a whole can answer.
func (l *Log) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	_, err := l.js.AccountInfo(ctx)
	return err == nil
}
