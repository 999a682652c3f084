package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/tally"
)

// health holds the checks of the program's parts. Each part is added when it is
// opened, so that health can be asked for before everything is open.
type health struct {
	mu       sync.Mutex
	complete bool // every part has been added
	checks   []check
}

// check asks one part whether it works. The error says why it does not.
type check struct {
	part string
	ask  func(context.Context) error
}

// AnswerTimeout is how long a part may take to answer.
const AnswerTimeout = 2 * time.Second

// addReadiness adds a part that has to be ready before the process does its work.
func (h *health) addReadiness(part string, ask func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, check{part, ask})
}

// setComplete notes that every part has been added.
func (h *health) setComplete() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.complete = true
}

// ask runs the checks, all at the same time, and reports whether all of them passed.
func (h *health) ask(ctx context.Context) (answers []present.Part, well bool) {
	h.mu.Lock()
	checks, complete := h.checks, h.complete
	h.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, AnswerTimeout, bilingual.New(fmt.Sprintf("%s内没有应答", AnswerTimeout), fmt.Sprintf("no answer within %s", AnswerTimeout)))
	defer cancel()
	answers, well = make([]present.Part, len(checks)), true
	var asking sync.WaitGroup
	for i, c := range checks {
		asking.Go(func() {
			answers[i] = present.Part{Part: c.part, Ready: true}
			if err := c.ask(ctx); err != nil {
				answers[i].Ready, answers[i].Why, answers[i].WhyZH = false, err.Error(), bilingual.Chinese(err)
			}
		})
	}
	asking.Wait()
	if !complete {
		answers = append(answers, present.Part{Part: "start", Why: "the program is starting", WhyZH: "程序正在启动"})
	}
	for i := range answers {
		well = well && answers[i].Ready
	}
	return answers, well
}

var readyDesc = prometheus.NewDesc("citytally_ready", "1 while a part of the program can do its work, else 0; /readyz says why.", []string{"part"}, nil)

// Describe and Collect make the answers of the checks a metric.
func (h *health) Describe(descs chan<- *prometheus.Desc) { descs <- readyDesc }

func (h *health) Collect(metrics chan<- prometheus.Metric) {
	answers, _ := h.ask(context.Background())
	for _, a := range answers {
		value := 0.0
		if a.Ready {
			value = 1
		}
		metrics <- prometheus.MustNewConstMetric(readyDesc, prometheus.GaugeValue, value, a.Part)
	}
}

// whenClosed is a check that passes once the channel is closed; zh and en say why it does not
// until then.
func whenClosed(ready <-chan struct{}, zh, en string) func(context.Context) error {
	return func(context.Context) error {
		select {
		case <-ready:
			return nil
		default:
			return bilingual.New(zh, en)
		}
	}
}

// stop notes that a stage has stopped for good while the others go on.
func (h *health) stop(stage string, why error) {
	h.addReadiness("stage "+stage, func(context.Context) error {
		return &bilingual.Error{Text: bilingual.Text{ZH: "已停止：" + bilingual.Chinese(why), EN: "stopped: " + why.Error()}, Err: why}
	})
}

// How long work on a message may keep failing before the process is not ready.
const stuckFor = time.Minute

// watchWork asks whether any work on the log has kept failing for too long.
func (h *health) watchWork(log *stream.Log) {
	h.addReadiness("work", func(context.Context) error {
		var errs []error
		for _, stuck := range log.Stuck() {
			if time.Since(stuck.Since) > stuckFor {
				errs = append(errs, stuck.Reason())
			}
		}
		return errors.Join(errs...)
	})
}

// watchBroker adds the broker. It is asked for its newest sequence, for a connection
// may look open at this end and be closed at the other.
func (h *health) watchBroker(log *stream.Log) {
	h.addReadiness("broker", func(ctx context.Context) error {
		if err := log.Outage(); err != nil {
			return err
		}
		_, err := log.LastSequence(ctx, stream.Accepted)
		errs := []error{err}
		for _, denied := range log.Denied() {
			errs = append(errs, denied)
		}
		return errors.Join(errs...)
	})
}

func (h *health) watchTransform(t *transform.Stage, log *stream.Log) {
	h.addReadiness("ledger", whenClosed(t.Ready(), "正在由日志重建台账", "the ledger is being replayed"))
	h.addReadiness("content", t.Content)
	h.addReadiness("tally", func(ctx context.Context) error {
		_, err := log.Position(ctx, stream.Accepted, tally.Consumer)
		return err
	})
}

func (h *health) watchSink(w *sink.Workers) {
	h.addReadiness(StageSink, func(ctx context.Context) error {
		return errors.Join(whenClosed(w.Ready(), "写入程序尚未接收全部的流", "the workers do not receive every stream yet")(ctx), w.Paused())
	})
}
