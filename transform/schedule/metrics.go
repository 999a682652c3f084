package schedule

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/citytally/citytally/ingest/event"
)

// RunMetrics are what runners count.
type RunMetrics struct {
	runs     *prometheus.CounterVec
	duration *prometheus.HistogramVec
	finished *prometheus.GaugeVec
}

// NewRunMetrics returns the metrics of runners, registered where the registerer is not nil.
func NewRunMetrics(r prometheus.Registerer) *RunMetrics {
	auto := promauto.With(r)
	return &RunMetrics{
		runs: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_schedule_runs_total", Help: "Runs of jobs finished; result is ok, healed where something was found out of balance and mended, or problem.",
		}, []string{"job", "schedule", "result"}),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name: "citytally_schedule_run_duration_seconds", Help: "Time that a run of a job took, with what it waited for ClickHouse.",
			Buckets: prometheus.ExponentialBuckets(.05, 2, 13),
		}, []string{"job"}),
		finished: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citytally_schedule_finished_timestamp_seconds", Help: "When the schedule's last run without a problem finished, Unix time.",
		}, []string{"schedule"}),
	}
}

// observe counts a run. The schedule of what people asked for by hand is manual.
func (m *RunMetrics) observe(run *event.Run) {
	name, result := run.Schedule, "ok"
	if run.Slot.IsZero() {
		name = Manual
	}
	switch {
	case run.Problem == "":
		m.finished.WithLabelValues(name).Set(float64(run.FinishedAt.Unix()))
	case run.Healed:
		result = "healed"
	default:
		result = "problem"
	}
	m.runs.WithLabelValues(run.Job, name, result).Inc()
	m.duration.WithLabelValues(run.Job).Observe(run.FinishedAt.Sub(run.StartedAt).Seconds())
}

// SchedulerMetrics are what a scheduler tells.
type SchedulerMetrics struct {
	slots        *prometheus.CounterVec
	next, paused *prometheus.GaugeVec
}

// NewSchedulerMetrics returns a scheduler's metrics, registered where the registerer is not
// nil.
func NewSchedulerMetrics(r prometheus.Registerer) *SchedulerMetrics {
	auto := promauto.With(r)
	return &SchedulerMetrics{
		slots: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_schedule_slots_total", Help: "Slots of a schedule for which its job was asked for.",
		}, []string{"schedule"}),
		next: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citytally_schedule_next_timestamp_seconds", Help: "When the schedule fires next, Unix time.",
		}, []string{"schedule"}),
		paused: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citytally_schedule_paused", Help: "1 while a person holds the schedule back, else 0.",
		}, []string{"schedule"}),
	}
}
