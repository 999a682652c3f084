package published

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

// Examining the published figures of 2021 gives the findings that are known of them,
// though nothing in the code names an indicator.
//
// Rules: published figures.
func TestExamineThePublishedFiguresOf2021(t *testing.T) {
	c, controls := reference(t)
	var b strings.Builder
	for _, f := range Examine(c, controls) {
		fmt.Fprintf(&b, "%s %s irreproducible=%t\n  %s\n  %s\n", f.Code, f.Indicator, f.Irreproducible, f.ZH, f.EN)
	}
	golden(t, "testdata/published-2021.golden", b.String())
}

func reference(t testing.TB) (*catalogue.Catalogue, []Control) {
	t.Helper()
	c, err := catalogue.Load("../../../configs/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../../configs/sample/published-2021.csv")
	if err != nil {
		t.Fatal(err)
	}
	controls, err := ReadControl("published-2021.csv", bytes.NewReader(text), c)
	if err != nil {
		t.Fatal(err)
	}
	return c, controls
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update writes it:\n%s", path, diff)
	}
}
