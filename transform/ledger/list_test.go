package ledger

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

const countedIndicator = `
  - {id: hnte, name_zh: 高企, name_en: HNTE, unit: 家, kind: stock, city_total: distinct, datasets: [annual, roster]}
`

// listCatalogue returns the fixture's with an indicator that counts entities.
func listCatalogue(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	return fixture.CatalogueWith(t, countedIndicator, "  - {id: roster, name_zh: 名单, name_en: Roster, rows: entities, periods: [year]}\n")
}

func entityRow(n int, status catalogue.Status) event.AcceptedObservation {
	return event.AcceptedObservation{
		Indicator: "hnte", Unit: "家", Period: fixture.Period("2021"), Value: catalogue.Value{Coefficient: 1}, Stage: catalogue.Final, Status: status, Row: n,
		Entity: &event.ListedEntity{Code: tallytest.EntityCode(n), Name: fmt.Sprintf("企业%d", n), From: 20200101, To: 20221231},
	}
}

// A view stands still while lists change; a list goes before the area's figure, which comes
// back when the list is withdrawn.
func TestViewOfLists(t *testing.T) {
	l, cell := New(listCatalogue(t)), Cell{"hnte", fixture.Period("2021")}
	sequence := uint64(0)
	send := func(area string, rows ...event.AcceptedObservation) {
		t.Helper()
		sequence++
		if err := l.Apply(sequence, "accepted", fixture.Accepted(sequence, area, rows...)); err != nil {
			t.Fatal(err)
		}
	}
	seen := func(s parts) (text string) {
		for _, p := range s.AppendParts(nil, cell) {
			text += fmt.Sprintf("%s=%s@%d ", p.Area, p.Value, p.Sequence)
		}
		return text
	}
	figure := fixture.AcceptedFigure("hnte", cell.Period, 9)
	figure.Unit = "家"
	send("901", figure)
	first, _ := l.ViewChanges()
	send("901", entityRow(1, catalogue.Normal), entityRow(2, catalogue.Normal))
	send("902", entityRow(2, catalogue.Normal), entityRow(3, catalogue.Normal))
	second, changed := l.ViewChanges()
	if len(changed) != 1 || changed[0] != cell {
		t.Errorf("changed: %v", changed)
	}
	gone := entityRow(2, catalogue.Withdrawn)
	send("901", gone)
	third, _ := l.ViewChanges()
	send("901", entityRow(1, catalogue.Withdrawn))
	for _, test := range []struct {
		view *View
		want string
	}{{first, "901=9@1 "}, {second, "901=2@2 902=1@3 "}, {third, "901=1@4 902=2@3 "}} {
		if got := seen(test.view); got != test.want {
			t.Errorf("the view of %d shows %q, want %q", test.view.Basis(), got, test.want)
		}
		test.view.Close()
	}
	if got, want := seen(l), "901=9@1 902=2@3 "; got != want {
		t.Errorf("the ledger shows %q, want %q", got, want)
	}
	made := Claim{Area: "906", Figure: FigureOf(&[]event.AcceptedObservation{entityRow(3, catalogue.Normal)}[0]), Sequence: 99, Additive: true}
	made.Entity.Since = 99
	var foreseen []Part
	l.Read(func(r Reading) { foreseen = r.ForeseeLists(cell, []Claim{made}) })
	for _, p := range foreseen {
		if want := map[string]string{"901": "9", "902": "2", "906": "0"}[p.Area]; p.Value.String() != want {
			t.Errorf("foreseen of %s: %s, want %s", p.Area, p.Value, want)
		}
	}
}

// One changed entity among 100,000 of a city, until the figures that its total is made of
// have followed.
func BenchmarkOneOfManyEntities(b *testing.B) {
	l, cell := New(listCatalogue(b)), Cell{"hnte", fixture.Period("2021")}
	apply(b, l, manyLists(100_000))
	row := entityRow(7, catalogue.Normal)
	b.ReportAllocs()
	var found []Part
	for i := 0; b.Loop(); i++ {
		row.Entity.To = catalogue.Day(20201231 + 10000*(i%3))
		n := uint64(1000 + i)
		if err := l.Apply(n, "accepted.901.roster", fixture.Accepted(n, "901", row)); err != nil {
			b.Fatal(err)
		}
		found = l.AppendParts(found[:0], cell)
	}
}

// All of 100,000 entities, of which a tenth is claimed twice, folded into an empty ledger,
// and what each costs in memory there.
func BenchmarkManyEntities(b *testing.B) {
	c, lists := listCatalogue(b), manyLists(100_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := New(c)
	apply(b, kept, lists)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportAllocs()
	for b.Loop() {
		apply(b, New(c), lists)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/110_000, "B/claim")
	runtime.KeepAlive(kept)
}

// manyLists has three areas list n entities, and one of them every tenth of another's.
func manyLists(n int) (lists []*event.AcceptedBatch) {
	areas := []string{"901", "902", "906"}
	for list := range 11 {
		var rows []event.AcceptedObservation
		for i := range n / 10 {
			number := list*n/10 + i
			if list == 10 {
				number = i * 10
			}
			rows = append(rows, entityRow(number+1, catalogue.Normal))
		}
		lists = append(lists, fixture.Accepted(uint64(list+1), areas[list%3], rows...))
	}
	return lists
}

func apply(tb testing.TB, l *Ledger, lists []*event.AcceptedBatch) {
	for i, batch := range lists {
		if err := l.Apply(uint64(i+1), "accepted.x.roster", batch); err != nil {
			tb.Fatal(err)
		}
	}
}
