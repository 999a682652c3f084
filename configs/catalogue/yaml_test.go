package catalogue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestYAMLReadsBackAsTheSame(t *testing.T) {
	for _, path := range append(files(t, "testdata/*.good.yaml"), "../catalogue.yaml") {
		c := load(t, path)
		text, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", path, err, text)
			continue
		}
		if diff := cmp.Diff(c, again, cmpopts.IgnoreUnexported(Catalogue{}, Indicator{})); diff != "" {
			t.Errorf("%s differs:\n%s", path, diff)
		}
	}
}
