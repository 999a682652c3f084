package ingest

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/citytally/citytally/ingest/stream"
)

// Metrics are what a gateway counts.
type Metrics struct {
	requests    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	denied      *prometheus.CounterVec
	submissions *prometheus.CounterVec
	rows        *prometheus.CounterVec
}

// NewMetrics returns a gateway's metrics, registered where the registerer is not
// nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	auto := promauto.With(r)
	return &Metrics{
		requests: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_gateway_requests_total",
			Help: "Requests answered, by route and HTTP status.",
		}, []string{"route", "status"}),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "citytally_gateway_request_duration_seconds",
			Help:    "Time from a request's header to its answer; uploads that wait for their verdict included.",
			Buckets: stream.DurationBuckets(),
		}, []string{"route"}),
		inFlight: auto.NewGauge(prometheus.GaugeOpts{
			Name: "citytally_gateway_requests_in_flight",
			Help: "Requests under way.",
		}),
		denied: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_gateway_denied_total",
			Help: "Requests without a token in force; reason is missing, unknown, expired, revoked, or uncertain while the list of tokens is not at hand.",
		}, []string{"reason"}),
		submissions: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_gateway_submissions_total",
			Help: "Submissions given a receipt; result is stored, or repeated when the same content was in the log already.",
		}, []string{"area", "dataset", "result"}),
		rows: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "citytally_gateway_rows_total",
			Help: "Rows of the submissions that were stored.",
		}, []string{"area", "dataset"}),
	}
}

// WithTracer makes the gateway record spans of receiving every upload and of publishing
// it.
func WithTracer(t *stream.Tracer) Option { return func(g *Gateway) { g.tracer = t } }

// WithMetrics makes the gateway count what it does.
func WithMetrics(m *Metrics) Option { return func(g *Gateway) { g.metrics = m } }

// measure counts a request as under way until the returned function is called, with the
// route that answered it and the status of the answer.
func (m *Metrics) measure() func(route string, status int) {
	began := time.Now()
	m.inFlight.Inc()
	return func(route string, status int) {
		m.inFlight.Dec()
		m.duration.WithLabelValues(route).Observe(time.Since(began).Seconds())
		m.requests.WithLabelValues(route, strconv.Itoa(cmp.Or(status, http.StatusOK))).Inc()
	}
}

// countReceipts counts the receipts of one upload.
func (m *Metrics) countReceipts(uploaded []*uploadedSubmission) {
	for _, u := range uploaded {
		result := "stored"
		if u.receipt.Repeated {
			result = "repeated"
		} else {
			m.rows.WithLabelValues(u.receipt.Area, u.receipt.Dataset).Add(float64(u.receipt.Rows))
		}
		m.submissions.WithLabelValues(u.receipt.Area, u.receipt.Dataset, result).Inc()
	}
}
