package main

import (
	"context"
	"time"

	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/reconcile"
)

// runningStage is one stage of this process.
type runningStage struct {
	life  *lifecycle
	ready <-chan struct{}
	work  func(context.Context) error
}

func (p *pipeline) start(stage string, ready <-chan struct{}, work func(context.Context) error) {
	p.running = append(p.running, runningStage{life: begin(p.child(stage)), ready: ready, work: work})
}

// openStages puts together the stages that run here, on what has been opened.
func (p *pipeline) openStages() error {
	if p.gateway != nil {
		p.start(stageIngest, p.gateway.Ready(), p.gateway.Run)
	}
	if p.transform != nil {
		p.start(stageTransform, p.transform.Ready(), p.transform.Run)
	}
	if p.has(stageSink) {
		workers, err := sink.NewWorkers(p.log, p.store, p.settings.Sink, p.child(stageSink),
			sink.WithMetrics(p.instruments.sink), sink.WithTracer(p.tracer))
		if err != nil {
			return usage(err)
		}
		p.health.watchSink(workers)
		p.start(stageSink, workers.Ready(), p.whenPrepared(workers.Run))
	}
	if p.has(stageSchedule) {
		location, err := p.settings.Location()
		if err != nil {
			return usage(err)
		}
		scheduler, err := reconcile.NewScheduler(p.log, p.settings.Transform.Schedules, location, p.child(stageSchedule), time.Now,
			reconcile.WithScheduleMetrics(p.instruments.schedule))
		if err != nil {
			return usage(err)
		}
		p.health.needs(stageSchedule, done(scheduler.Ready(), "the scheduler is catching up on missed slots"))
		p.start(stageSchedule, scheduler.Ready(), scheduler.Run)
	}
	return nil
}
