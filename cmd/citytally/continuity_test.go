package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/stream"
)

// push submits a figure of gdp 2021 for the area, as soon as the gateway is ready.
func push(t testing.TB, dir, area string, value int) {
	t.Helper()
	file := csvFile(t, fmt.Sprintf("indicator,period,value\ngdp,2021,%d\n", value))
	eventually(t, "the gateway takes the figure", func() bool {
		code, _, _ := citytally(t, "submit", "--dir", dir, "--wait", "0", "--area", area, "--dataset", "sti-annual", file)
		return code == 0
	})
}

// diverged waits until the readiness of the log tells of a divergence, and returns it.
func diverged(t testing.TB, dir string) (why string) {
	t.Helper()
	eventually(t, "the divergence is told", func() bool {
		_, parts := readiness(t, dir)
		why = parts["log"].Why
		return why != ""
	})
	return why
}

// ready waits until every stage works. A sink that has not begun has no consumers, and
// settled would not wait for it.
func ready(t testing.TB, dir string) {
	t.Helper()
	var parts map[string]present.Part
	defer func() {
		if t.Failed() {
			t.Logf("not ready: %+v", parts)
		}
	}()
	eventually(t, "everything is ready", func() (ready bool) { ready, parts = readiness(t, dir); return ready })
}

func copyDir(t testing.TB, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// restarted runs what is to be done while the pipeline stands still.
func restarted(t testing.TB, dir string, p *program, meanwhile func()) *program {
	t.Helper()
	ready(t, dir)
	settled(t, attach(t, dir))
	p.stop(t, syscall.SIGTERM)
	meanwhile()
	return startRun(t, dir)
}

// An older copy of the broker's data, put back, is told with the side that is richer. Nothing is taken
// in, nothing in ClickHouse is overwritten or dropped, and once a person has decided, ClickHouse shows
// what the log holds.
func TestOlderBrokerDataIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := filepath.Join(t.TempDir(), "nats")
	p := startRun(t, dir)
	push(t, dir, "320812", 100)
	p = restarted(t, dir, p, func() { copyDir(t, filepath.Join(dir, "nats"), kept) })
	for _, value := range []int{200, 300, 400} {
		push(t, dir, "320812", value)
	}
	p = restarted(t, dir, p, func() { copyDir(t, kept, filepath.Join(dir, "nats")) })
	defer func() { p.stop(t, syscall.SIGTERM) }()

	why := diverged(t, dir)
	for _, say := range []string{"the log is the poorer side", "citytally replay --into clickhouse --discard-newer"} {
		if !strings.Contains(why, say) {
			t.Errorf("told %q, want %q in it", why, say)
		}
	}
	before := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT sequence, value FROM observations ORDER BY sequence")
	file := csvFile(t, "indicator,period,value\ngdp,2021,7\n")
	if code, _, stderr := citytally(t, "submit", "--dir", dir, "--wait", "0", "--area", "320804", "--dataset", "sti-annual", file); code == 0 || !strings.Contains(stderr, "nothing was stored") {
		t.Errorf("a submission meanwhile: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := citytally(t, "lock", "--period", "2021", "--reason", "年报已定", "--dir", dir, "--lang", "zh"); code == 0 || !strings.Contains(stderr, "处理之前不再写入日志") || !strings.Contains(stderr, "--discard-newer") {
		t.Errorf("a decision meanwhile: exit code %d, %s", code, stderr)
	}
	if diff := cmp.Diff(before, must(t, "sql", "--dir", dir, "--format", "csv", "SELECT sequence, value FROM observations ORDER BY sequence")); diff != "" {
		t.Errorf("ClickHouse was written to meanwhile (-before +after)\n%s", diff)
	}
	var lost []string
	for line := range strings.Lines(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT id FROM submissions WHERE sequence > 1")) {
		if id := strings.TrimSpace(line); id != "id" {
			lost = append(lost, id)
		}
	}
	if code, _, stderr := citytally(t, "replay", "--into", "clickhouse", "--dir", dir); code != exitUsage || !strings.Contains(stderr, "--discard-newer") || len(lost) != 3 || !containsAll(stderr, lost...) {
		t.Errorf("without --discard-newer: exit code %d, want %q named: %s", code, lost, stderr)
	}
	if code, _, stderr := citytally(t, "replay", "--into", "clickhouse", "--discard-newer", "--dir", dir); code != 0 || !containsAll(stderr, lost...) {
		t.Errorf("with --discard-newer: exit code %d, want %q named: %s", code, lost, stderr)
	}
	ready(t, dir)
	push(t, dir, "320804", 7)
	push(t, dir, "320813", 8)
	settled(t, attach(t, dir))
	if got := reported(t, dir, "2021")["gdp"]; got.Value != "115" {
		t.Errorf("gdp is %s, want 115: what the log holds", got.Value)
	}
	if out := must(t, "recompute", "--dir", dir, "--format", "json"); !strings.Contains(out, `"changed": 0`) {
		t.Errorf("a recomputation still changes something: %s", out)
	}
}

// While SUBMISSIONS has lost its end, nothing gets the places of what it has lost, whichever way it comes:
// it is refused, or waits in DIRECT. Once a person has accepted the loss, the places are marked, and what
// comes is behind them; verdicts, figures and the books are as they were.
func TestLostSubmissionsAreNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := filepath.Join(t.TempDir(), "submissions")
	p := startRun(t, dir)
	push(t, dir, "320812", 100)
	p = restarted(t, dir, p, func() { copyDir(t, streamDir(t, dir, stream.Submissions), kept) })
	push(t, dir, "320804", 11)
	push(t, dir, "320813", 5)
	settled(t, attach(t, dir))
	lost := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT id, area FROM submissions WHERE sequence > 1 ORDER BY sequence")
	p = restarted(t, dir, p, func() { copyDir(t, kept, streamDir(t, dir, stream.Submissions)) })
	defer func() { p.stop(t, syscall.SIGTERM) }()

	if why := diverged(t, dir); !strings.Contains(why, "SUBMISSIONS ends at message 1") || !strings.Contains(why, "nothing is taken in") || !strings.HasSuffix(why, "citytally replay --from submissions") {
		t.Errorf("told %q", why)
	}
	file := csvFile(t, "indicator,period,value\ngdp,2021,7\n")
	submit := []string{"submit", "--dir", dir, "--wait", "0", "--area", "320826", "--dataset", "sti-annual", file}
	for lang, say := range map[string]string{"en": "the places of what SUBMISSIONS has lost", "zh": "服务器的数据（SUBMISSIONS）缺失了末尾部分"} {
		if code, _, stderr := citytally(t, append(submit, "--lang", lang)...); code == 0 || !strings.Contains(stderr, say) {
			t.Errorf("a submission meanwhile: exit code %d, %s", code, stderr)
		}
	}
	js, err := jetstream.New(connectAs(t, dir, access.Repair))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "direct.320830.sti-annual", []byte(`{"observations":[{"indicator":"gdp","period":"2021","value":"3"}]}`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what came into DIRECT waits there", func() bool {
		position, err := attach(t, dir).Position(t.Context(), stream.Direct, "direct")
		return err == nil && position.Delivered == 1
	})
	if last, err := attach(t, dir).LastSequence(t.Context(), stream.Submissions); err != nil || last != 1 {
		t.Errorf("SUBMISSIONS ends at %d, %v; want 1, where it was cut", last, err)
	}

	if out := must(t, "replay", "--from", "submissions", "--dir", dir, "--format", "json"); !strings.Contains(out, `"filled": 2`) {
		t.Errorf("restored: %s", out)
	}
	ready(t, dir)
	push(t, dir, "320826", 7)
	settled(t, attach(t, dir))
	if got := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT id, area FROM submissions WHERE sequence IN (2, 3) ORDER BY sequence"); got != lost {
		t.Errorf("at the lost places ClickHouse shows\n%swant\n%s", got, lost)
	}
	if got := reported(t, dir, "2021")["gdp"]; got.Value != "126" {
		t.Errorf("gdp is %s, want 126: what was accepted, and what came after", got.Value)
	}
	if out := must(t, "recompute", "--dir", dir, "--format", "json"); !strings.Contains(out, `"changed": 0`) {
		t.Errorf("a recomputation changes something: %s", out)
	}
	if out := must(t, "status", "--dir", dir); !strings.Contains(out, "balanced: yes") {
		t.Errorf("the books do not balance:\n%s", out)
	}
	for line := range strings.Lines(lost) {
		if id, area, _ := strings.Cut(strings.TrimSpace(line), ","); id != "id" {
			if receipt := must(t, "receipt", id, "--dir", dir, "--area", area, "--wait", "0", "--lang", "en"); !strings.Contains(receipt, "1 of 1 rows") {
				t.Errorf("the receipt of %s: %s", id, receipt)
			}
			if file := must(t, "original", id, "--dir", dir, "--area", area); !strings.HasPrefix(file, "indicator,period,value\ngdp,2021,") {
				t.Errorf("the file of %s: %q", id, file)
			}
		}
	}
	p.stop(t, syscall.SIGTERM)
	p = startRun(t, dir)
	ready(t, dir)
}

// Verdicts that the log has lost come back from ClickHouse's copy, which is not dropped before: what
// was rejected stays rejected, receipts say what they said, and the books balance.
func TestVerdictsComeBackFromClickHouse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	push(t, dir, "320812", 100)
	file := csvFile(t, "indicator,period,value\ngdp,2021,11\nnot_in_the_catalogue,2021,1\n")
	citytally(t, "submit", "--dir", dir, "--wait", "20s", "--area", "320804", "--dataset", "sti-annual", file)
	file = csvFile(t, "indicator,period,value\nnot_in_the_catalogue,2021,1\n")
	citytally(t, "submit", "--dir", dir, "--wait", "20s", "--area", "320813", "--dataset", "sti-annual", file)
	const decided = "SELECT id, outcome, rows, accepted, held, rejected, decided_at FROM submissions ORDER BY sequence"
	var before string
	p = restarted(t, dir, p, func() {})
	before = must(t, "sql", "--dir", dir, "--format", "csv", decided)
	findings := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT * FROM findings ORDER BY ALL")
	p = restarted(t, dir, p, func() { removeStream(t, dir, stream.Verdicts) })
	defer func() { p.stop(t, syscall.SIGTERM) }()

	if why := diverged(t, dir); !strings.Contains(why, "VERDICTS was lost") || !strings.Contains(why, "citytally replay --from submissions") || strings.Contains(why, "discard") {
		t.Errorf("told %q", why)
	}
	if out := must(t, "status", "--dir", dir); !strings.Contains(out, "balanced: NOT KNOWN") {
		t.Errorf("status calls the books balanced:\n%s", out)
	}
	if code, _, stderr := citytally(t, "replay", "--into", "clickhouse", "--discard-newer", "--dir", dir); code != exitUsage || !strings.Contains(stderr, "--from submissions") {
		t.Errorf("the only copy is dropped: exit code %d, %s", code, stderr)
	}
	push(t, dir, "320826", 5)
	if out := must(t, "replay", "--from", "submissions", "--dir", dir, "--format", "json"); !strings.Contains(out, `"verdicts": 3`) || !strings.Contains(out, `"derived": 0`) {
		t.Errorf("restored: %s", out)
	}
	ready(t, dir)
	settled(t, attach(t, dir))
	if out := must(t, "recompute", "--dir", dir, "--format", "json"); !strings.Contains(out, `"changed": 0`) || !strings.Contains(out, `"problem": ""`) {
		t.Errorf("a recomputation still changes something: %s", out)
	}
	if out := must(t, "status", "--dir", dir); !strings.Contains(out, "balanced: yes") {
		t.Errorf("the books do not balance:\n%s", out)
	}
	after := must(t, "sql", "--dir", dir, "--format", "csv", decided)
	if !strings.HasPrefix(after, before) || strings.Count(after, "\n") != strings.Count(before, "\n")+1 {
		t.Errorf("verdicts before:\n%safter:\n%s", before, after)
	}
	if diff := cmp.Diff(findings, must(t, "sql", "--dir", dir, "--format", "csv", "SELECT * FROM findings ORDER BY ALL")); diff != "" {
		t.Errorf("findings (-before +after)\n%s", diff)
	}
	for line := range strings.Lines(before) {
		fields := strings.Split(line, ",")
		if fields[0] == "id" {
			continue
		}
		told := map[string]string{"accepted": "1 of 1 rows", "partial": "partly accepted", "rejected": "0 of 1 rows"}[fields[1]]
		if _, receipt, _ := citytally(t, "receipt", fields[0], "--dir", dir, "--area", "*", "--wait", "0", "--lang", "en"); !strings.Contains(receipt, told) {
			t.Errorf("the receipt of %s lacks %q: %s", fields[0], told, receipt)
		}
	}
}

// Accepted figures that are lost come back from the submissions; until then nothing is
// judged and totalled by what is left, and the places of what was lost are never given again.
func TestAcceptedComesBackFromSubmissions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	push(t, dir, "320812", 100)
	push(t, dir, "320804", 11)
	p = restarted(t, dir, p, func() {})
	nc := connectAs(t, dir, access.Admin)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), stream.Accepted); err != nil {
		t.Fatal(err)
	}
	p.stop(t, syscall.SIGTERM)
	p = startRun(t, dir)
	defer func() { p.stop(t, syscall.SIGTERM) }()

	if why := diverged(t, dir); !strings.Contains(why, "citytally replay --from submissions") {
		t.Errorf("told %q", why)
	}
	push(t, dir, "320813", 5)
	if last, err := attach(t, dir).LastSequence(t.Context(), stream.Accepted); err != nil || last != 3 {
		t.Errorf("ACCEPTED ends at %d, %v; want 3, the catalogue and two submissions, for nothing is judged yet", last, err)
	}
	out := must(t, "replay", "--from", "submissions", "--dir", dir, "--format", "json")
	if !strings.Contains(out, `"lost": 2`) || !strings.Contains(out, `"untold": 0`) {
		t.Errorf("restored: %s", out)
	}
	ready(t, dir)
	settled(t, attach(t, dir))
	if got := reported(t, dir, "2021")["gdp"]; got.Value != "116" || got.Basis <= 2 {
		t.Errorf("gdp is %s by ACCEPTED %d, want 116 by what came back", got.Value, got.Basis)
	}
	if out := must(t, "recompute", "--dir", dir, "--format", "json"); !strings.Contains(out, `"changed": 0`) {
		t.Errorf("a recomputation still changes something: %s", out)
	}
}
