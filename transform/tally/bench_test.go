package tally

import (
	"fmt"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// BenchmarkTally measures the totals of the whole ledger: with all areas, and with
// an area missing that might follow from other periods.
func BenchmarkTally(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	for _, areas := range []int{fixture.LargeAreas, fixture.LargeAreas - 1} {
		b.Run(fmt.Sprintf("areas=%d", areas), func(b *testing.B) {
			ledger := ledger.New(c)
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
				if made := All(c, ledger, cells); len(made) < len(cells) {
					b.Fatalf("%d totals of %d cells", len(made), len(cells))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(cells)), "ns/total")
		})
	}
}

// BenchmarkAffected measures finding the totals that changes in a few years affect.
func BenchmarkAffected(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	var cells []ledger.Cell
	for year := range int16(8) {
		for i := range fixture.LargeIndicators {
			cells = append(cells, ledger.Cell{Indicator: fixture.LargeIndicator(i), Period: catalogue.Period{Year: fixture.LargeFirstYear + year, Kind: catalogue.Year}})
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
