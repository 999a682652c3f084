package pull

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are what a puller counts.
type Metrics struct {
	runs *prometheus.CounterVec
	last *prometheus.GaugeVec
}

// NewMetrics returns a puller's metrics, registered where the registerer is not nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	return &Metrics{
		runs: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_pull_runs_total",
			Help: "Runs of the sources that are fetched; outcome is unchanged, sent, refused, or failed.",
		}, []string{"source", "outcome"}),
		last: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citytally_pull_last_success_timestamp_seconds",
			Help: "When a run of the source in this process last ended otherwise than failed, in Unix seconds.",
		}, []string{"source"}),
	}
}
