package tally

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/citytally/citytally/ingest/stream"
)

// Metrics are what a tally worker and a publisher count.
type Metrics struct {
	batch, duration prometheus.Histogram
	totals          prometheus.Counter
}

// NewMetrics returns the tally's metrics, registered where the registerer is
// not nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	return &Metrics{
		batch: auto.NewHistogram(prometheus.HistogramOpts{
			Name: "citytally_tally_batch_messages", Help: "Messages of ACCEPTED folded into one flush of totals.", Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}),
		duration: auto.NewHistogram(prometheus.HistogramOpts{
			Name: "citytally_tally_duration_seconds", Help: "Time from a batch's receipt to its acknowledgement, its totals published.", Buckets: stream.DurationBuckets(),
		}),
		totals: auto.NewCounter(prometheus.CounterOpts{Name: "citytally_tally_totals_total", Help: "City totals published, recomputations included."}),
	}
}
