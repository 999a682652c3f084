package sink

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/event"
)

// Metrics are what the workers count.
type Metrics struct {
	rows, messages, retries *prometheus.CounterVec
	batch, duration         *prometheus.HistogramVec
	paused                  *prometheus.GaugeVec
}

// NewMetrics returns the workers' metrics, registered where the registerer is
// not nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	label := []string{"stream"}
	counter := func(name, help string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Name: "citytally_sink_" + name, Help: help}, label)
	}
	return &Metrics{
		rows:     counter("rows_total", "Rows stored in ClickHouse; findings count with their submission, inputs with their total."),
		messages: counter("messages_total", "Messages whose rows are stored."),
		retries:  counter("retries_total", "Attempts at an insert that failed and are repeated."),
		batch: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name: "citytally_sink_batch_rows", Help: "Rows of one insert; its count is the number of inserts.", Buckets: prometheus.ExponentialBuckets(1, 4, 10),
		}, label),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name: "citytally_sink_insert_duration_seconds", Help: "Time from an insert's first attempt to its success.",
			Buckets: []float64{.0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, label),
		paused: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citytally_sink_paused", Help: "1 while ClickHouse does not take a stream's rows and the worker waits, else 0.",
		}, label),
	}
}

// maxReason is how many bytes of an error of ClickHouse a worker's readiness tells.
const maxReason = 300

// recordAttempt records that an attempt to insert rows of the stream has failed with err,
// or, when err is nil, that one has succeeded after that.
func (w *Workers) recordAttempt(name string, err error) {
	if err == nil {
		w.readiness.pause(name, nil)
		w.metrics.paused.WithLabelValues(name).Set(0)
		return
	}
	w.readiness.pause(name, &bilingual.Error{Text: saying(Advice(err), event.Excerpt(err.Error(), maxReason)), Err: err})
	w.metrics.paused.WithLabelValues(name).Set(1)
	w.metrics.retries.WithLabelValues(name).Inc()
}

// countInsert counts the block, which has been stored.
func (w *worker) countInsert(messages int, began time.Time) {
	rows := float64(w.block.rows())
	w.metrics.rows.WithLabelValues(w.stream).Add(rows)
	w.metrics.batch.WithLabelValues(w.stream).Observe(rows)
	w.metrics.messages.WithLabelValues(w.stream).Add(float64(messages))
	w.metrics.duration.WithLabelValues(w.stream).Observe(w.now().Sub(began).Seconds())
}
