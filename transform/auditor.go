package transform

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// auditor checks from time to time that nothing has got lost, and says so once
// when something has.
type auditor struct {
	log        *stream.Log
	projection Projection
	catalogue  *catalogue.Catalogue
	every      time.Duration
	logger     zerolog.Logger
	now        func() time.Time
	metrics    *Metrics

	mu   sync.Mutex
	said string // what was out of balance when it was said last
}

// How long one check may take.
const auditTimeout = time.Minute

// run checks until ctx ends; with every at 0 it only waits.
func (a *auditor) run(ctx context.Context) error {
	if a.every <= 0 || a.projection == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(a.every)
	defer tick.Stop()
	for {
		if _, err := a.check(ctx); err != nil && ctx.Err() == nil {
			a.logger.Debug().Err(err).Msg("conservation not checked")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// report shows what was found in the metrics, and logs it where it differs from
// what was said last.
func (a *auditor) report(found *Conservation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.metrics.conservation.note(a.catalogue, found)
	text := ""
	if !found.Balanced {
		text = fmt.Sprint(found.Imbalances)
	}
	switch {
	case text == a.said:
	case found.Balanced:
		a.logger.Info().Msg("conservation holds again")
	default:
		a.logger.Error().Stringers("imbalances", stringers(found.Imbalances)).
			Str("what_to_do", "run citytally recompute; it brings back what the log holds").Msg("conservation is violated")
	}
	a.said = text
}

func stringers(all []event.Imbalance) []fmt.Stringer {
	texts := make([]fmt.Stringer, len(all))
	for i := range all {
		texts[i] = all[i]
	}
	return texts
}

// check counts once and tells what it found.
func (a *auditor) check(ctx context.Context) (*Conservation, error) {
	ctx, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	found, err := Conserve(ctx, a.log, a.projection, a.now())
	if err == nil {
		a.report(found)
	}
	return found, err
}

// conservationMetrics are what the last check found.
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
		rows:        gauges("rows", "Rows at the last check; state is received, accepted, held, rejected, or observations for those that ClickHouse shows."),
	}
}

// note shows what a check found, and nothing of earlier ones.
func (m *conservationMetrics) note(of *catalogue.Catalogue, c *Conservation) {
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
		area, dataset := known(of, a.Area, a.Dataset)
		for state, n := range map[string]int64{"received": a.Received, "judged": a.Judged, "pending": a.Pending} {
			m.submissions.WithLabelValues(area, dataset, state).Add(float64(n))
		}
		for state, n := range map[string]int64{
			"received": a.Rows, "accepted": a.Accepted, "held": a.Held, "rejected": a.Rejected, "observations": a.Observations,
		} {
			m.rows.WithLabelValues(area, dataset, state).Add(float64(n))
		}
	}
}
