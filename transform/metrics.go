package transform

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/remind"
	"github.com/citytally/citytally/transform/schedule"
	"github.com/citytally/citytally/transform/tally"
)

// Metrics are what the transform stage counts: those of its rooms.
type Metrics struct {
	judge      *judge.Metrics
	tally      *tally.Metrics
	reconcile  *reconcile.Metrics
	runs       *schedule.RunMetrics
	remind     *remind.Metrics
	registerer prometheus.Registerer
}

// NewMetrics returns the stage's metrics, registered where the registerer is not
// nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	return &Metrics{judge: judge.NewMetrics(r), tally: tally.NewMetrics(r), reconcile: reconcile.NewMetrics(r), runs: schedule.NewRunMetrics(r), remind: remind.NewMetrics(r), registerer: r}
}
