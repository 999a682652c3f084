package drop

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are what a watcher counts.
type Metrics struct {
	files   *prometheus.CounterVec
	waiting prometheus.Gauge
	trouble prometheus.Gauge
}

// NewMetrics returns a watcher's metrics, registered where the registerer is not nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	return &Metrics{
		files: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_drop_files_total",
			Help: "Files taken from the drop folders, by where they ended: done, or refused where something was not accepted.",
		}, []string{"area", "result"}),
		waiting: auto.NewGauge(prometheus.GaugeOpts{
			Name: "citytally_drop_waiting",
			Help: "Files in the drop folders that have yet to be taken, or wait for their verdict.",
		}),
		trouble: auto.NewGauge(prometheus.GaugeOpts{
			Name: "citytally_drop_trouble",
			Help: "Places in the drop folders with something wrong that a person has to look at; the log names them.",
		}),
	}
}
