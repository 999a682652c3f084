package load

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/rules"
)

func TestSeedDecides(t *testing.T) {
	message := func(seed uint64, n int) []byte {
		m, err := Set{Seed: seed}.Message(n)
		if err != nil {
			t.Fatal(err)
		}
		return m.Body
	}
	if !bytes.Equal(message(1, 7), message(1, 7)) {
		t.Error("the same seed made different submissions")
	}
	if bytes.Equal(message(1, 7), message(2, 7)) {
		t.Error("different seeds made the same submission")
	}
	vintage := years * Areas * Datasets
	first, second := Set{Seed: 1}.Submission(7), Set{Seed: 1}.Submission(7+vintage)
	if first.Observations[0].Period != second.Observations[0].Period || first.Area != second.Area {
		t.Errorf("submission %d does not revise submission 7: %v", 7+vintage, second.Observations[0])
	}
	if first.ID() == second.ID() {
		t.Error("a revision has the content of what it revises")
	}
}

// reported is what an area has reported, by indicator and period.
type reported map[string]catalogue.Value

func (r reported) Figure(indicator string, p catalogue.Period) (catalogue.Value, bool, bool) {
	v, ok := r[indicator+p.String()]
	return v, false, ok
}

func (r reported) Years(string) catalogue.Years {
	return catalogue.Years{First: math.MinInt16, Last: math.MaxInt16}
}

func (r reported) Repeated(p, in catalogue.Period) (same, compared int) {
	for key, v := range r {
		indicator, of := strings.CutSuffix(key, p.String())
		if was, known := r[indicator+in.String()]; of && known && rules.Telling(v) {
			if compared++; was == v {
				same++
			}
		}
	}
	return same, compared
}

func (r reported) Periods(string, int16) catalogue.PeriodSet { return ^catalogue.PeriodSet(0) }

func (r reported) Withdrawals() (withdrawn, known int) { return 0, 0 }

func (r reported) InForce(string, string, catalogue.Period) (catalogue.Value, bool) {
	return catalogue.Value{}, false
}

func TestRulesFindNothingButInOddFigures(t *testing.T) {
	c := loadCatalogue(t)
	set, err := rules.Load(filepath.Join("..", "..", "..", "..", "configs", "rules.yaml"), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Set{{}, {Monthly: true}, {Odd: true}} {
		before, found, figures, rounds := reported{}, 0, 0, 2*years
		if s.Odd {
			rounds = 8 // later ones have a history in which nothing is odd any more
		}
		for round := range rounds {
			made := s.Submission(round*Areas*Datasets + 7)
			area, _ := c.Area(made.Area)
			for _, o := range made.Observations {
				reading, err := catalogue.ParseValue(string(o.Value))
				if err != nil {
					t.Fatal(err)
				}
				before[o.Indicator+o.Period] = reading.Value
			}
			for _, o := range made.Observations {
				period, _ := catalogue.ParsePeriod(o.Period)
				row := rules.Row{Area: area, Dataset: made.Dataset, Period: period, Value: before[o.Indicator+o.Period], Stage: catalogue.Final, Figures: before}
				figures++
				set.Plans(made.Dataset)[o.Indicator].Judge(&row, func(f *rules.Fault) {
					if found++; !s.Odd || f.Rule.Severity != event.Inform {
						t.Errorf("%+v: %s", s, f.MessageEN)
					}
				})
			}
		}
		if s.Odd && found < figures/3 {
			t.Errorf("%d faults of %d odd figures, want some on every second one", found, figures)
		}
	}
}

func TestCatalogueKnowsEverything(t *testing.T) {
	c := loadCatalogue(t)
	for n := range Areas * Datasets {
		s := Set{}.Submission(n)
		if _, ok := c.Area(s.Area); !ok {
			t.Fatalf("area %s of submission %d is not in the catalogue", s.Area, n)
		}
		for _, o := range s.Observations {
			if _, ok := c.Indicator(o.Indicator); !ok {
				t.Fatalf("indicator %s of submission %d is not in the catalogue", o.Indicator, n)
			}
		}
	}
}

func loadCatalogue(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	text, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "catalogue.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TakenBack returns nothing.
func (r reported) TakenBack(string, catalogue.Period) (catalogue.Value, bool) {
	return catalogue.Value{}, false
}
