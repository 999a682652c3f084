package tally

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// BenchmarkTally measures finding and folding the totals of the whole ledger, as a
// recomputation does: with all areas, and with
// an area missing that might follow from other periods.
func BenchmarkTally(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	for _, areas := range []int{fixture.LargeAreas, fixture.LargeAreas - 1} {
		b.Run(fmt.Sprintf("areas=%d", areas), func(b *testing.B) {
			l := largeLedger(b, c, areas)
			cells := l.Cells()
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				if made := All(c, l, Affected(c, l, cells)); len(made) != len(cells) {
					b.Fatalf("%d totals of %d cells", len(made), len(cells))
				}
			}
			b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N)/float64(len(cells)), "cpu-ns/total")
		})
	}
}

// largeLedger returns a ledger with the figures of the first areas of the large history.
func largeLedger(b *testing.B, c *catalogue.Catalogue, areas int) *ledger.Ledger {
	b.Helper()
	l := ledger.New(c)
	for sequence, batch := range fixture.LargeHistory {
		if batch.Submissions[0].Area == fixture.LargeArea(areas) {
			continue
		}
		if err := l.Apply(sequence, "accepted", batch); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// BenchmarkAffected measures finding the totals that changes in a few years affect.
func BenchmarkAffected(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	cells, source := []ledger.Cell{}, largeLedger(b, c, fixture.LargeAreas)
	for year := range int16(8) {
		for i := range fixture.LargeIndicators {
			cells = append(cells, ledger.Cell{Indicator: fixture.LargeIndicator(i), Period: catalogue.Period{Year: fixture.LargeFirstYear + year, Kind: catalogue.Year}})
		}
	}
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if len(Affected(c, source, cells)) < len(cells) {
			b.Fatal("too few")
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N)/float64(len(cells)), "cpu-ns/cell")
}

// BenchmarkMonth measures what a month of ten areas with 60 indicators costs: the
// totals of that month and of every period that follows from it, in this year and the
// next, once all months of the year before it are reported.
func BenchmarkMonth(b *testing.B) {
	for _, month := range []int{2, 7, 12} {
		b.Run(fmt.Sprintf("month=%d", month), func(b *testing.B) {
			c := fixture.MonthlyCatalogue(b)
			l := ledger.New(c)
			var changed []ledger.Cell
			for sequence, batch := range fixture.MonthlyHistory(month) {
				if err := l.Apply(sequence, "accepted", batch); err != nil {
					b.Fatal(err)
				}
				cells, err := ledger.CellsOf(&batch.Submissions[0])
				if err != nil {
					b.Fatal(err)
				}
				for _, cell := range cells {
					if cell.Period == (catalogue.Period{Year: 2021, Kind: catalogue.Month, Index: uint8(month)}) {
						changed = append(changed, cell)
					}
				}
			}
			b.ReportAllocs()
			totals, before := 0, processorTime(b)
			for b.Loop() {
				totals = len(All(c, l, Affected(c, l, changed)))
			}
			b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(totals), "totals")
		})
	}
}

// processorTime is what the process has used so far, on all cores.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
