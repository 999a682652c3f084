package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCatalogueCheck(t *testing.T) {
	if out := must(t, "catalogue", "check"); !strings.HasPrefix(out, "catalogue is good: 13 areas, 4 datasets, 60 indicators in 13 programmes; version ") {
		t.Errorf("the built-in catalogue: %s", out)
	}
	bad := "../../configs/catalogue/testdata/relations.bad.yaml"
	code, _, stderr := citytally(t, "catalogue", "check", bad)
	for _, want := range []string{": 21 mistakes\n", bad + ":10: indicators[3].unit (per_head)", "goes round in a circle: round → trip → round"} {
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %q is not in\n%s", code, want, stderr)
		}
	}
	if code, _, stderr := citytally(t, "catalogue", "check", "nowhere.yaml"); code != exitUsage || !strings.Contains(stderr, "nowhere.yaml") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestCatalogueShow(t *testing.T) {
	for lang, want := range map[string][]string{
		"zh": {"清江浦区", "单列功能区", "功能区（其中），属 320804", "2016-10-08 起", "320802 320811", "科技创新月报", "期后 10 天", "rd_expenditure / gdp"},
		"en": {"Qingjiangpu District", "zone, carved out", "zone, of which, in 320804", "from 2016-10-08", "monthly science and technology report"},
	} {
		out := must(t, "catalogue", "show", "--lang", lang)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q is not in\n%s", lang, w, out)
			}
		}
	}
	var shown struct {
		Version string
		Areas   []struct{ Code string }
	}
	decode(t, strings.NewReader(must(t, "catalogue", "show", "--format", "json")), &shown)
	if len(shown.Version) != 12 || len(shown.Areas) != 13 {
		t.Errorf("as JSON: %+v", shown)
	}
}

func TestCatalogueDiff(t *testing.T) {
	text := must(t, "catalogue", "show", "--format", "yaml")
	same, other := filepath.Join(t.TempDir(), "same.yaml"), filepath.Join(t.TempDir(), "other.yaml")
	changed := strings.Replace(text, `kind: inside
    host: "320804"`, "kind: carved_out", 1)
	changed = strings.Replace(changed, "change_decimals: 2", "change_decimals: 1", 1)
	if changed == text {
		t.Fatalf("nothing was changed in\n%s", text)
	}
	for path, text := range map[string]string{same: text, other: changed} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := must(t, "catalogue", "diff", same, "--lang", "en"); out != "the catalogues do not differ\n" {
		t.Errorf("a catalogue differs from what it shows:\n%s", out)
	}
	out := must(t, "catalogue", "diff", same, other, "--lang", "en")
	for _, want := range []string{"huaian-hitech-zone  changed kind", "totals change: all sums", "shown otherwise, no figure changes"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var diff struct {
		Differences []struct{ ID, Field, Effect string }
	}
	decode(t, strings.NewReader(must(t, "catalogue", "diff", same, other, "--format", "json")), &diff)
	if len(diff.Differences) != 3 || diff.Differences[0].Effect != "totals_change" {
		t.Errorf("as JSON: %+v", diff)
	}
	if code, _, stderr := citytally(t, "catalogue", "diff", "nowhere.yaml"); code != exitUsage || !strings.Contains(stderr, "FROM") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
