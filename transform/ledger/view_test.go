package ledger

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/transform/internal/fixture"
)

// parts is what a view and the ledger have in common.
type parts interface {
	AppendParts([]Part, Cell) []Part
}

// A view does not change while the ledger does, and costs the ledger nothing once it is
// closed.
func TestViewStandsStill(t *testing.T) {
	l, gdp := New(fixture.Catalogue(t)), Cell{"gdp", fixture.Period("2021")}
	sequence := uint64(0)
	put := func(area string, value int64) {
		t.Helper()
		sequence++
		if err := l.Apply(sequence, "accepted", fixture.Accepted(sequence, area, fixture.AcceptedFigure(gdp.Indicator, gdp.Period, value))); err != nil {
			t.Fatal(err)
		}
	}
	seen := func(s parts) string {
		text := ""
		for _, p := range s.AppendParts(nil, gdp) {
			text += p.Area + "=" + p.Value.String() + " "
		}
		return text
	}
	empty := l.View()
	put("901", 1)
	first, changed := l.ViewChanges()
	if changed != nil {
		t.Errorf("before anybody asked for changes there were %v", changed)
	}
	put("901", 2)
	put("902", 3)
	second, changed := l.ViewChanges()
	if len(changed) != 1 || changed[0] != gdp {
		t.Errorf("changed: %v", changed)
	}
	put("902", 4)
	for _, test := range []struct {
		view  *View
		basis uint64
		want  string
	}{{empty, 0, ""}, {first, 1, "901=1 "}, {second, 3, "901=2 902=3 "}} {
		if got := seen(test.view); got != test.want || test.view.Basis() != test.basis {
			t.Errorf("view of %d shows %q, want %q of %d", test.view.Basis(), got, test.want, test.basis)
		}
		test.view.Close()
	}
	if got := seen(l); got != "901=2 902=4 " || len(l.views) != 0 {
		t.Errorf("the ledger shows %q and keeps %d views", got, len(l.views))
	}
}

// Whatever is folded in between, a view shows what the ledger showed when it was opened,
// and each cell that changed is returned once.
func TestViewsAreSnapshots(t *testing.T) {
	c := fixture.Catalogue(t)
	cells := []Cell{{"gdp", fixture.Period("2021")}, {"rd", fixture.Period("2021")}, {"gdp", fixture.Period("2020")}}
	rapid.Check(t, func(rt *rapid.T) {
		l := New(c)
		shown := func(s parts) (all [][]Part) {
			for _, cell := range cells {
				all = append(all, s.AppendParts(nil, cell))
			}
			return all
		}
		open, changed, asked := map[*View][][]Part{}, map[Cell]bool{}, false
		for n := range rapid.Uint64Range(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0:
				open[l.View()] = shown(l)
			case 1:
				view, named := l.ViewChanges()
				open[view] = shown(l)
				if len(named) != len(changed) || slices.ContainsFunc(named, func(c Cell) bool { return !changed[c] }) {
					rt.Fatalf("named as changed: %v, want %v", named, changed)
				}
				clear(changed)
				asked = true
			case 2:
				for view := range open {
					view.Close()
					delete(open, view)
					break
				}
			default:
				cell, area := rapid.SampledFrom(cells).Draw(rt, "cell"), rapid.SampledFrom([]string{"901", "902", "903"}).Draw(rt, "area")
				if err := l.Apply(n+1, "accepted", fixture.Accepted(n+1, area, fixture.AcceptedFigure(cell.Indicator, cell.Period, int64(n)))); err != nil {
					rt.Fatal(err)
				}
				if asked {
					changed[cell] = true
				}
			}
			for view, want := range open {
				if diff := gocmp.Diff(want, shown(view)); diff != "" {
					rt.Fatalf("after step %d a view of %d shows otherwise than when it was taken:\n%s", n, view.Basis(), diff)
				}
			}
		}
	})
}
