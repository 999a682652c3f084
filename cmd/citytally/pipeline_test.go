package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/sink/coverage"
)

// A revised figure changes the total, what depends on it, and next year's
// change; every vintage stays; and an accident in ClickHouse is mended by a
// recomputation.
//
// Rules: append-only, revised base.
func TestRevisionFollowsThrough(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	for _, area := range []string{"320803", "320804", "320812", "320813", "320826", "320830", "320831", "320871"} {
		must(t, "submit", "--dir", dir, "--area", area, "--dataset", "sti-annual", csvFile(t, `indicator,period,value
gdp,2020,500
rd_expenditure,2020,10
gdp,2021,600
rd_expenditure,2021,15
`))
	}
	eventually(t, "all areas are in", func() bool {
		total := reported(t, dir, "2021")["rd_intensity"]
		return total.Value == "2.5" && total.Change == "0.5" && total.Coverage.Have == 8
	})
	began := time.Now()
	must(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2020,1500\n"))
	eventually(t, "the revision is seen", func() bool {
		return reported(t, dir, "2020")["gdp"].Value == "5000" && reported(t, dir, "2020")["rd_intensity"].Value == "1.6" &&
			reported(t, dir, "2021")["rd_intensity"].Change == "0.9" && reported(t, dir, "2021")["gdp"].Change == "-4"
	})
	t.Logf("a revision was visible in all its dependents after %s, reports included", time.Since(began))

	// Observations come to ClickHouse by themselves, at times after the total.
	eventually(t, "both vintages of the revised figure are there", func() bool {
		return strings.HasSuffix(must(t, "sql", "--dir", dir, "--format", "csv",
			"SELECT count() FROM observations WHERE indicator = 'gdp' AND period = '2020' AND area = '320812'"), "\n2\n")
	})

	// Someone empties the projection of a total and of observations.
	must(t, "sql", "--write", "--dir", dir, "ALTER TABLE totals_data DELETE WHERE indicator = 'gdp' SETTINGS mutations_sync = 1")
	must(t, "sql", "--write", "--dir", dir, "ALTER TABLE observations_data DELETE WHERE area = '320830' SETTINGS mutations_sync = 1")
	var run struct {
		Changed, Cells int
		Missing        int `json:"observations_missing"`
		Healed         bool
		Problem        string
	}
	decode(t, strings.NewReader(must(t, "recompute", "--dir", dir, "--format", "json")), &run)
	if run.Changed != 0 || run.Missing != 4 || !run.Healed || !strings.Contains(run.Problem, "ClickHouse lacked 4 observations that the log holds; 320830 sti-annual gdp 2020: of the observations, ClickHouse lacks 1") {
		t.Errorf("recomputation = %+v; want 4 observations and the totals brought back from the log, and no total computed anew", run)
	}
	eventually(t, "what was missing is back", func() bool {
		return reported(t, dir, "2021")["gdp"].Value == "4800" &&
			strings.HasSuffix(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT count() FROM observations WHERE area = '320830'"), "\n4\n")
	})
	decode(t, strings.NewReader(must(t, "recompute", "--dir", dir, "--format", "json")), &run)
	if run.Changed != 0 || run.Missing != 0 {
		t.Errorf("a second recomputation still finds %+v", run)
	}
	p.stop(t, syscall.SIGTERM)
	if !strings.Contains(p.output.String(), "citytally stopped") {
		t.Errorf("no graceful stop:\n%s", p.output)
	}
}

func csvFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "figures.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Anyone with the broker's credentials may publish the same JSON directly; it is
// handled alike.
func TestDirectPublishing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	nc := connectAs(t, dir, access.Gateway)
	ack, err := nc.Request("submissions.320812.sti-annual", []byte(`{"area":"320812","dataset":"sti-annual","observations":[
		{"indicator":"hnte_valid","period":"2021","value":"120","unit":"家","stage":"estimate","status":"A","qualifier":"","note":""},
		{"indicator":"hnte_valid","period":"2020","value":110}]}`), 10*time.Second)
	if err != nil || strings.Contains(string(ack.Data), "error") {
		t.Fatalf("publish: %v %s", err, ack.Data)
	}
	eventually(t, "the total follows", func() bool {
		total := reported(t, dir, "2021")["hnte_valid"]
		return total.Value == "120" && total.Stage == "estimate" && total.Coverage.Have == 1 && len(total.Coverage.Missing) == 7
	})
}

// A published period is locked: a change needs a reason from then on, and a
// figure goes back to an earlier stage only where it was reopened.
func TestLockAndReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	submit := func(rows string, extra ...string) (code int) {
		args := append([]string{"submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual"}, extra...)
		code, _, _ = citytally(t, append(args, csvFile(t, "indicator,period,value,stage\n"+rows))...)
		return code
	}
	if code := submit("gdp,2021,100,final\n"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if out := must(t, "lock", "--dir", dir, "--period", "2021", "--reason", "published"); !strings.Contains(out, "published") {
		t.Errorf("lock says %q", out)
	}
	value := 200 // another each time: content that was accepted once is known
	eventually(t, "the lock is in force", func() bool {
		value++
		return submit(fmt.Sprintf("gdp,2021,%d,final\n", value)) == exitRefused
	})
	if code := submit("gdp,2021,102,final\n", "--reason", "census"); code != exitRefused {
		t.Errorf("a revision with a reason, which is held: exit code %d", code)
	}
	eventually(t, "the report says what is held", func() bool {
		return strings.Contains(must(t, "report", "--dir", dir, "--period", "2021", "--lang", "zh"), "1项待核实（清江浦区）：不含为")
	})
	var held inquiry.Holds
	if err := json.Unmarshal([]byte(must(t, "hold", "list", "--dir", dir, "--format", "json")), &held); err != nil || len(held.Holds) != 1 || held.Holds[0].Value != "102" {
		t.Fatalf("held: %+v, %v", held, err)
	}
	id := held.Holds[0].ID
	for _, wrong := range [][]string{{"release", "9.9", "--reason", "x"}, {"refuse", id}, {"explain", id, "--text", " "}} {
		if code, _, stderr := citytally(t, append([]string{"hold", wrong[0], "--dir", dir}, wrong[1:]...)...); code != exitRefused || !strings.Contains(stderr, "HOLD_") {
			t.Errorf("hold %v: exit code %d, %s", wrong, code, stderr)
		}
	}
	must(t, "hold", "explain", "--dir", dir, id, "--text", "by the census")
	if out := must(t, "hold", "release", "--dir", dir, id, "--reason", "as agreed", "--lang", "en"); !strings.Contains(out, "released") {
		t.Errorf("release says %q", out)
	}
	if out := must(t, "hold", "show", "--dir", dir, id, "--lang", "en"); !strings.Contains(out, "LOCKED_REVISION") || !strings.Contains(out, ": by the census") || !strings.Contains(out, ": as agreed") {
		t.Errorf("show says %q", out)
	}
	if out := must(t, "explain", "gdp", "--dir", dir, "--period", "2021", "--lang", "en"); !strings.Contains(out, id+"  ") || !strings.Contains(out, ": as agreed") {
		t.Errorf("explain says %q", out)
	}
	eventually(t, "the total follows, and ClickHouse has what was said", func() bool {
		return reported(t, dir, "2021")["gdp"].Value == "102" &&
			strings.Contains(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT id, state, explanation, decision FROM holds"), id+",released,by the census,as agreed")
	})
	must(t, "unlock", "--dir", dir, "--period", "2021", "--reason", "census")
	must(t, "reopen", "--dir", dir, "--period", "2021", "--area", "320812", "--indicator", "gdp", "--reason", "computed anew")
	eventually(t, "the figure begins again", func() bool { return submit("gdp,2021,90,estimate\n") == 0 })
	eventually(t, "the total and the latest observation follow", func() bool {
		total := reported(t, dir, "2021")["gdp"]
		return total.Value == "90" && total.Stage == "estimate" &&
			strings.Contains(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT value, epoch FROM observations_latest WHERE indicator = 'gdp'"), "90,1")
	})
	if code, _, stderr := citytally(t, "lock", "--dir", dir, "--period", "2021"); code != exitUsage || !strings.Contains(stderr, "reason") {
		t.Errorf("a lock without a reason: exit code %d, %s", code, stderr)
	}
}

// Another city is a catalogue file: three areas, four indicators, no code.
func TestAnotherCityIsYAMLOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	settings := filepath.Join(dir, "citytally.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("catalogue.yaml", `city: "100"
programmes: [{id: main, name_zh: 主要指标, name_en: Main}]
areas:
  - {code: "100", name_zh: 某市, name_en: Somewhere, kind: city}
  - {code: "101", name_zh: 东区, name_en: East, kind: district}
  - {code: "102", name_zh: 西区, name_en: West, kind: district}
datasets: [{id: yearly, name_zh: 年报, name_en: Yearly, periods: [year]}]
indicators:
  - {id: output, name_zh: 产值, name_en: Output, programme: main, unit: 亿元, datasets: [yearly]}
  - {id: people, name_zh: 人数, name_en: People, programme: main, unit: 万人, kind: stock, datasets: [yearly]}
  - {id: output_per_person, name_zh: 人均产值, name_en: Output per person, programme: main, unit: 亿元/万人, kind: ratio, numerator: output, denominator: people}
  - {id: rank, name_zh: 排名, name_en: Rank, programme: main, unit: 位, kind: stock, city_total: city, datasets: [yearly]}
`)
	write("citytally.yaml", fmt.Sprintf("catalogue: %q\n", filepath.Join(dir, "catalogue.yaml")))
	must(t, "config", "check", settings)
	p := startRun(t, filepath.Join(dir, "data"), "--config", settings)
	defer p.stop(t, syscall.SIGTERM)
	dataDir := filepath.Join(dir, "data")
	for area, rows := range map[string]string{"101": "output,2021,30\npeople,2021,10\n", "102": "output,2021,10\npeople,2021,6\n", "100": "rank,2021,7\n"} {
		must(t, "submit", "--config", settings, "--dir", dataDir, "--area", area, "--dataset", "yearly", csvFile(t, "indicator,period,value\n"+rows))
	}
	eventually(t, "the city's totals", func() bool {
		totals := reported(t, dataDir, "2021")
		return totals["output"].Value == "40" && totals["output_per_person"].Value == "2.5" && totals["rank"].Value == "7"
	})
}

// Bad rows are told apart from good ones, and the command says so by its exit
// code.
func TestSubmitTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	file := csvFile(t, "indicator,period,value\nhnte_valid,2021,120\nhnte_vaild,2021,1\ngdp,2021,一百\n")
	code, out, _ := citytally(t, "submit", "--dir", dir, "--lang", "zh", "--area", "320812", "--dataset", "sti-annual", "--dry-run", file)
	if code != exitRefused || !strings.Contains(out, "随之变动的全市数") || !strings.Contains(out, "有效高新技术企业 2021年") || !strings.Contains(out, "未存储任何数据") {
		t.Errorf("dry run: exit code %d\n%s", code, out)
	}
	for lang, want := range map[string][]string{
		"en": {"partly accepted", "3 rows", "1 of 3 rows", `did you mean "hnte_valid"?`, "not a number"},
		"zh": {"部分采用", "采用 1 行，共 3 行", `是否应为“有效高新技术企业”？`, "不是数字"},
	} {
		code, out, _ := citytally(t, "submit", "--dir", dir, "--lang", lang, "--area", "320812", "--dataset", "sti-annual", file)
		if code != exitRefused {
			t.Errorf("exit code %d, want %d", code, exitRefused)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", lang, w, out)
			}
		}
	}
	folder := t.TempDir()
	for name, text := range map[string]string{"a.csv": "nothing readable\n1\n", "b.csv": "indicator,period,value\nhnte_valid,2019,7\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, progress := citytally(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual", filepath.Join(folder, "*.csv"))
	if code != exitRefused || !strings.Contains(out, "b.csv") || !strings.Contains(progress, "1/2 ") || !strings.Contains(progress, "a.csv: ") {
		t.Errorf("two files, of which one is refused: exit code %d\n%s\n%s", code, out, progress)
	}
	id := regexp.MustCompile(`[0-9a-f]{32}`).FindString(out)
	if out := must(t, "receipt", id, "--dir", dir, "--area", "320812"); !strings.Contains(out, id) || !strings.Contains(out, "1 of 1 rows") {
		t.Errorf("receipt:\n%s", out)
	}
	if code, _, stderr := citytally(t, "submit", "--dir", dir, "--area", "320812", filepath.Join(folder, "*.xlsx")); code != exitUsage || !strings.Contains(stderr, "no file matches") {
		t.Errorf("no such file: exit code %d, %s", code, stderr)
	}
	form := filepath.Join(t.TempDir(), "form.csv")
	must(t, "template", "sti-annual", "--dir", dir, "--area", "320812", "--period", "2022", "--format", "csv", "--output", form)
	if text, err := os.ReadFile(form); err != nil || !strings.Contains(string(text), "320812,sti-annual,2022,hnte_valid,有效高新技术企业") || !strings.Contains(string(text), "120 final") {
		t.Errorf("form: %v\n%s", err, text)
	}
	code, _, stderr := citytally(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "nonsense", file)
	if code != exitRefused || !strings.Contains(stderr, "nonsense") || !strings.Contains(stderr, "sti-annual") {
		t.Errorf("unknown dataset: exit code %d, %s", code, stderr)
	}
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := token.Load(filepath.Join(dir, "tokens.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.HTTP+"/v1/calendar.ics", nil)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := tokens.Plain("320812")
	request.SetBasicAuth("", secret)
	feed, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Body.Close()
	if events, err := ics.ParseCalendar(feed.Body); err != nil || len(events.Events()) < 10 || feed.StatusCode != http.StatusOK {
		t.Errorf("the feed: %s, %v", feed.Status, err)
	}
	answer, err := http.Post(i.HTTP+"/v1/submissions", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var problem map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&problem); err != nil || answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("without a token: %s, %v, %v", answer.Status, problem, err)
	}
	var s present.Status
	eventually(t, "status shows the submission in ClickHouse", func() bool {
		decode(t, strings.NewReader(must(t, "status", "--dir", dir, "--format", "json")), &s)
		return s.Tables["submissions"] > 0
	})
	var rows []coverage.Row
	decode(t, strings.NewReader(must(t, "coverage", "--dir", dir, "--period", "2021", "--area", "320812", "--format", "json")), &rows)
	if len(rows) != 1 || rows[0].State != coverage.Overdue || rows[0].Received != 1 || rows[0].Refused != 1 || rows[0].Owed < 30 {
		t.Errorf("coverage = %+v", rows)
	}
	if len(s.Streams) != len(stream.Names()) || s.Problem != "" {
		t.Errorf("status = %+v", s)
	}
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"report", "--period", "2021", "--dir", dir}, exitAbsent, "citytally run --dir " + dir},
		{[]string{"report", "--period", "soon", "--dir", dir}, exitUsage, "not a period"},
		{[]string{"report", "--dir", dir}, exitUsage, "no period"},
		{[]string{"nonsense"}, exitUsage, `unknown command "nonsense"`},
		{[]string{"run", "--only", "everything", "--dir", dir}, exitUsage, "--only: want ingest, collect, transform, sink, schedule"},
		{[]string{"run", "--nats-port", "x"}, exitUsage, "--nats-port"},
		{[]string{"submit"}, exitUsage, "submit --help"},
		{[]string{"sql", "--dir", dir}, exitUsage, "no query"},
	} {
		code, _, stderr := citytally(t, test.args...)
		if code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("%v: exit code %d, %q; want %d, %q", test.args, code, stderr, test.code, test.says)
		}
	}
}

// A statement that would change something is refused unless it may; settings stay free.
func TestSQLReadsUnlessToldToWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	for _, statement := range []string{"DROP VIEW totals_latest", "INSERT INTO runs_data (id) VALUES ('x')", "ALTER TABLE observations_data DELETE WHERE true", "SELECT 1 SETTINGS readonly = 0"} {
		if code, _, stderr := citytally(t, "sql", "--dir", dir, statement); code != exitUsage || !strings.Contains(stderr, "--write") {
			t.Errorf("%s: exit code %d, %s", statement, code, stderr)
		}
	}
	must(t, "sql", "--dir", dir, "-- as the documentation prints it\nSELECT count() FROM totals_latest SETTINGS max_threads = 1")
	must(t, "sql", "--write", "--dir", dir, "DROP VIEW totals_latest")
	eventually(t, "the view is there again", func() bool {
		code, _, _ := citytally(t, "sql", "--dir", dir, "SELECT count() FROM totals_latest")
		return code == 0
	})
}
