package transform

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Metrics are what the transform stage counts.
type Metrics struct {
	validate struct {
		submissions, rows, repeated *prometheus.CounterVec
		batch, duration             prometheus.Histogram
		conflicts                   prometheus.Counter
	}
	tally struct {
		batch, duration prometheus.Histogram
		totals          prometheus.Counter
	}
	recompute struct {
		runs                    *prometheus.CounterVec
		duration                *prometheus.HistogramVec
		cells, changed, missing prometheus.Counter
		finished                *prometheus.GaugeVec
	}
	dead         *prometheus.CounterVec
	conservation conservationMetrics
	registerer   prometheus.Registerer
}

// ScheduleMetrics are what a scheduler counts.
type ScheduleMetrics struct{ slots *prometheus.CounterVec }

// Durations from a quiet message's to a long outage's.
var workBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// NewMetrics returns the stage's metrics, registered where the registerer is not
// nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return auto.NewCounter(prometheus.CounterOpts{Name: "citytally_" + name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Name: "citytally_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return auto.NewHistogram(prometheus.HistogramOpts{Name: "citytally_" + name, Help: help, Buckets: buckets})
	}
	sizes := prometheus.ExponentialBuckets(1, 2, 11)
	m := &Metrics{registerer: r, conservation: newConservationMetrics(auto)}

	m.validate.submissions = counters("validate_submissions_total", "Submissions judged, by outcome: accepted, partial, held or rejected.", "area", "dataset", "outcome")
	m.validate.rows = counters("validate_rows_total", "Rows judged, by outcome: accepted, held or rejected. Rows of repeated submissions do not count.", "area", "dataset", "outcome")
	m.validate.repeated = counters("validate_repeated_total", "Submissions whose content had been accepted before.", "area", "dataset")
	m.validate.batch = histogram("validate_batch_submissions", "Submissions judged together.", sizes)
	m.validate.duration = histogram("validate_duration_seconds", "Time from a batch's receipt to its acknowledgement.", workBuckets)
	m.validate.conflicts = counter("validate_conflicts_total", "Batches judged again because another validator had published first.")

	m.tally.batch = histogram("tally_batch_messages", "Messages of ACCEPTED folded into one flush of totals.", sizes)
	m.tally.duration = histogram("tally_duration_seconds", "Time from a batch's receipt to its acknowledgement, its totals published.", workBuckets)
	m.tally.totals = counter("tally_totals_total", "City totals published, recomputations included.")

	m.recompute.runs = counters("recompute_runs_total", "Recomputations finished; result is ok or problem.", "schedule", "result")
	m.recompute.duration = auto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "citytally_recompute_duration_seconds", Help: "Time that a recomputation took, with what it waited for ClickHouse.",
		Buckets: prometheus.ExponentialBuckets(.05, 2, 13),
	}, []string{"schedule"})
	m.recompute.cells = counter("recompute_cells_total", "Totals computed by recomputations.")
	m.recompute.changed = counter("recompute_changed_total", "Totals that recomputations found to differ from ClickHouse and published again.")
	m.recompute.missing = counter("recompute_observations_missing_total", "Accepted observations that recomputations found missing in ClickHouse and published again.")
	m.recompute.finished = auto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "citytally_recompute_finished_timestamp_seconds", Help: "When the schedule's last recomputation without a problem finished, Unix time.",
	}, []string{"schedule"})
	m.dead = counters("transform_dead_total", "Messages that this stage put aside in DEAD.", "stream")
	return m
}

// NewScheduleMetrics returns a scheduler's metrics, registered where the
// registerer is not nil.
func NewScheduleMetrics(r prometheus.Registerer) *ScheduleMetrics {
	return &ScheduleMetrics{slots: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "citytally_schedule_slots_total", Help: "Slots of a schedule for which a recomputation was asked for.",
	}, []string{"schedule"})}
}

// watch adds what is read from the ledger at each scrape.
func (m *Metrics) watch(l *Ledger) {
	if m.registerer == nil {
		return
	}
	auto := promauto.With(m.registerer)
	for _, g := range []struct {
		name, help string
		value      func() float64
	}{
		{"ledger_cells", "Cells (indicator and period) of which the ledger holds a figure.", func() float64 { return float64(l.size().cells) }},
		{"ledger_submissions", "Submissions that the ledger has folded in.", func() float64 { return float64(l.size().submissions) }},
		{"ledger_applied_sequence", "Sequence of ACCEPTED up to which the ledger has folded in.", func() float64 { return float64(l.Applied()) }},
	} {
		auto.NewGaugeFunc(prometheus.GaugeOpts{Name: "citytally_" + g.name, Help: g.help}, g.value)
	}
}

// judged counts the verdicts on a batch. What the catalogue does not know is
// counted as unknown: anyone may publish on any subject, and each label value
// costs memory for ever.
func (m *Metrics) judged(c *catalogue.Catalogue, verdicts []event.Verdict, took time.Duration) {
	m.validate.batch.Observe(float64(len(verdicts)))
	m.validate.duration.Observe(took.Seconds())
	for i := range verdicts {
		v := &verdicts[i]
		area, dataset := known(c, v.Area, v.Dataset)
		m.validate.submissions.WithLabelValues(area, dataset, string(v.Outcome)).Inc()
		if v.Repeated {
			m.validate.repeated.WithLabelValues(area, dataset).Inc()
			continue
		}
		for _, rows := range [...]struct {
			outcome string
			n       int
		}{{"accepted", v.Accepted}, {"held", v.Held}, {"rejected", v.RejectedRows}} {
			if rows.n > 0 {
				m.validate.rows.WithLabelValues(area, dataset, rows.outcome).Add(float64(rows.n))
			}
		}
	}
}

const unknownLabel = "unknown"

func known(c *catalogue.Catalogue, area, dataset string) (string, string) {
	if _, ok := c.Area(area); !ok {
		area = unknownLabel
	}
	if _, ok := c.Dataset(dataset); !ok {
		dataset = unknownLabel
	}
	return area, dataset
}

// ran counts a recomputation.
func (m *Metrics) ran(run *event.Run) {
	result := "ok"
	if run.Problem != "" {
		result = "problem"
	} else {
		m.recompute.finished.WithLabelValues(run.Schedule).Set(float64(run.FinishedAt.Unix()))
	}
	m.recompute.runs.WithLabelValues(run.Schedule, result).Inc()
	m.recompute.duration.WithLabelValues(run.Schedule).Observe(run.FinishedAt.Sub(run.StartedAt).Seconds())
	m.recompute.cells.Add(float64(run.Cells))
	m.recompute.changed.Add(float64(run.Changed))
	m.recompute.missing.Add(float64(run.ObservationsMissing))
}
