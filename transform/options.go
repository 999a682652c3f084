package transform

import (
	"context"

	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger/snapshot"
	"github.com/citytally/citytally/transform/remind"
	"github.com/citytally/citytally/transform/rules"
	"github.com/citytally/citytally/transform/schedule"
)

// Option changes the stage under construction.
type Option func(*Stage)

// WithMetrics makes the stage count what it does.
func WithMetrics(m *Metrics) Option { return func(s *Stage) { s.metrics = m } }

// WithRules makes the stage judge by rules besides the catalogue.
func WithRules(set *rules.Set) Option { return func(s *Stage) { s.rules = set } }

// WithCalendar makes the stage act by the calendar: it reminds those who owe figures, and locks
// periods.
func WithCalendar(source remind.Source, reminders remind.Config) Option {
	return func(s *Stage) { s.calendar, s.reminders = &source, reminders }
}

// WithJob makes the stage carry out a job besides its own, one with a name of schedule.Kinds.
func WithJob(name string, job schedule.Job) Option {
	return func(s *Stage) { s.jobs[name] = job }
}

// WithScores makes the stage answer questions for scores from the store that analysts query.
func WithScores(of func(ctx context.Context, year int) ([]inquiry.Score, error)) Option {
	return func(s *Stage) { s.scorer = of }
}

// WithTracer makes the stage record spans of the submissions that are traced.
func WithTracer(tracer *stream.Tracer) Option { return func(s *Stage) { s.tracer = tracer } }

// WithSnapshots makes the stage keep snapshots of its ledger, and begin with the newest.
func WithSnapshots(store *snapshot.Store) Option { return func(s *Stage) { s.snapshots = store } }
