package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/bench/load"
	"github.com/citytally/citytally/cmd/citytally/client"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// publishChunk is how many submissions are made at a time: their making is not
// measured, and all of them would fill the memory.
const publishChunk = 1000

func (b *benchmark) submissions() int { return b.config.Figures / load.Figures }

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

// publish measures how fast submissions are stored in SUBMISSIONS: the backlog.
func (b *benchmark) publish(ctx context.Context, s *session) error {
	var took time.Duration
	for from := 0; from < b.submissions(); from += publishChunk {
		messages := make([]stream.Message, min(publishChunk, b.submissions()-from))
		for i := range messages {
			var err error
			if messages[i], err = b.set.Message(from + i); err != nil {
				return err
			}
		}
		began := time.Now()
		if _, err := s.Log.Publish(ctx, messages...); err != nil {
			return err
		}
		took += time.Since(began)
	}
	b.result.Publish = perSecond(b.submissions()*load.Figures, took)
	b.printf("publish    %9.0f figures/s", b.result.Publish)
	return nil
}

// pipeline measures how fast the stages work off the backlog.
func (b *benchmark) pipeline(ctx context.Context, s *session) (err error) {
	conn, err := b.openClickHouse(s)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop, err := b.startProfile()
	if err != nil {
		return err
	}
	stopWatch := watchArrivals(ctx, conn)
	pids := []int{os.Getpid(), s.Engine.PID()}
	used, began := processorTime(pids), time.Now()
	s.start()
	err = s.waitSettled(ctx)
	took := time.Since(began)
	used = processorTime(pids) - used
	stop()
	arrivals, watched := stopWatch()
	if err = errors.Join(err, watched); err != nil {
		return err
	}
	figures := b.submissions() * load.Figures
	b.result.Pipeline = perSecond(figures, took)
	b.result.ToDirect = b.result.Pipeline / b.result.Direct
	b.result.PipelineCPU = float64(used.Microseconds()) / float64(figures)
	b.printf("pipeline   %9.0f figures/s, %.2f of direct, %.1f µs of processor time a figure", b.result.Pipeline, b.result.ToDirect, b.result.PipelineCPU)
	b.result.peakMemory("bench_peak", os.Getpid())
	b.result.peakMemory("engine_peak", s.Engine.PID())
	if b.result.Sizes.Totals, err = s.verify(ctx, figures); err != nil {
		return err
	}
	b.result.Pace = pace(arrivals, paceParts)
	return nil
}

func (b *benchmark) startProfile() (stop func(), err error) {
	if b.config.CPUProfile == "" {
		return func() {}, nil
	}
	file, err := os.Create(b.config.CPUProfile)
	if err != nil {
		return nil, fmt.Errorf("create profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, fmt.Errorf("start profile: %w", err)
	}
	return func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			b.logger.Warn().Err(err).Msg("profile not written")
		}
	}, nil
}

// uploadClients is how many uploads are under way at the same time.
const uploadClients = 16

// http measures how fast the same submissions get from uploads over HTTP to
// ClickHouse.
func (b *benchmark) http(ctx context.Context, s *session) error {
	s.start()
	select {
	case <-s.TransformReady():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	submissions := b.config.HTTPFigures / load.Figures
	var next atomic.Int64
	began := time.Now()
	clients, uploading := errgroup.WithContext(ctx)
	for range uploadClients {
		clients.Go(func() error {
			for n := int(next.Add(1)) - 1; n < submissions; n = int(next.Add(1)) - 1 {
				if _, err := b.upload(uploading, s, n); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := clients.Wait(); err != nil {
		return err
	}
	if err := s.waitSettled(ctx); err != nil {
		return err
	}
	figures := submissions * load.Figures
	b.result.HTTP = perSecond(figures, time.Since(began))
	b.printf("http       %9.0f figures/s", b.result.HTTP)
	_, err := s.verify(ctx, figures)
	return err
}

// upload sends the n-th submission to the gateway, with its area's token, and returns
// its id.
func (b *benchmark) upload(ctx context.Context, s *session, n int) (id string, err error) {
	made := b.set.Submission(n)
	body, err := json.Marshal(&made)
	if err != nil {
		return "", fmt.Errorf("encode submission %d: %w", n, err)
	}
	token, ok := s.Tokens.Plain(made.Area)
	if !ok {
		return "", fmt.Errorf("no token for area %s", made.Area)
	}
	client := &sender.Client{BaseURL: s.Instance.HTTP, Token: token, HTTP: b.uploader}
	receipts, err := client.Submit(ctx, sender.Upload{Content: bytes.NewReader(body), ContentType: "application/json"})
	if err != nil {
		return "", err
	}
	return receipts[0].ID, nil
}

// recompute measures how fast all totals are computed anew and compared.
func (b *benchmark) recompute(ctx context.Context, s *session) error {
	if err := s.waitSettled(ctx); err != nil {
		return err
	}
	operator, err := s.LogAs(access.Operator)
	if err != nil {
		return err
	}
	run, err := client.Recompute(ctx, operator, event.Command{})
	if err != nil {
		return err
	}
	if run.Problem != "" || run.Changed > 0 || run.ObservationsMissing > 0 {
		return fmt.Errorf("recomputation found %d totals and %d observations amiss: %s", run.Changed, run.ObservationsMissing, run.Problem)
	}
	b.result.Recompute = perSecond(run.Cells, run.FinishedAt.Sub(run.StartedAt))
	b.printf("recompute  %9.0f cells/s, %d cells", b.result.Recompute, run.Cells)
	return nil
}
