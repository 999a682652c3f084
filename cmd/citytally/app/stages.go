package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/cmd/citytally/present/obligation"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/backup"
	"github.com/citytally/citytally/ingest/direct"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
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
		// What districts publish comes over a connection of its own: where it is more than the broker
		// holds for one, the broker cuts that, and no upload's.
		conn, err := p.connectAs(stageUser(StageIngest))
		if err != nil {
			return err
		}
		published, err := p.Log.Over(conn)
		if err != nil {
			return err
		}
		p.start(StageIngest, p.gateway.Ready(), func(ctx context.Context) error {
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return p.gateway.Run(ctx) })
			group.Go(func() error { return direct.Run(ctx, published, p.gateway, p.child(StageIngest)) })
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
		p.health.addReadiness(StageSchedule, whenClosed(scheduler.Ready(), "正在补做错过的定时任务", "the scheduler is catching up on missed slots"))
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

// tellReminder puts a digest of reminders into words.
func tellReminder(c *catalogue.Catalogue, d *remind.Digest, language string) (sentence, letter string) {
	printer := &obligation.Printer{Printer: &present.Printer{Catalogue: c, Language: present.Language(language), Location: c.Zone()}}
	return printer.Reminder(d)
}

// BackupFiles returns the paths of the files that are part of a backup beside the log: those of the
// data directory, the settings' own, which may be "", and those that they name.
func BackupFiles(s *configs.Settings, settingsFile string) []string {
	files := BelowDir(s)
	for _, path := range []string{settingsFile, s.Catalogue, s.Calendar, s.Rules} {
		if path != "" && path != configs.NoRules {
			files = append(files, path)
		}
	}
	return files
}

// BelowDir returns the paths of the files of a data directory that are part of a backup.
func BelowDir(s *configs.Settings) []string {
	return []string{credentials.Path(s.Dir), access.KeysPath(s.Dir), s.TokensFile(), token.MadePath(s.TokensFile())}
}

// backups returns the job that backs the log up, as the operator.
func (p *Pipeline) backups() *backupJob {
	return &backupJob{
		dir: p.settings.Backup.Dir, files: BackupFiles(p.settings, p.options.SettingsFile), logger: p.child(StageTransform), now: time.Now,
		connect: func() (*nats.Conn, error) { return p.dialBroker(access.Operator) },
	}
}

// backupJob adds a backup to a directory.
type backupJob struct {
	dir     string
	files   []string
	connect func() (*nats.Conn, error)
	logger  zerolog.Logger
	now     func() time.Time
}

var _ schedule.Job = (*backupJob)(nil)

// Do adds a backup of the log and of the files, and says in the run what is new in it.
func (b *backupJob) Do(ctx context.Context, task *schedule.Task) error {
	if b.dir == "" {
		return errors.New("the setting backup.dir names no directory")
	}
	nc, err := b.connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	log, err := stream.Attach(nc, b.logger)
	if err != nil {
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("open jetstream: %w", err)
	}
	taken, err := backup.Take(ctx, js, log, b.dir, backup.Options{Program: Version(), Files: b.files, Now: b.now})
	if err != nil {
		return fmt.Errorf("back up into %s: %w", b.dir, err)
	}
	var messages uint64
	for i := range taken.Streams {
		if s := taken.Streams[i].Segment; s != nil {
			messages += s.Messages
		}
	}
	task.Run.Did = append(task.Run.Did, fmt.Sprintf("backed up %d messages", messages))
	return nil
}
