package stream

import (
	"context"
	"time"
)

const (
	// watchInterval is how often Watch asks the broker, and how long an answer may take.
	watchInterval = 3 * time.Second
	// maxUnanswered is after how many questions in a row without an answer Watch
	// connects to another server.
	maxUnanswered = 2
)

// Watch connects to another server of the cluster when the present one is reachable but
// cannot answer for the cluster, for instance because the network has parted it from
// the others. Lost connections are left to the client library, which restores them.
// Watch returns nil when ctx ends.
func (l *Log) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for unanswered := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !l.nc.IsConnected() || len(l.nc.Servers()) < 2 || l.clusterAnswers(ctx) {
			unanswered = 0
			continue
		}
		if unanswered++; unanswered < maxUnanswered || ctx.Err() != nil {
			continue
		}
		unanswered = 0
		l.logger.Warn().Str("server", l.nc.ConnectedUrlRedacted()).Msg("the broker's server answers nothing for the cluster; looking for another one")
		if err := l.nc.ForceReconnect(); err != nil {
			l.logger.Debug().Err(err).Msg("not reconnected")
		}
	}
}

// clusterAnswers reports whether the broker answers a request that needs a quorum of
// the cluster.
func (l *Log) clusterAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, watchInterval)
	defer cancel()
	_, err := l.js.AccountInfo(ctx)
	return err == nil
}
