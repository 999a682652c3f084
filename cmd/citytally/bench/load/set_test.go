package load

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
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

func TestCatalogueKnowsEverything(t *testing.T) {
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
