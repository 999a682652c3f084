package judge

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Metrics are what a validator counts.
type Metrics struct {
	submissions, rows, repeated *prometheus.CounterVec
	batch, duration             prometheus.Histogram
	conflicts                   prometheus.Counter
}

// NewMetrics returns a validator's metrics, registered where the registerer
// is not nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Name: "citytally_validate_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return auto.NewHistogram(prometheus.HistogramOpts{Name: "citytally_validate_" + name, Help: help, Buckets: buckets})
	}
	return &Metrics{
		submissions: counters("submissions_total", "Submissions judged, by outcome: accepted, partial, held or rejected.", "area", "dataset", "outcome"),
		rows:        counters("rows_total", "Rows judged, by outcome: accepted, held or rejected. Rows of repeated submissions do not count.", "area", "dataset", "outcome"),
		repeated:    counters("repeated_total", "Submissions whose content had been accepted before.", "area", "dataset"),
		batch:       histogram("batch_submissions", "Submissions judged together.", prometheus.ExponentialBuckets(1, 2, 11)),
		duration:    histogram("duration_seconds", "Time from a batch's receipt to its acknowledgement.", stream.DurationBuckets()),
		conflicts: auto.NewCounter(prometheus.CounterOpts{
			Name: "citytally_validate_conflicts_total", Help: "Batches judged again because another validator had published first.",
		}),
	}
}

// observe counts the verdicts on a batch, which took a time to judge and publish.
func (m *Metrics) observe(c *catalogue.Catalogue, verdicts []event.Verdict, took time.Duration) {
	m.batch.Observe(float64(len(verdicts)))
	m.duration.Observe(took.Seconds())
	for i := range verdicts {
		v := &verdicts[i]
		area, dataset := c.Labels(v.Area, v.Dataset)
		m.submissions.WithLabelValues(area, dataset, string(v.Outcome)).Inc()
		if v.Repeated {
			m.repeated.WithLabelValues(area, dataset).Inc()
			continue
		}
		for _, rows := range [...]struct {
			outcome string
			n       int
		}{{"accepted", v.Accepted}, {"held", v.Held}, {"rejected", v.RejectedRows}} {
			if rows.n > 0 {
				m.rows.WithLabelValues(area, dataset, rows.outcome).Add(float64(rows.n))
			}
		}
	}
}
