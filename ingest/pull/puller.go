package pull

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Way is the way in that submissions from sources have.
const Way = "pull"

// Gateway takes the files.
type Gateway interface {
	NextPlace(ctx context.Context) (uint64, error)
	Deliver(ctx context.Context, d ingest.Delivery) (*ingest.Delivered, error)
}

var _ Gateway = (*ingest.Gateway)(nil)

// Puller fetches the sources. Make one with New and keep Run going.
type Puller struct {
	log      *stream.Log
	gateway  Gateway
	config   Config
	maxBody  int64
	location *time.Location
	instance string
	logger   zerolog.Logger
	now      func() time.Time
	metrics  *Metrics
	sources  []*source
}

// source is a source with its schedule, and what was last seen of it.
type source struct {
	Source
	schedule cron.Schedule
	// revision is that of a run of another instance, seen first at seenAt.
	revision uint64
	seenAt   time.Time
}

// New returns a puller whose schedules are in the location's time. Instance names this instance
// for ever; no two that run may have the same.
func New(log *stream.Log, gateway Gateway, config Config, maxBody int64, location *time.Location, instance string, logger zerolog.Logger, now func() time.Time, metrics *Metrics) (*Puller, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	p := &Puller{log: log, gateway: gateway, config: config, maxBody: maxBody, location: location, instance: instance, logger: logger, now: now, metrics: metrics}
	for _, s := range config.Sources {
		schedule, err := cron.ParseStandard(s.Cron)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.Name, err)
		}
		p.sources = append(p.sources, &source{Source: s, schedule: schedule})
	}
	return p, nil
}

// lookEvery is how often the records are looked at.
const lookEvery = 250 * time.Millisecond

// Run fetches the sources at their slots, and when somebody asks for it, until ctx ends, and
// returns nil. Each source has its own pace.
func (p *Puller) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range p.sources {
		all.Go(func() { p.keep(ctx, s) })
	}
	all.Wait()
	return nil
}

// keep fetches one source until ctx ends.
func (p *Puller) keep(ctx context.Context, s *source) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for told := ""; ; {
		err := p.look(ctx, s)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			told = ""
		case err.Error() != told:
			told = err.Error()
			p.logger.Warn().Err(err).Str("source", s.Name).Msg("the source cannot be looked after")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look carries out the run that is due, if there is one and no other process has it.
func (p *Puller) look(ctx context.Context, s *source) error {
	kv, err := p.log.Bucket(ctx, stream.SourcesBucket)
	if err != nil {
		return err
	}
	record, revision, err := read(ctx, kv, s.Name)
	if err != nil {
		return err
	}
	run, err := p.due(ctx, s, &record, revision)
	if err != nil || run == nil {
		return err
	}
	record.Running = run
	if !run.Slot.IsZero() {
		record.Slot = run.Slot
	}
	_, err = write(ctx, kv, s.Name, record, revision)
	if errors.Is(err, errTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	return p.run(ctx, kv, s, record)
}

// due returns the run that this process may begin now; nil where there is none.
func (p *Puller) due(ctx context.Context, s *source, record *Record, revision uint64) (*Running, error) {
	now := p.now().In(p.location)
	if r := record.Running; r != nil {
		if s.revision != revision {
			s.revision, s.seenAt = revision, now
		}
		// Whoever is at it has not ended in its time, or was this instance before it was killed.
		if r.By != p.instance && now.Sub(s.seenAt) < p.longest() {
			return nil, nil
		}
		again := *r
		again.By, again.Started = p.instance, now.UTC()
		return &again, nil
	}
	run := &Running{ID: rand.Text(), By: p.instance, Started: now.UTC()}
	switch {
	case !record.Asked.IsZero() && record.RunAsked(record.Asked) == nil:
		run.Asked = record.Asked
	case record.Slot.IsZero():
		run.Slot = now.UTC() // a source that is new begins with a run
	default:
		if run.Slot = latest(s.schedule, record.Slot.In(p.location), now); run.Slot.IsZero() {
			return nil, nil
		}
	}
	place, err := p.gateway.NextPlace(ctx)
	run.Since = place
	return run, err
}

// latest returns the latest slot after the last one that is not after now; the zero time where
// there is none.
func latest(schedule cron.Schedule, last, now time.Time) (slot time.Time) {
	if last.After(now) { // the clock was ahead then
		last = now
	}
	for next := schedule.Next(last); !next.IsZero() && !next.After(now); next = schedule.Next(next) {
		slot = next.UTC()
	}
	return slot
}

// Next returns the next slot of a source after now.
func (s *Source) Next(now time.Time) time.Time {
	schedule, err := cron.ParseStandard(s.Cron)
	if err != nil {
		return time.Time{}
	}
	return schedule.Next(now)
}

// verdictWait is how long a run waits for the verdicts of what it sent.
const verdictWait = 20 * time.Second

// longest is how long a run takes at most before another instance takes it over.
func (p *Puller) longest() time.Duration { return 2 * (p.config.Timeout + verdictWait) }

// run carries out a run that the record says is this process's, and records what it came to.
func (p *Puller) run(ctx context.Context, kv jetstream.KeyValue, s *source, record Record) error {
	begun := *record.Running
	result := Run{ID: begun.ID, Started: begun.Started, Slot: begun.Slot, Asked: begun.Asked, Outcome: Unchanged}
	bounded, cancel := context.WithTimeout(ctx, p.longest()-verdictWait)
	err := p.carryOut(bounded, s, &record, &result)
	cancel()
	if ctx.Err() != nil {
		return nil // the next start goes on
	}
	if err != nil {
		result.Outcome, result.Why = Failed, event.Excerpt(err.Error(), 500)
		p.logger.Warn().Err(err).Str("source", s.Name).Msg("the source could not be fetched; the next slot tries again")
	} else {
		p.metrics.last.WithLabelValues(s.Name).Set(float64(p.now().Unix()))
	}
	p.metrics.runs.WithLabelValues(s.Name, string(result.Outcome)).Inc()
	result.Ended = p.now().UTC()
	return change(ctx, kv, s.Name, func(now *Record) error {
		if now.Running == nil || now.Running.ID != begun.ID {
			return nil // another instance has taken it over
		}
		now.Running, now.ETag, now.LastModified, now.Files = nil, record.ETag, record.LastModified, record.Files
		now.Runs = append(now.Runs, result)
		now.Runs = now.Runs[max(0, len(now.Runs)-maxRuns):]
		return nil
	})
}

// carryOut fetches what is new and sends it.
func (p *Puller) carryOut(ctx context.Context, s *source, record *Record, result *Run) error {
	if s.isDirectory() {
		return p.sendDirectory(ctx, s, record, result)
	}
	headers, err := s.headers(os.LookupEnv)
	if err != nil {
		return err
	}
	f, etag, modified, err := s.fetch(ctx, headers, p.config.Timeout, p.maxBody, record)
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err != nil {
		return err
	}
	known := record.Files
	record.Files = map[string]string{}
	if err := p.send(ctx, s, f, known, record, result); err != nil {
		record.Files = known
		return err
	}
	record.ETag, record.LastModified = etag, modified
	return nil
}

func (p *Puller) sendDirectory(ctx context.Context, s *source, record *Record, result *Run) error {
	root, names, err := s.list(ctx)
	if err != nil {
		return err
	}
	defer root.Close()
	known := record.Files
	record.Files = map[string]string{}
	var errs []error
	for _, name := range names {
		f, err := readFile(root, name, p.maxBody)
		if err == nil {
			err = p.send(ctx, s, f, known, record, result)
		}
		if err != nil {
			errs = append(errs, err)
			if sum, ok := known[name]; ok {
				record.Files[name] = sum
			}
		}
	}
	return errors.Join(errs...)
}

// send delivers a file that is not as it was the last time.
func (p *Puller) send(ctx context.Context, s *source, f file, known map[string]string, record *Record, result *Run) error {
	hash := sha256.Sum256(f.content)
	sum := hex.EncodeToString(hash[:])
	if known[f.name] == sum {
		record.Files[f.name] = sum
		return nil
	}
	told := FileResult{Name: f.name, Bytes: len(f.content), SHA256: sum}
	delivered, err := p.gateway.Deliver(ctx, ingest.Delivery{
		Content: f.content, Area: s.Area, Dataset: s.Dataset, Period: s.Period, File: f.name, Way: Way, Since: record.Running.Since,
	})
	switch {
	case err != nil && ingest.Passing(err):
		return fmt.Errorf("send %s: %w", f.name, err)
	case err != nil:
		told.Why, result.Outcome = event.Excerpt(err.Error(), 500), Refused
	default:
		delivered.Judged(ctx, verdictWait)
		for _, r := range delivered.Receipts() {
			told.Submissions = append(told.Submissions, r.ID)
			if told.Status == "" || told.Status == string(event.AllAccepted) {
				told.Status = r.Status
			}
		}
		if result.Outcome == Unchanged {
			result.Outcome = Sent
		}
		if told.Status != string(event.AllAccepted) && told.Status != ingest.Received {
			result.Outcome = Refused
		}
	}
	record.Files[f.name] = sum
	result.Files = append(result.Files, told)
	return nil
}
