package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/drop"
	"github.com/citytally/citytally/ingest/pull"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/schedule"
)

// instruments are the metrics of every stage.
type instruments struct {
	gateway   *ingest.Metrics
	drop      *drop.Metrics
	pull      *pull.Metrics
	transform *transform.Metrics
	schedule  *schedule.SchedulerMetrics
	sink      *sink.Metrics
}

// newInstruments registers the metrics of the stages that run.
func newInstruments(r prometheus.Registerer, has func(stage string) bool) *instruments {
	registerer := func(stage string) prometheus.Registerer {
		if has(stage) {
			return r
		}
		return nil
	}
	return &instruments{
		gateway: ingest.NewMetrics(registerer(StageIngest)), drop: drop.NewMetrics(registerer(StageCollect)), pull: pull.NewMetrics(registerer(StageCollect)), transform: transform.NewMetrics(registerer(StageTransform)),
		schedule: schedule.NewSchedulerMetrics(registerer(StageSchedule)), sink: sink.NewMetrics(registerer(StageSink)),
	}
}

// watchProcess registers the metrics of Go and of the operating system about this
// process, and its version.
func watchProcess(r prometheus.Registerer) {
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "citytally_build_info", Help: "Always 1; the label says which version runs.", ConstLabels: prometheus.Labels{"version": Version()},
		}, func() float64 { return 1 }),
	)
}

// collectTimeout is how long a scrape may wait for the broker.
const collectTimeout = 3 * time.Second

func watchLog(r prometheus.Registerer, log *stream.Log, logger zerolog.Logger) {
	r.MustRegister(stream.NewCollector(log, collectTimeout, logger))
}

func watchEngine(r prometheus.Registerer, engine *chdb.Server) {
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "citytally_engine_failed_logins_total", Help: "Logins to the embedded ClickHouse with a wrong user or password.",
	}, func() float64 { return float64(engine.FailedLogins()) }), prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "citytally_engine_restarts_total", Help: "Times that the embedded ClickHouse crashed and was started again.",
	}, func() float64 { return float64(engine.Restarts()) }))
}

func watchDivergences(r prometheus.Registerer, count func() int) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "citytally_divergences", Help: "Places where the log does not go with what was made from it, or ClickHouse not with the log; /readyz names them.",
	}, func() float64 { return float64(count()) }))
}
