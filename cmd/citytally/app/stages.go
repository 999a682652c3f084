package app

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/cmd/citytally/present/obligation"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/direct"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/remind"
	"github.com/citytally/citytally/transform/schedule"
)

// runningStage is one stage of this process.
type runningStage struct {
	name  string
	life  *lifecycle
	ready <-chan struct{}
	work  func(context.Context) error
}

// runStages runs every stage until ctx ends, and returns the first error but for a
// newer layout in the log: that stops the stage which met it and leaves the others
// at work, unless there are none left.
func (p *Pipeline) runStages(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	var working atomic.Int32
	working.Store(int32(len(p.running)))
	for _, stage := range p.running {
		group.Go(func() error {
			err := stage.life.run(ctx, stage.ready, stage.work)
			if working.Add(-1) == 0 || !event.IsNewerLayout(err) {
				return err
			}
			p.health.stop(stage.name, err)
			return nil
		})
	}
	return group.Wait()
}

func (p *Pipeline) start(stage string, ready <-chan struct{}, work func(context.Context) error) {
	p.running = append(p.running, runningStage{name: stage, life: startLifecycle(p.child(stage)), ready: ready, work: work})
}

// openStages prepares the stages of this process, once the servers are open.
func (p *Pipeline) openStages() error {
	if p.has(StageIngest) {
		log, err := p.LogAs(stageUser(StageIngest))
		if err != nil {
			return err
		}
		p.start(StageIngest, p.gateway.Ready(), func(ctx context.Context) error {
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return p.gateway.Run(ctx) })
			group.Go(func() error { return direct.Run(ctx, log, p.child(StageIngest)) })
			return group.Wait()
		})
	}
	if p.has(StageCollect) {
		if err := p.openCollect(); err != nil {
			return err
		}
	}
	if p.transform != nil {
		p.start(StageTransform, p.transform.Ready(), p.continuity.beforeTransform(p.transform.Run))
	}
	if p.has(StageSink) {
		log, err := p.LogAs(stageUser(StageSink))
		if err != nil {
			return err
		}
		workers, err := sink.NewWorkers(log, p.Store, p.settings.Sink, p.child(StageSink),
			sink.WithMetrics(p.instruments.sink), sink.WithTracer(p.tracer), sink.WithPermission(p.continuity.storable))
		if err != nil {
			return Usage(err)
		}
		p.health.watchSink(workers)
		p.start(StageSink, workers.Ready(), p.whenPrepared(p.continuity.beforeSink(workers.Run)))
	}
	if p.has(StageSchedule) {
		location, err := p.settings.Location()
		if err != nil {
			return Usage(err)
		}
		log, err := p.LogAs(stageUser(StageSchedule))
		if err != nil {
			return err
		}
		scheduler, err := schedule.NewScheduler(log, p.settings.Transform.Schedules, location, p.child(StageSchedule), time.Now,
			schedule.WithMetrics(p.instruments.schedule))
		if err != nil {
			return Usage(err)
		}
		p.health.addReadiness(StageSchedule, whenClosed(scheduler.Ready(), "the scheduler is catching up on missed slots"))
		p.start(StageSchedule, scheduler.Ready(), scheduler.Run)
	}
	return nil
}

// reminding returns what the job that reminds learns from outside.
func (p *Pipeline) reminding() (remind.Source, error) {
	source := remind.Source{Calendar: p.settings.LoadCalendar, Tell: tellReminder}
	if p.settings.Remind.Mail.Server == "" {
		return source, nil
	}
	var err error
	source.TLS, err = p.settings.TLS.Config()
	return source, err
}

// tellReminder puts a reminder into words.
func tellReminder(c *catalogue.Catalogue, r *remind.Reminder, language string) (sentence, letter string) {
	printer := &obligation.Printer{Printer: &present.Printer{Catalogue: c, Language: present.Language(language), Location: c.Zone()}}
	return printer.Reminder(r)
}
