package transform

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
)

func benchLedger(b *testing.B, c *catalogue.Catalogue) *Ledger {
	b.Helper()
	ledger := NewLedger(c)
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

// BenchmarkLedger measures folding, and the memory that a figure of an area in a
// cell takes, all of the ledger's tables included.
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

// BenchmarkFold measures folding by itself, as in a replay, and while a view of
// each hundred submissions is open.
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
				ledger := NewLedger(c)
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

// BenchmarkTally measures the totals of the whole ledger: with all areas, and with
// an area missing that might follow from other periods.
func BenchmarkTally(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	for _, areas := range []int{fixture.LargeAreas, fixture.LargeAreas - 1} {
		b.Run(fmt.Sprintf("areas=%d", areas), func(b *testing.B) {
			ledger := NewLedger(c)
			for sequence, batch := range fixture.LargeHistory {
				if batch.Submissions[0].Area == fixture.LargeArea(areas) {
					continue
				}
				if err := ledger.Apply(sequence, "accepted", batch); err != nil {
					b.Fatal(err)
				}
			}
			cells := ledger.Cells()
			b.ReportAllocs()
			for b.Loop() {
				if made := TallyAll(c, ledger, cells); len(made) < len(cells) {
					b.Fatalf("%d totals of %d cells", len(made), len(cells))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(cells)), "ns/total")
		})
	}
}

// BenchmarkAffected measures finding the totals that changes of a few years
// touch.
func BenchmarkAffected(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	var cells []Cell
	for year := range int16(8) {
		for i := range fixture.LargeIndicators {
			cells = append(cells, Cell{fixture.LargeIndicator(i), catalogue.Period{Year: fixture.LargeFirstYear + year, Kind: catalogue.Year}})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(Affected(c, cells)) < len(cells) {
			b.Fatal("too few")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(cells)), "ns/cell")
}

// benchDeliveries are the first n submissions as they come from SUBMISSIONS.
func benchDeliveries(b *testing.B, n int) (all []stream.Delivery) {
	b.Helper()
	log := fixture.Log(b)
	for i := range n {
		fixture.Submit(b, log, fixture.LargeSubmission(i))
	}
	fixture.Await(b, log, stream.Submissions, "submissions", func(d stream.Delivery) bool {
		all = append(all, d)
		return len(all) == n
	})
	return all
}

// BenchmarkRead measures taking a submission of 60 figures apart.
func BenchmarkRead(b *testing.B) {
	d := benchDeliveries(b, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		if r := read(d); r.problem != nil {
			b.Fatal(r.problem)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/60, "ns/figure")
}

// BenchmarkJudge measures judging full batches of submissions, which revise what
// the ledger holds, and gathering what is accepted.
func BenchmarkJudge(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	v := &Validator{ledger: benchLedger(b, c), judge: judge{c}, now: time.Now}
	var submissions []received
	for _, d := range benchDeliveries(b, DefaultConfig().Batch) {
		submissions = append(submissions, read(d))
	}
	b.ReportAllocs()
	for b.Loop() {
		verdicts, _, err := v.judgeAll(b.Context(), submissions)
		if err != nil {
			b.Fatal(err)
		}
		for _, verdict := range verdicts {
			if verdict.Accepted != 60 {
				b.Fatalf("accepted %d rows of 60: %v", verdict.Accepted, verdict.Findings)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(60*len(submissions)), "ns/figure")
}

// BenchmarkAccepted measures a batch of 256 submissions on its way through
// ACCEPTED.
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
