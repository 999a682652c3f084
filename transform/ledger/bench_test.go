package ledger

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// BenchmarkLedger measures folding, and the memory of the whole ledger for each figure.
func BenchmarkLedger(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	b.ReportAllocs()
	for b.Loop() {
		before := heap()
		began := time.Now()
		ledger := benchLedger(b, c)
		b.ReportMetric(time.Since(began).Seconds()/fixture.LargeCells*1e6, "s/Mcells")
		perCell := float64(heap()-before) / fixture.LargeCells
		b.ReportMetric(perCell, "bytes/cell")
		if perCell > 100 {
			b.Errorf("the ledger takes %.0f bytes a cell, more than 100", perCell)
		}
		runtime.KeepAlive(ledger)
	}
}

// BenchmarkFold measures folding without views, as in a replay, and with a view that is
// opened anew every hundred submissions.
func BenchmarkFold(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	var batches []*event.AcceptedBatch
	for _, batch := range fixture.LargeHistory {
		batches = append(batches, batch)
	}
	for _, views := range []bool{false, true} {
		b.Run(fmt.Sprintf("views=%t", views), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ledger := New(c)
				view := ledger.View()
				view.Close()
				for i, batch := range batches {
					if views && i%100 == 0 {
						view.Close()
						view, _ = ledger.ViewChanges()
					}
					if err := ledger.Apply(uint64(i+1), "accepted", batch); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/fixture.LargeCells, "ns/figure")
		})
	}
}

// BenchmarkStart measures what a start costs: reading an image, beside folding messages that are
// read already; and what writing one costs.
func BenchmarkStart(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	ledger := benchLedger(b, c)
	var text bytes.Buffer
	for _, run := range []struct {
		name string
		do   func() error
	}{
		{"fold", func() error { benchLedger(b, c); return nil }},
		{"write", func() error {
			text.Reset()
			image := ledger.Image()
			defer image.Close()
			return image.Write(&text)
		}},
		{"restore", func() error { return New(c).Restore(bytes.NewReader(text.Bytes())) }},
	} {
		b.Run(run.name, func(b *testing.B) {
			for b.Loop() {
				if err := run.do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/fixture.LargeCells, "ns/figure")
			b.ReportMetric(float64(text.Len())/fixture.LargeCells, "bytes/figure")
		})
	}
}

func benchLedger(b *testing.B, c *catalogue.Catalogue) *Ledger {
	b.Helper()
	ledger := New(c)
	for sequence, batch := range fixture.LargeHistory {
		if err := ledger.Apply(sequence, "accepted."+batch.Submissions[0].Area+".d", batch); err != nil {
			b.Fatal(err)
		}
	}
	return ledger
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkAccepted measures encoding and decoding a batch of 256 submissions.
func BenchmarkAccepted(b *testing.B) {
	batch := &event.AcceptedBatch{}
	for _, one := range fixture.LargeHistory {
		if batch.Submissions = append(batch.Submissions, one.Submissions...); len(batch.Submissions) == 256 {
			break
		}
	}
	body, err := event.EncodeAccepted(batch)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := event.EncodeAccepted(batch); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := event.DecodeAccepted(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
