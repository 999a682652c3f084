package app

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/cmd/citytally/docs"
)

// Every metric that an alert asks for exists, with the labels that it names, and every alert says
// in both languages what is wrong, and what to do. promtool has the last word where it is installed.
func TestAlertsNameWhatExists(t *testing.T) {
	const file = "../../../configs/prometheus/alerts.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				For         string            `yaml:"for"`
				Labels      map[string]string `yaml:"labels"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&rules); err != nil {
		t.Fatal(err)
	}
	page, err := docs.Page("metrics")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(citytally_\\w+)` \\| ([^|]*) \\|").FindAllStringSubmatch(page, -1) {
		labels[m[1]] = strings.Split(strings.TrimSpace(m[2]), ", ")
	}
	name := regexp.MustCompile(`(citytally_\w+)(?:\{(\w+))?`)
	by := regexp.MustCompile(`by \(([\w, ]+)\) \([^)]*?(citytally_\w+)`)
	seen := map[string]bool{}
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			if seen[r.Alert] {
				t.Errorf("%s stands there twice", r.Alert)
			}
			seen[r.Alert] = true
			found := name.FindAllStringSubmatch(r.Expr, -1)
			if len(found) == 0 {
				t.Errorf("%s asks for no metric of citytally", r.Alert)
			}
			for _, m := range found {
				if known, ok := labels[m[1]]; !ok {
					t.Errorf("%s: there is no metric %s", r.Alert, m[1])
				} else if m[2] != "" && !slices.Contains(known, m[2]) {
					t.Errorf("%s: %s has labels %q, not %s", r.Alert, m[1], known, m[2])
				}
			}
			for _, m := range by.FindAllStringSubmatch(r.Expr, -1) {
				for label := range strings.SplitSeq(m[1], ", ") {
					if !slices.Contains(labels[m[2]], label) {
						t.Errorf("%s: %s has labels %q, not %s", r.Alert, m[2], labels[m[2]], label)
					}
				}
			}
			if !strings.Contains(r.Annotations["summary"], " / ") || r.Annotations["description"] == "" {
				t.Errorf("%s: want a summary in English and Chinese, and a description", r.Alert)
			}
			if s := r.Labels["severity"]; s != "page" && s != "ticket" {
				t.Errorf("%s: severity %q", r.Alert, s)
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d alerts", len(seen))
	}
	if tool, err := exec.LookPath("promtool"); err == nil {
		if out, err := exec.CommandContext(t.Context(), tool, "check", "rules", file).CombinedOutput(); err != nil {
			t.Errorf("promtool: %v\n%s", err, out)
		}
	}
}
