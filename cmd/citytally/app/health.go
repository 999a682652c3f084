package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/tally"
)

// health is what the parts of the program say of themselves when asked. Parts
// add themselves as they are opened, so that it can be asked from the first
// moment on.
type health struct {
	mu     sync.Mutex
	opened bool
	alive  []check
	ready  []check
}

// check is one part's own answer: nil, or what is wrong.
type check struct {
	part string
	ask  func(context.Context) error
}

// AnswerTimeout is how long a part may take to answer.
const AnswerTimeout = 2 * time.Second

// living adds a part without which the process is of no use; only starting it
// anew helps.
func (h *health) living(part string, ask func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alive = append(h.alive, check{part, ask})
}

// needs adds a part that has to be ready before the process does its work.
func (h *health) needs(part string, ask func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = append(h.ready, check{part, ask})
}

// complete says that every part has been added.
func (h *health) complete() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.opened = true
}

// ask asks the parts, all at once, and reports whether all are well.
func (h *health) ask(ctx context.Context, readiness bool) (answers []present.Part, well bool) {
	h.mu.Lock()
	checks, opened := h.alive, h.opened
	if readiness {
		checks = h.ready
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, AnswerTimeout, fmt.Errorf("no answer within %s", AnswerTimeout))
	defer cancel()
	answers, well = make([]present.Part, len(checks)), true
	var asking sync.WaitGroup
	for i, c := range checks {
		asking.Go(func() {
			answers[i] = present.Part{Part: c.part, Ready: true}
			if err := c.ask(ctx); err != nil {
				answers[i].Ready, answers[i].Why = false, err.Error()
			}
		})
	}
	asking.Wait()
	if readiness && !opened {
		answers = append(answers, present.Part{Part: "start", Why: "the program is starting"})
	}
	for i := range answers {
		well = well && answers[i].Ready
	}
	return answers, well
}

// done turns a channel that is closed once something is ready into a check.
func done(ready <-chan struct{}, why string) func(context.Context) error {
	return func(context.Context) error {
		select {
		case <-ready:
			return nil
		default:
			return errors.New(why)
		}
	}
}

// stop notes that a stage has stopped for good while the others go on.
func (h *health) stop(stage string, why error) {
	h.needs("stage "+stage, func(context.Context) error { return fmt.Errorf("stopped: %w", why) })
}

// How long work on a message may keep failing before the process is not ready.
const stuckFor = time.Minute

// watchWork asks whether any work on the log has kept failing for too long.
func (h *health) watchWork(log *stream.Log) {
	h.needs("work", func(context.Context) error {
		var errs []error
		for _, stuck := range log.Stuck() {
			if time.Since(stuck.Since) > stuckFor {
				errs = append(errs, errors.New(stuck.String()))
			}
		}
		return errors.Join(errs...)
	})
}

// watchBroker asks the broker for the newest sequence: a connection may be open
// on one side only.
func (h *health) watchBroker(log *stream.Log) {
	h.needs("broker", func(ctx context.Context) error {
		if !log.Connected() {
			return errors.New("the broker is away")
		}
		_, err := log.LastSequence(ctx, stream.Accepted)
		return err
	})
}

func (h *health) watchTransform(t *transform.Stage, log *stream.Log) {
	h.needs("ledger", done(t.Ready(), "the ledger is being replayed"))
	h.needs("tally", func(ctx context.Context) error {
		_, err := log.Position(ctx, stream.Accepted, tally.Consumer)
		return err
	})
}

func (h *health) watchSink(w *sink.Workers) {
	h.needs(StageSink, func(ctx context.Context) error {
		return errors.Join(done(w.Ready(), "the workers do not receive every stream yet")(ctx), w.Paused())
	})
}
