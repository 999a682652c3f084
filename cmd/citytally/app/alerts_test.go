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

// documentedLabels returns the labels of every metric.
func documentedLabels(t *testing.T) map[string][]string {
	t.Helper()
	page, err := docs.Page("metrics")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(citytally_\\w+)` \\| ([^|]*) \\|").FindAllStringSubmatch(page, -1) {
		labels[m[1]] = strings.Split(strings.TrimSpace(m[2]), ", ")
	}
	return labels
}

var (
	queriedMetric = regexp.MustCompile(`(citytally_\w+)(?:\{([^}]*)\})?`)
	queriedLabel  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	groupedMetric = regexp.MustCompile(`by \(([\w, ]+)\) \([^)]*?(citytally_\w+)`)
)

// scraped are the labels that Prometheus gives to every metric, and a histogram to its buckets.
var scraped = []string{"instance", "job", "le"}

// checkExpression checks that what a query of Prometheus asks for exists, with the labels that it names.
func checkExpression(t *testing.T, what, expr string, labels map[string][]string) {
	t.Helper()
	has := func(metric, label string) {
		t.Helper()
		if known := labels[metric]; !slices.Contains(known, label) && !slices.Contains(scraped, label) {
			t.Errorf("%s: %s has labels %q, not %s", what, metric, known, label)
		}
	}
	base := func(metric string) string {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if of, ok := strings.CutSuffix(metric, suffix); ok && labels[of] != nil {
				return of
			}
		}
		return metric
	}
	found := queriedMetric.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 {
		t.Errorf("%s asks for no metric of citytally", what)
	}
	for _, m := range found {
		if labels[base(m[1])] == nil {
			t.Errorf("%s: there is no metric %s", what, m[1])
		}
		for _, label := range queriedLabel.FindAllStringSubmatch(m[2], -1) {
			has(base(m[1]), label[1])
		}
	}
	for _, m := range groupedMetric.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(m[1], ", ") {
			has(base(m[2]), label)
		}
	}
}

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
	labels := documentedLabels(t)
	seen := map[string]bool{}
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			if seen[r.Alert] {
				t.Errorf("%s stands there twice", r.Alert)
			}
			seen[r.Alert] = true
			checkExpression(t, r.Alert, r.Expr, labels)
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
