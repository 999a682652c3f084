package app

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/docs"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/transform"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew")

// collecting is a registry that keeps what is registered with it.
type collecting struct {
	*prometheus.Registry
	all []prometheus.Collector
}

func (c *collecting) Register(one prometheus.Collector) error {
	c.all = append(c.all, one)
	return c.Registry.Register(one)
}

func (c *collecting) MustRegister(some ...prometheus.Collector) {
	for _, one := range some {
		if err := c.Register(one); err != nil {
			panic(err)
		}
	}
}

// registered registers everything that a pipeline with all stages does.
func registered(t *testing.T) *collecting {
	t.Helper()
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := configs.Default().LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	r := &collecting{Registry: prometheus.NewPedanticRegistry()}
	watchProcess(r)
	all := newInstruments(r, func(string) bool { return true })
	watchLog(r, log, zerolog.Nop())
	watchEngine(r, &chdb.Server{})
	watchDivergences(r, func() int { return 0 })
	r.MustRegister(&health{})
	snapshots, err := openSnapshots(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transform.New(log, catalogue, nil, transform.DefaultConfig(), zerolog.Nop(), nil, transform.WithMetrics(all.transform), transform.WithSnapshots(snapshots)); err != nil {
		t.Fatal(err)
	}
	return r
}

// descriptor matches the text of a descriptor, the only form in which the library
// gives out its fields.
var descriptor = regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "((?:[^"\\]|\\.)*)", (?:unit: "[^"]*", )?constLabels: \{([^}]*)\}, variableLabels: \{([^}]*)\}\}$`)

// metricsDocument returns the table of the metrics that are registered.
func metricsDocument(t *testing.T, r *collecting) string {
	t.Helper()
	var rows []string
	for _, c := range r.all {
		descs := make(chan *prometheus.Desc)
		go func() { c.Describe(descs); close(descs) }()
		for d := range descs {
			m := descriptor.FindStringSubmatch(d.String())
			if m == nil {
				t.Fatalf("%s: not a descriptor as it used to be written", d)
			}
			name, help, labels := m[1], m[2], strings.ReplaceAll(m[4], ",", ", ")
			if constant, _, ok := strings.Cut(m[3], "="); ok {
				labels = constant
			}
			if strings.HasPrefix(name, "citytally_") {
				rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", name, labels, help))
			}
		}
	}
	slices.Sort(rows)
	return "| metric | labels | meaning |\n|---|---|---|\n" + strings.Join(slices.Compact(rows), "")
}

func TestEveryMetricIsDocumented(t *testing.T) {
	got := metricsDocument(t, registered(t))
	if *update {
		if err := os.WriteFile("../docs/metrics.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	documented, err := docs.Page("metrics")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(documented, got); diff != "" {
		t.Errorf("metrics.md and what is registered differ (-documented +registered), -update writes it:\n%s", diff)
	}
}

// Names and help follow what Prometheus asks of them.
func TestMetricsFollowConventions(t *testing.T) {
	r := registered(t)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	ours := slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return !strings.HasPrefix(f.GetName(), "citytally_") })
	problems, err := promlint.NewWithMetricFamilies(ours).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
