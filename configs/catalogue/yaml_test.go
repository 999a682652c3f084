package catalogue

import "testing"

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
		for _, d := range Diff(c, again) {
			t.Errorf("%s differs: %+v", path, d)
		}
	}
}
