package reconcile

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Metrics are what a recomputer and a conservation checker count.
type Metrics struct {
	cells, changed, missing prometheus.Counter
	conservation            conservationMetrics
}

// NewMetrics returns the metrics, registered where the registerer is not
// nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return auto.NewCounter(prometheus.CounterOpts{Name: "citytally_recompute_" + name, Help: help})
	}
	return &Metrics{
		cells:        counter("cells_total", "Totals computed by recomputations."),
		changed:      counter("changed_total", "Totals that recomputations found to differ from ClickHouse and published again."),
		missing:      counter("observations_missing_total", "Accepted observations that recomputations found missing or altered in ClickHouse and stored again."),
		conservation: newConservationMetrics(auto),
	}
}

// observe counts a recomputation.
func (m *Metrics) observe(run *event.Run) {
	m.cells.Add(float64(run.Cells))
	m.changed.Add(float64(run.Changed))
	m.missing.Add(float64(run.ObservationsMissing))
}

// conservationMetrics show the result of the last conservation check.
type conservationMetrics struct {
	balanced, checked, imbalances prometheus.Gauge
	submissions, rows             *prometheus.GaugeVec
}

func newConservationMetrics(auto promauto.Factory) conservationMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return auto.NewGauge(prometheus.GaugeOpts{Name: "citytally_conservation_" + name, Help: help})
	}
	gauges := func(name, help string) *prometheus.GaugeVec {
		return auto.NewGaugeVec(prometheus.GaugeOpts{Name: "citytally_conservation_" + name, Help: help}, []string{"area", "dataset", "state"})
	}
	return conservationMetrics{
		balanced:    gauge("balanced", "1 when the last check found everything received accounted for, 0 when not; see the timestamp for whether there was a check."),
		checked:     gauge("checked_timestamp_seconds", "When conservation was checked last, Unix time; 0 is never."),
		imbalances:  gauge("imbalances", "Places (area, dataset and kind) that the last check found not to balance."),
		submissions: gauges("submissions", "Submissions at the last check; state is received, judged or pending, and the first is the sum of the others."),
		rows:        gauges("rows", "Rows at the last check; state is received, accepted, held or rejected."),
	}
}

// observe writes the result of a check in place of the last one's.
func (m *conservationMetrics) observe(of *catalogue.Catalogue, c *Conservation) {
	m.submissions.Reset()
	m.rows.Reset()
	m.balanced.Set(0)
	if c.Balanced {
		m.balanced.Set(1)
	}
	m.checked.Set(float64(c.CheckedAt.Unix()))
	m.imbalances.Set(float64(len(c.Imbalances)))
	for i := range c.Accounts {
		a := &c.Accounts[i]
		area, dataset := of.Labels(a.Area, a.Dataset)
		for state, n := range map[string]int64{"received": a.Received, "judged": a.Judged, "pending": a.Pending} {
			m.submissions.WithLabelValues(area, dataset, state).Add(float64(n))
		}
		for state, n := range map[string]int64{
			"received": a.Rows, "accepted": a.Accepted, "held": a.Held, "rejected": a.Rejected,
		} {
			m.rows.WithLabelValues(area, dataset, state).Add(float64(n))
		}
	}
}
