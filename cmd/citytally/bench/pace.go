package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// paceInterval is the time between two counts of the rows that have arrived.
	paceInterval = 250 * time.Millisecond
	// paceParts is how many parts of a load, one after the other, have a rate of
	// their own.
	paceParts = 10
)

// arrival is how many rows had arrived in ClickHouse at a time after the start.
type arrival struct {
	rows  float64
	after time.Duration
}

// watchArrivals counts observations every paceInterval until stop is called, which
// returns the counts in the order of time, the first of them 0 rows.
func watchArrivals(ctx context.Context, conn driver.Conn) (stop func() ([]arrival, error)) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	began := time.Now()
	arrivals := []arrival{{}}
	count := func() error {
		var rows uint64
		// ClickHouse knows the count without reading the table.
		if err := conn.QueryRow(context.WithoutCancel(ctx), "SELECT count() FROM observations_data").Scan(&rows); err != nil {
			return fmt.Errorf("count rows that have arrived: %w", err)
		}
		arrivals = append(arrivals, arrival{float64(rows), time.Since(began)})
		return nil
	}
	go func() {
		for pause(ctx, paceInterval) == nil {
			if err := count(); err != nil {
				ended <- err
				return
			}
		}
		ended <- count()
	}()
	return func() ([]arrival, error) {
		cancel()
		err := <-ended
		return arrivals, err
	}
}

// pace divides a load into parts of equal size and returns how many rows a second
// arrived in each. Between two counts it takes rows to arrive evenly.
func pace(arrivals []arrival, parts int) []float64 {
	last := arrivals[len(arrivals)-1].rows
	rates := make([]float64, parts)
	var from time.Duration
	for part := range rates {
		rows := last * float64(part+1) / float64(parts) // exactly last for the last part
		i := slices.IndexFunc(arrivals, func(a arrival) bool { return a.rows >= rows })
		before, after := arrivals[i-1], arrivals[i]
		to := before.after + time.Duration((rows-before.rows)/(after.rows-before.rows)*float64(after.after-before.after))
		rates[part] = last / float64(parts) / (to - from).Seconds()
		from = to
	}
	return rates
}
