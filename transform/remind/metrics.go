package remind

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are what the job counts.
type Metrics struct{ deliveries *prometheus.CounterVec }

// NewMetrics returns the metrics, registered where the registerer is not nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	return &Metrics{deliveries: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "citytally_reminders_total", Help: "Reminders to one receiver; way is event, log, webhook or mail, outcome told, waiting where it is tried again, or refused.",
	}, []string{"way", "outcome"})}
}

func (m *Metrics) count(d *Delivery) {
	m.deliveries.WithLabelValues(d.Way, string(d.Outcome)).Inc()
}
