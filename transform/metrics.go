package transform

import "github.com/prometheus/client_golang/prometheus"

// Metrics are what the transform stage counts: those of its rooms.
type Metrics struct {
	judge      *JudgeMetrics
	tally      *TallyMetrics
	reconcile  *ReconcileMetrics
	registerer prometheus.Registerer
}

// NewMetrics returns the stage's metrics, registered where the registerer is not
// nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	return &Metrics{judge: NewJudgeMetrics(r), tally: NewTallyMetrics(r), reconcile: NewReconcileMetrics(r), registerer: r}
}
