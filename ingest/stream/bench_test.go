package stream_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// BenchmarkGroup measures the time of a receipt when many areas upload at the same time
// and share an fsync. BenchmarkReceipt in natsd measures it for an area that uploads
// alone.
//
//	go test ./ingest/stream -run '^$' -bench Group
func BenchmarkGroup(b *testing.B) {
	body := strings.Repeat("x", 4<<10)
	for _, interval := range []natsd.SyncInterval{natsd.SyncAlways, natsd.SyncInterval(2 * time.Minute)} {
		b.Run(interval.String(), func(b *testing.B) {
			log, _ := join(b, natsdtest.Start(b, func(c *natsd.Config) { c.SyncInterval = interval }))
			group := stream.NewGroup(log)
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- group.Run(ctx) }()
			b.SetParallelism(100)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := group.Publish(b.Context(), message(body)); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			stop()
			check(b, <-ended)
		})
	}
}
