package ledger

import (
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// A figure in force has the submission that set it, and the last that said the same since; a
// value that comes back, another stage, qualifier or status, and what is said after a withdrawal
// are set anew.
//
// Rules: provenance.
func TestWhoSetAFigure(t *testing.T) {
	gdp := Cell{"gdp", fixture.Period("2021")}
	says := func(value int64, change ...func(*event.AcceptedObservation)) event.AcceptedObservation {
		o := fixture.AcceptedFigure(gdp.Indicator, gdp.Period, value)
		for _, c := range change {
			c(&o)
		}
		return o
	}
	flash := func(o *event.AcceptedObservation) { o.Stage = catalogue.Flash }
	later := func(o *event.AcceptedObservation) { o.Epoch = 1 }
	withdrawn := func(o *event.AcceptedObservation) { o.Status, o.Value = catalogue.Withdrawn, catalogue.Value{} }
	missing := func(o *event.AcceptedObservation) { o.Status, o.Value = catalogue.Missing, catalogue.Value{} }
	about := func(o *event.AcceptedObservation) { o.Qualifier = catalogue.About }
	imputed := func(o *event.AcceptedObservation) { o.Status = catalogue.Imputed }
	noted := func(o *event.AcceptedObservation) { o.Note, o.Raw = "checked", "1.0" }
	for _, test := range []struct {
		name             string
		said             []event.AcceptedObservation // by submissions 1, 2, …
		set, confirmedBy uint64
	}{
		{"said once", []event.AcceptedObservation{says(1)}, 1, 0},
		{"said again", []event.AcceptedObservation{says(1), says(1, noted), says(1)}, 1, 3},
		{"comes back", []event.AcceptedObservation{says(1), says(2), says(1)}, 3, 0},
		{"comes back, and again", []event.AcceptedObservation{says(1), says(2), says(1), says(1)}, 3, 4},
		{"becomes final", []event.AcceptedObservation{says(1, flash), says(1, flash), says(1)}, 3, 0},
		{"an earlier stage beside it", []event.AcceptedObservation{says(1), says(1, flash), says(1)}, 1, 3},
		{"with a qualifier", []event.AcceptedObservation{says(1), says(1, about)}, 2, 0},
		{"with another status", []event.AcceptedObservation{says(1), says(1, imputed), says(1, imputed)}, 2, 3},
		{"no figure", []event.AcceptedObservation{says(1), says(0, missing), says(0, missing)}, 2, 3},
		{"after a withdrawal", []event.AcceptedObservation{says(1), says(0, withdrawn), says(1, later)}, 3, 0},
		{"after it was reopened", []event.AcceptedObservation{says(1), says(1, later)}, 1, 2},
	} {
		l := New(fixture.Catalogue(t))
		for i, o := range test.said {
			if err := l.Apply(uint64(i+1), "accepted", fixture.Accepted(uint64(i+1), "901", o)); err != nil {
				t.Fatal(err)
			}
		}
		part, ok := l.Part(gdp, "901")
		if !ok || part.Sequence != test.set || part.Confirmed != test.confirmedBy || part.Rank().Sequence < part.Sequence {
			t.Errorf("%s: set by %d, confirmed by %d; want %d and %d", test.name, part.Sequence, part.Confirmed, test.set, test.confirmedBy)
		}
	}
}

// A file sent again unchanged costs the ledger one confirmation, however many figures it has.
func TestFileSentAgainIsOneConfirmation(t *testing.T) {
	l := New(fixture.Catalogue(t))
	var rows []event.AcceptedObservation
	for year := int16(1950); year < 2050; year++ {
		rows = append(rows, fixture.AcceptedFigure("gdp", catalogue.Period{Kind: catalogue.Year, Year: year}, 5))
	}
	for n := uint64(1); n <= 3; n++ {
		if err := l.Apply(n, "accepted", fixture.Accepted(n, "901", rows...)); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(l.confirmations); got != 2 {
		t.Errorf("%d confirmations of a file that was sent three times, want 2", got)
	}
}
