package sink

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

const (
	greedyReaders = 8
	greedyQuery   = "SELECT area, indicator, uniqExact(submission, row), quantileExact(value) FROM observations GROUP BY ALL ORDER BY ALL"
	greedyProbes  = 60
)

// BenchmarkGreedyReaders measures from the publication of one observation until it is in ClickHouse, alone and beside eight
// connections of reader with heavy queries, and reports both 99th percentiles and their ratio:
//
//	go test ./sink -run '^$' -bench GreedyReaders -benchtime 1x
func BenchmarkGreedyReaders(b *testing.B) {
	server := engine.start(b)
	s, log := newStore(b), newLog(b)
	last := publish(b, log, benchmarkMessages(b, benchmarkRows)...)
	runWorkers(b, log, s, testConfig())
	settle(b, log, s, last, 0)
	options, err := ParseDSN(server.DSN(chdbtest.Reader))
	if err != nil {
		b.Fatal(err)
	}
	options.Auth.Database = s.database
	sequence := uint64(1 << 20)
	p99 := func() time.Duration {
		took := make([]time.Duration, greedyProbes)
		for i := range took {
			sequence++
			began := time.Now()
			settle(b, log, s, publish(b, log, one(b, fmt.Sprint("probe ", sequence), sequence)), 0)
			took[i] = time.Since(began)
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	for b.Loop() {
		alone := p99()
		ctx, stop := context.WithCancel(b.Context())
		var readers sync.WaitGroup
		answers := make([]int, greedyReaders)
		for i := range greedyReaders {
			conn, err := clickhouse.Open(options)
			if err != nil {
				b.Fatal(err)
			}
			readers.Go(func() {
				defer conn.Close()
				for ctx.Err() == nil {
					if conn.Exec(ctx, greedyQuery) == nil {
						answers[i]++
					}
				}
			})
		}
		beside := p99()
		stop()
		readers.Wait()
		total := 0
		for _, n := range answers {
			total += n
		}
		b.ReportMetric(float64(alone.Milliseconds()), "ms-alone-p99")
		b.ReportMetric(float64(beside.Milliseconds()), "ms-beside-p99")
		b.ReportMetric(float64(beside)/float64(alone), "ratio")
		b.ReportMetric(float64(total), "answers")
	}
}
