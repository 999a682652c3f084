package ingest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	sender "github.com/citytally/citytally/ingest/client"
)

// BenchmarkSubmit measures durable uploads of one figure over HTTP, with fsync.
func BenchmarkSubmit(b *testing.B) {
	h := open(b)
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	defer transport.CloseIdleConnections()
	client := h.client("320812")
	client.HTTP = &http.Client{Transport: transport}
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := client.Submit(b.Context(), sender.Upload{
				Content: strings.NewReader(figure("320812", fmt.Sprint(n.Add(1)))), ContentType: "application/json",
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "uploads/s")
}
