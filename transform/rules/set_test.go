package rules_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/rules"
)

// configFile returns the text of a file of the folder configs.
func configFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func shippedCatalogue(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Parse(configFile(t, "catalogue.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shipped returns the rules that ship, compiled for the catalogue that ships.
func shipped(t testing.TB) *rules.Set {
	t.Helper()
	set, err := rules.Parse("rules.yaml", configFile(t, "rules.yaml"), shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every example of the rules that ship comes out as the file says.
func TestExamplesOfShippedRules(t *testing.T) {
	outcomes := shipped(t).Test()
	if len(outcomes) < 20 {
		t.Fatalf("%d examples", len(outcomes))
	}
	for _, o := range outcomes {
		if !o.Good() {
			t.Errorf("%s, example %d, %+v: want a fault: %v, got %+v (%v)", o.Rule.ID, o.Number, *o.Example, o.Want, o.Fault, o.Err)
		}
		if o.Want && o.Number == len(o.Rule.Pass)+1 && o.Fault != nil {
			t.Log(o.Fault.MessageEN)
		}
	}
}
