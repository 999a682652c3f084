package transform

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// The shape of what is measured: a million figures, 60 in a submission.
const (
	benchAreas      = 10
	benchIndicators = 60 * 28
	benchYears      = 60
	benchFirst      = 1960
)

// benchCatalogue has benchAreas districts and benchIndicators sums.
func benchCatalogue(b *testing.B) *catalogue.Catalogue {
	b.Helper()
	var text strings.Builder
	text.WriteString("city: c\nprogrammes: [{id: p, name_zh: p, name_en: p}]\nareas:\n  - {code: c, name_zh: c, name_en: c, kind: city}\n")
	for i := range benchAreas {
		fmt.Fprintf(&text, "  - {code: %[1]s, name_zh: %[1]s, name_en: %[1]s, kind: district}\n", benchArea(i))
	}
	text.WriteString("datasets: [{id: d, name_zh: d, name_en: d, periods: [year], stage: final, due_days: 1}]\nindicators:\n")
	for i := range benchIndicators {
		fmt.Fprintf(&text, "  - {id: %[1]s, name_zh: %[1]s, name_en: %[1]s, programme: p, unit: 万元, kind: flow, city_total: sum, change: percent, decimals: 2, change_decimals: 2, datasets: [d]}\n", benchIndicator(i))
	}
	path := filepath.Join(b.TempDir(), "catalogue.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	c, err := catalogue.Load(path)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func benchArea(i int) string { return fmt.Sprintf("a%02d", i) }

func benchIndicator(i int) string { return fmt.Sprintf("indicator_%04d", i) }

// benchBatches are accepted batches of one submission each, every cell once.
func benchBatches(yield func(sequence uint64, batch *event.AcceptedBatch) bool) {
	sequence := uint64(0)
	for year := range benchYears {
		for first := 0; first < benchIndicators; first += 60 {
			for area := range benchAreas {
				sequence++
				s := event.AcceptedSubmission{ID: fmt.Sprintf("%032x", sequence), Area: benchArea(area), Dataset: "d", Sequence: sequence}
				for i := first; i < first+60; i++ {
					s.Add(event.AcceptedObservation{
						Indicator: benchIndicator(i), Unit: "万元", Period: catalogue.Period{Year: int16(benchFirst + year), Kind: catalogue.Year},
						Value: catalogue.Value{Coefficient: int64(sequence)*1000 + int64(i), Scale: 2}, Stage: catalogue.Final, Status: catalogue.Normal, Row: i + 1,
					})
				}
				if !yield(sequence, &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}) {
					return
				}
			}
		}
	}
}

const benchCells = benchAreas * benchIndicators * benchYears

func benchLedger(b *testing.B, c *catalogue.Catalogue) *Ledger {
	b.Helper()
	ledger := NewLedger(c)
	for sequence, batch := range benchBatches {
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
	c := benchCatalogue(b)
	b.ReportAllocs()
	for b.Loop() {
		before := heap()
		began := time.Now()
		ledger := benchLedger(b, c)
		b.ReportMetric(time.Since(began).Seconds()/benchCells*1e6, "s/Mcells")
		perCell := float64(heap()-before) / benchCells
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
	c := benchCatalogue(b)
	var batches []*event.AcceptedBatch
	for _, batch := range benchBatches {
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
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchCells, "ns/figure")
		})
	}
}

// BenchmarkTally measures the totals of the whole ledger: with all areas, and with
// an area missing that might follow from other periods.
func BenchmarkTally(b *testing.B) {
	c := benchCatalogue(b)
	for _, areas := range []int{benchAreas, benchAreas - 1} {
		b.Run(fmt.Sprintf("areas=%d", areas), func(b *testing.B) {
			ledger := NewLedger(c)
			for sequence, batch := range benchBatches {
				if batch.Submissions[0].Area == benchArea(areas) {
					continue
				}
				if err := ledger.Apply(sequence, "accepted", batch); err != nil {
					b.Fatal(err)
				}
			}
			cells := ledger.Cells(Scope{})
			b.ReportAllocs()
			for b.Loop() {
				t := tally{catalogue: c, source: ledger}
				if made := t.all(cells); len(made) < len(cells) {
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
	c := benchCatalogue(b)
	var cells []Cell
	for year := range int16(8) {
		for i := range benchIndicators {
			cells = append(cells, Cell{benchIndicator(i), catalogue.Period{Year: benchFirst + year, Kind: catalogue.Year}})
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

// benchSubmission is the n-th submission of 60 figures, area after area and year
// after year.
func benchSubmission(n int) event.Submission {
	group, year := n/benchAreas%(benchIndicators/60), n/(benchAreas*benchIndicators/60)
	s := event.Submission{Area: benchArea(n % benchAreas), Dataset: "d"}
	for i := range 60 {
		s.Observations = append(s.Observations, event.Observation{
			Indicator: benchIndicator(group*60 + i), Period: strconv.Itoa(benchFirst + year), Value: event.Text(fmt.Sprintf("%d.%02d", 1000+i, i)), Unit: "万元",
		})
	}
	return s
}

// benchDeliveries are the first n submissions as they come from SUBMISSIONS.
func benchDeliveries(b *testing.B, n int) (all []stream.Delivery) {
	b.Helper()
	log := testLog(b)
	for i := range n {
		submit(b, log, benchSubmission(i))
	}
	await(b, log, stream.Submissions, "submissions", func(d stream.Delivery) bool {
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
	c := benchCatalogue(b)
	v := &validator{ledger: benchLedger(b, c), judge: judge{c}, now: time.Now}
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
	for _, one := range benchBatches {
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
