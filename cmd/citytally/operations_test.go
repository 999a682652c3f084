package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/docs"
	"github.com/citytally/citytally/cmd/citytally/present"
)

// ask returns the status and the body of a path at the operations listener.
func ask(t testing.TB, dir, path string) (status int, body string) {
	t.Helper()
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	return get(t, i.Operations+path)
}

func get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// readiness asks which parts are ready, and why others are not.
func readiness(t testing.TB, dir string) (ready bool, parts map[string]present.Part) {
	t.Helper()
	status, body := ask(t, dir, "/readyz")
	var told struct {
		Ready bool
		Parts []present.Part
	}
	if err := json.Unmarshal([]byte(body), &told); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if told.Ready != (status == http.StatusOK) {
		t.Errorf("status %d, but %s", status, body)
	}
	parts = map[string]present.Part{}
	for _, p := range told.Parts {
		parts[p.Part] = p
	}
	return told.Ready, parts
}

// metric returns the value of a sample, such as
// citytally_sink_rows_total{stream="ACCEPTED"}; 0 where there is none.
func metric(t testing.TB, dir, sample string) float64 {
	t.Helper()
	_, body := ask(t, dir, "/metrics")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	name, labels, _ := strings.Cut(strings.TrimSuffix(sample, "}"), "{")
	for _, m := range families[name].GetMetric() {
		var have []string
		for _, l := range m.GetLabel() {
			have = append(have, l.GetName()+`="`+l.GetValue()+`"`)
		}
		if strings.Join(have, ",") == labels {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return 0
}

func TestOperationsTellTheTruth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	eventually(t, "everything is ready", func() bool { ready, _ := readiness(t, dir); return ready })
	_, parts := readiness(t, dir)
	for _, part := range []string{"broker", "clickhouse", "ledger", "tally", "gateway", "sink", "schedule"} {
		if !parts[part].Ready {
			t.Errorf("part %s: %+v", part, parts[part])
		}
	}
	if status, body := ask(t, dir, "/healthz"); status != http.StatusOK || !strings.Contains(body, `"alive":true`) {
		t.Errorf("healthz: %d %s", status, body)
	}
	if status, _ := ask(t, dir, "/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("profiles without being asked for: %d", status)
	}

	must(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2021,600\nrd_expenditure,2021,15\n"))
	// Two rows say which catalogue and which rules were put in force.
	eventually(t, "the rows are in", func() bool { return metric(t, dir, `citytally_sink_rows_total{stream="ACCEPTED"}`) == 4 })
	eventually(t, "the totals are in", func() bool { return metric(t, dir, `citytally_sink_batch_rows{stream="TOTALS"}`) >= 1 })
	for sample, want := range map[string]float64{
		`citytally_gateway_submissions_total{area="320812",dataset="sti-annual",result="stored"}`:     1,
		`citytally_gateway_rows_total{area="320812",dataset="sti-annual"}`:                            2,
		`citytally_validate_submissions_total{area="320812",dataset="sti-annual",outcome="accepted"}`: 1,
		`citytally_validate_rows_total{area="320812",dataset="sti-annual",outcome="accepted"}`:        2,
		`citytally_gateway_requests_total{route="POST /v1/submissions",status="200"}`:                 1,
		`citytally_ledger_cells`:                                                          2,
		`citytally_stream_messages{stream="SUBMISSIONS"}`:                                 1,
		`citytally_consumer_pending_messages{consumer="sink-accepted",stream="ACCEPTED"}`: 0,
		`citytally_broker_up`:                                                             1,
	} {
		if got := metric(t, dir, sample); got != want {
			t.Errorf("%s is %v, want %v", sample, got, want)
		}
	}

	// A table is gone: the sink waits, and says so.
	must(t, "sql", "--write", "--dir", dir, "RENAME TABLE observations_data TO gone")
	must(t, "submit", "--dir", dir, "--area", "320804", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2021,500\n"))
	eventually(t, "the sink is not ready", func() bool { _, parts := readiness(t, dir); return !parts["sink"].Ready })
	if _, parts := readiness(t, dir); !strings.Contains(parts["sink"].Why, "ACCEPTED waits") || !parts["broker"].Ready {
		t.Errorf("parts: %+v", parts)
	}
	if metric(t, dir, `citytally_sink_paused{stream="ACCEPTED"}`) != 1 || metric(t, dir, `citytally_sink_retries_total{stream="ACCEPTED"}`) == 0 {
		t.Error("the metrics do not show the pause")
	}
	var s present.Status
	decode(t, strings.NewReader(must(t, "status", "--dir", dir, "--format", "json")), &s)
	stuck := false
	for _, m := range s.Waiting {
		stuck = stuck || m.For == "insert" && m.Area == "320804" && m.Dataset == "sti-annual" && m.AgeSeconds > 0
	}
	if !stuck {
		t.Errorf("status does not say that the submission of 320804 waits for its insert: %+v", s.Waiting)
	}
	table := must(t, "status", "--dir", dir)
	for _, told := range []string{"NOT READY: sink: ACCEPTED waits: a table or a column is missing or altered", "ClickHouse: count rows: code: 60", s.Waiting[0].Submission, s.Process.Confinement} {
		if told == "" || !strings.Contains(table, told) || strings.Contains(table, "SELECT") {
			t.Errorf("the table does not say %q, or says too much:\n%s", told, table)
		}
	}
	must(t, "sql", "--write", "--dir", dir, "RENAME TABLE gone TO observations_data")
	eventually(t, "the sink is ready again", func() bool { ready, _ := readiness(t, dir); return ready })

	p.stop(t, syscall.SIGTERM)
	for _, stage := range app.Stages() {
		for _, event := range []string{"start", "ready", "drained", "stopped"} {
			if n := strings.Count(p.output.String(), `"stage":"`+stage+`","event":"`+event+`"`); n != 1 {
				t.Errorf("%d lines say that stage %s has got to %s, want 1", n, stage, event)
			}
		}
	}
}

// A stage that runs alone tells of itself only.
func TestOperationsOfOneStage(t *testing.T) {
	dir := t.TempDir()
	startRun(t, dir, "--only", app.StageSchedule)
	eventually(t, "the scheduler is ready", func() bool { ready, _ := readiness(t, dir); return ready })
	if _, parts := readiness(t, dir); len(parts) != 4 || !parts["broker"].Ready || !parts["log"].Ready || !parts["work"].Ready || !parts[app.StageSchedule].Ready {
		t.Errorf("parts: %+v", parts)
	}
	if _, body := ask(t, dir, "/metrics"); strings.Contains(body, "citytally_sink_") || !strings.Contains(body, "citytally_broker_up 1") {
		t.Errorf("metrics of a scheduler:\n%s", body)
	}
}

func TestMetricsArePrinted(t *testing.T) {
	table, err := docs.Page("metrics")
	if printed := must(t, "metrics"); err != nil || printed != table {
		t.Errorf("%v, citytally metrics prints:\n%s", err, printed)
	}
}

// status --watch says where nothing answers, and goes on when the program, with another broker and other
// ports, is there again.
func TestStatusWatchGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	ready(t, dir)
	watching := start(t, nil, "status", "--watch", "--dir", dir, "--lang", "zh")
	defer watching.stop(t, syscall.SIGTERM)
	told := 0
	says := func(what string) {
		t.Helper()
		eventually(t, "it says "+what, func() bool {
			text := watching.output.String()[told:]
			at := strings.Index(text, what)
			if at >= 0 {
				told += at + len(what)
			}
			return at >= 0
		})
	}
	says("SUBMISSIONS")
	p.stop(t, syscall.SIGTERM)
	says("无法显示：broker：没有 citytally 在此运行")
	p = startRun(t, dir)
	defer func() { p.stop(t, syscall.SIGTERM) }()
	says("SUBMISSIONS")
}
