package ledger

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// RegisterMetrics has the ledger's size read at each scrape of the registerer; nil
// registers nothing.
func (l *Ledger) RegisterMetrics(r prometheus.Registerer) {
	if r == nil {
		return
	}
	auto := promauto.With(r)
	for _, g := range []struct {
		name, help string
		value      func() float64
	}{
		{"ledger_cells", "Cells (indicator and period) of which the ledger holds a figure.", func() float64 { return float64(l.size().cells) }},
		{"ledger_submissions", "Submissions that the ledger has folded in.", func() float64 { return float64(l.size().submissions) }},
		{"ledger_held_figures", "Figures that are held and wait for an explanation or the bureau's decision.", func() float64 { return float64(l.size().held) }},
		{"ledger_applied_sequence", "Sequence of ACCEPTED up to which the ledger has folded in.", func() float64 { return float64(l.Basis()) }},
	} {
		auto.NewGaugeFunc(prometheus.GaugeOpts{Name: "citytally_" + g.name, Help: g.help}, g.value)
	}
}
