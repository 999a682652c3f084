package transform

import "github.com/citytally/citytally/ingest/stream"

// Option changes the stage under construction.
type Option func(*Stage)

// WithMetrics makes the stage count what it does.
func WithMetrics(m *Metrics) Option { return func(s *Stage) { s.metrics = m } }

// WithTracer makes the stage record spans of the submissions that are traced.
func WithTracer(tracer *stream.Tracer) Option { return func(s *Stage) { s.tracer = tracer } }
