package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/sink/chdb/engine"
)

// greedy are queries that take all that ClickHouse gives those who only read: over every version
// of every figure, and over every total with its inputs.
var greedy = []string{
	`SELECT area, indicator, uniqExact(submission), sum(toFloat64(value)) FROM observations GROUP BY area, indicator ORDER BY indicator, area`,
	`SELECT period, count(), sum(length(inputs)), max(value) FROM totals_latest GROUP BY period ORDER BY period`,
	`SELECT sum(cityHash64(a.number, b.number)) FROM numbers(30000) AS a CROSS JOIN numbers(30000) AS b`,
}

// latencyAmongReaders measures latency once more, while others read without a pause.
func (b *benchmark) latencyAmongReaders(ctx context.Context, s *session) error {
	if b.config.Readers == 0 {
		return nil
	}
	reading, enough := context.WithCancel(ctx)
	defer enough()
	var readers errgroup.Group
	var answers, refusals atomic.Int64
	for n := range b.config.Readers {
		options, err := b.readerOptions(s)
		if err != nil {
			return err
		}
		conn, err := clickhouse.Open(options)
		if err != nil {
			return fmt.Errorf("open ClickHouse: %w", err)
		}
		readers.Go(func() error {
			for ; reading.Err() == nil; n++ {
				// What is refused, for want of memory say, took until then what it could.
				if err := conn.Exec(reading, greedy[n%len(greedy)]); err == nil {
					answers.Add(1)
				} else if reading.Err() == nil {
					refusals.Add(1)
				}
			}
			return conn.Close()
		})
	}
	taken, err := b.measureLatency(ctx, s, b.submissions()+b.uploadsMeasured())
	enough()
	_ = readers.Wait() // connections that were cut in a query
	if err != nil {
		return err
	}
	b.result.ReadersP50, b.result.ReadersP99 = percentile(taken, 0.5), percentile(taken, 0.99)
	b.result.ReadersToAlone = b.result.ReadersP99 / b.result.P99
	b.printf("readers    p50 %.0f ms, p99 %.0f ms, %.2f of p99 without, among %d readers with %d answers and %d refusals",
		b.result.ReadersP50, b.result.ReadersP99, b.result.ReadersToAlone, b.config.Readers, answers.Load(), refusals.Load())
	return nil
}

// readerOptions returns how one who only reads connects.
func (b *benchmark) readerOptions(s *session) (*clickhouse.Options, error) {
	users := b.settings.ClickHouse.Embedded.Users
	at := slices.IndexFunc(users, func(u engine.User) bool { return u.ReadOnly })
	if at < 0 {
		return nil, app.Usage(errors.New("clickhouse.embedded.users has nobody who only reads; use --readers 0"))
	}
	options, err := clickhouse.ParseDSN(s.Engine.DSN(users[at].Name))
	if err != nil {
		return nil, fmt.Errorf("read ClickHouse DSN: %w", err)
	}
	b.overTLS(s, options)
	options.MaxOpenConns = 1
	return options, nil
}
