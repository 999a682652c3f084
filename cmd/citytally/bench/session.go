package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb/libchdb"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/reconcile"
)

// session is a pipeline in this process, which is measured.
type session struct {
	*app.Pipeline
	ctx    context.Context // ends when the pipeline does
	cancel context.CancelCauseFunc
	ended  chan error // takes the error of Run; nil until start
}

// open opens a pipeline on a directory of its own; start starts its stages.
func (b *benchmark) open(ctx context.Context, name string) (*session, error) {
	settings := b.settings
	settings.Dir = filepath.Join(b.dir, name)
	s := &session{}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	var err error
	s.Pipeline, err = app.Open(s.ctx, &settings, app.Options{Stages: app.Stages(), Logger: b.logger, Progress: libchdb.PrintProgress(b.progress)})
	if err != nil {
		s.cancel(nil)
		return nil, err
	}
	return s, nil
}

// openClickHouse returns a connection to the ClickHouse of a session.
func (b *benchmark) openClickHouse(s *session) (driver.Conn, error) {
	options, err := clickhouse.ParseDSN(s.Instance.ClickHouse)
	if err != nil {
		return nil, fmt.Errorf("read ClickHouse DSN: %w", err)
	}
	b.overTLS(s, options)
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return conn, nil
}

// start starts the stages.
func (s *session) start() {
	s.ended = make(chan error, 1)
	go func() {
		err := s.Pipeline.Run(s.ctx)
		if err != nil {
			s.cancel(err)
		}
		s.ended <- err
	}()
}

// stop stops the stages and closes the pipeline.
func (s *session) stop() error {
	s.cancel(nil)
	var err error
	if s.ended != nil {
		err = <-s.ended
	}
	return errors.Join(err, s.Pipeline.Close())
}

// waitSettled returns when everything in SUBMISSIONS has been judged and every row
// and total that follows from it is visible in ClickHouse.
func (s *session) waitSettled(ctx context.Context) error {
	last, err := s.Log.LastSequence(ctx, stream.Submissions)
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		position, err := s.Log.Position(ctx, stream.Submissions, judge.Consumer)
		if err == nil && position.AckFloor >= last {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the backlog: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
	accepted, err := s.Log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return err
	}
	return reconcile.Settle(ctx, s.Log, &sink.Projection{Store: s.Store, Log: s.Log}, accepted)
}

// verify checks that ClickHouse shows as many observations as there are figures, and
// some totals. It returns how many versions of totals there are.
func (s *session) verify(ctx context.Context, figures int) (totals uint64, err error) {
	counts, err := s.Store.Counts(ctx)
	if err != nil {
		return 0, err
	}
	if counts["observations"] != uint64(figures) || counts["totals_latest"] == 0 {
		return 0, fmt.Errorf("ClickHouse shows %d observations and %d totals after %d figures: the measurement is worth nothing",
			counts["observations"], counts["totals_latest"], figures)
	}
	return counts["totals"], nil
}
