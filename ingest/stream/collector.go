package stream

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Collector tells Prometheus what every stream holds and how far each durable
// consumer has come. Every scrape asks the broker anew; while the broker is away
// these figures are missing and citytally_broker_up is 0. The metrics of stuck work
// and of letters count what this process did, and are there without the broker.
type Collector struct {
	log     *Log
	timeout time.Duration
	logger  zerolog.Logger

	up, messages, bytes, last              *prometheus.Desc
	pending, ackPending, redelivered, acks *prometheus.Desc
	stuck, letters                         *prometheus.Desc
}

var _ prometheus.Collector = (*Collector)(nil)

// NewCollector returns a collector that waits for the broker at most for the
// timeout.
func NewCollector(log *Log, timeout time.Duration, logger zerolog.Logger) *Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("citytally_"+name, help, labels, nil)
	}
	return &Collector{
		log: log, timeout: timeout, logger: logger,
		up:          desc("broker_up", "1 when the broker answered this scrape, else 0."),
		messages:    desc("stream_messages", "Messages that a stream holds. DEAD holds what waits for a person.", "stream"),
		bytes:       desc("stream_bytes", "Bytes that a stream holds.", "stream"),
		last:        desc("stream_last_sequence", "Sequence of the stream's newest message.", "stream"),
		pending:     desc("consumer_pending_messages", "Messages that a durable consumer has not been delivered yet: its lag.", "stream", "consumer"),
		ackPending:  desc("consumer_ack_pending_messages", "Messages delivered to a durable consumer and not acknowledged yet.", "stream", "consumer"),
		redelivered: desc("consumer_redelivered_messages", "Messages not acknowledged yet that were delivered more than once.", "stream", "consumer"),
		stuck:       desc("stuck_seconds", "How long the oldest work of a stage has kept failing, with a message of the stream waiting for it; 0 where it has once failed and goes on.", "stage", "stream"),
		letters:     desc("dead_letters_total", "Messages that a stage of this process put aside in DEAD.", "stage", "stream"),
		acks:        desc("consumer_ack_floor_sequence", "Sequence up to which a durable consumer has acknowledged everything.", "stream", "consumer"),
	}
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.messages, c.bytes, c.last, c.pending, c.ackPending, c.redelivered, c.acks, c.stuck, c.letters} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for source, seconds := range c.log.health.stuckSeconds(time.Now()) {
		gauge(c.stuck, seconds, source.stage, source.stream)
	}
	for source, n := range c.log.health.letterCounts() {
		metrics <- prometheus.MustNewConstMetric(c.letters, prometheus.CounterValue, float64(n), source.stage, source.stream)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	all, err := c.log.Statuses(ctx)
	if err != nil {
		c.logger.Debug().Err(err).Msg("streams not collected")
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	for i := range all {
		s := &all[i]
		gauge(c.messages, float64(s.Messages), s.Stream)
		gauge(c.bytes, float64(s.Bytes), s.Stream)
		gauge(c.last, float64(s.Last), s.Stream)
		for name, p := range s.Consumers {
			gauge(c.pending, float64(p.Pending), s.Stream, name)
			gauge(c.ackPending, float64(p.Delivered), s.Stream, name)
			gauge(c.redelivered, float64(p.Redelivered), s.Stream, name)
			gauge(c.acks, float64(p.AckFloor), s.Stream, name)
		}
	}
}

// DurationBuckets returns the buckets, in seconds, of a histogram of how long work on
// a message takes: from 1 ms for a single message to 60 s in an outage.
func DurationBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}
