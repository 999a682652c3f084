package transform

import (
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/remind"
	"github.com/citytally/citytally/transform/rules"
)

// Option changes the stage under construction.
type Option func(*Stage)

// WithMetrics makes the stage count what it does.
func WithMetrics(m *Metrics) Option { return func(s *Stage) { s.metrics = m } }

// WithRules makes the stage judge by rules besides the catalogue.
func WithRules(set *rules.Set) Option { return func(s *Stage) { s.rules = set } }

// WithReminders makes the stage remind those who owe figures.
func WithReminders(source remind.Source, config remind.Config) Option {
	return func(s *Stage) { s.reminds, s.reminders = &source, config }
}

// WithTracer makes the stage record spans of the submissions that are traced.
func WithTracer(tracer *stream.Tracer) Option { return func(s *Stage) { s.tracer = tracer } }
