package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

var wholeDrill = flag.Bool("drill", false, "carry out every case of the restore drill, not those alone that CI has time for")

// States of a store in the drill.
const (
	whole = "whole"
	older = "older"
	lost  = "lost"
	cut   = "cut at the end"
	// One stream of the broker is lost and the others are whole.
	acceptedLost     = "ACCEPTED lost"
	acceptedCut      = "ACCEPTED cut at the end"
	verdictsLost     = "VERDICTS lost"
	submissionsLost  = "SUBMISSIONS lost"
	submissionsOlder = "SUBMISSIONS older"
	submissionsCut   = "SUBMISSIONS cut at the end"
	verdictsOlder    = "VERDICTS older"
	totalsLost       = "TOTALS lost"
	releasesLost     = "RELEASES lost"
	releasesOlder    = "RELEASES older"
	// One message of ACCEPTED is damaged, in the middle of its file.
	acceptedDamaged = "ACCEPTED damaged"
	// And SUBMISSIONS has lost what it was judged from: ClickHouse has the only copy.
	onlyCopy = "ACCEPTED damaged, SUBMISSIONS lost"
)

// drillCase is one state of an installation, and what a person does about it.
type drillCase struct {
	broker, clickhouse, files string
	// restored says that the backup is put back before the start; cure are command lines for
	// when it runs.
	restored bool
	cure     [][]string
	// quick cases are carried out without the flag too.
	quick bool
}

var (
	rebuild = []string{"replay", "--into", "clickhouse"}
	discard = []string{"replay", "--into", "clickhouse", "--discard-newer"}
	restore = []string{"replay", "--from", "submissions"}
	giveUp  = []string{"replay", "--from", "submissions", "--discard-newer"}
)

// refuses reports whether a line of the cure is refused, so that it takes another one.
func (c *drillCase) refuses(line int) bool {
	if line == len(c.cure)-1 {
		return false
	}
	switch cure, next := c.cure[line], c.cure[line+1]; {
	case slices.Equal(cure, restore):
		return slices.Equal(next, giveUp)
	default:
		return !slices.Equal(cure, giveUp)
	}
}

var drillCases = []drillCase{
	{broker: older, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard}},
	{broker: lost, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard}, quick: true},
	{broker: cut, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard}},
	{broker: lost, clickhouse: whole, files: whole, restored: true, cure: [][]string{rebuild, discard}},
	{broker: acceptedLost, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore}},
	{broker: acceptedCut, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore, discard}, quick: true},
	{broker: verdictsLost, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore}},
	{broker: verdictsLost, clickhouse: lost, files: whole, cure: [][]string{rebuild, restore}},
	{broker: verdictsOlder, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore}},
	{broker: totalsLost, clickhouse: whole, files: whole},
	{broker: releasesLost, clickhouse: whole, files: whole, cure: [][]string{rebuild, restore}},
	{broker: releasesOlder, clickhouse: whole, files: whole, cure: [][]string{rebuild, restore}},
	{broker: submissionsLost, clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: submissionsOlder, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore}},
	{broker: submissionsCut, clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: "DIRECT lost", clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: "DEAD lost", clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: "KV_TOKENS lost", clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: "KV_TOKENS older", clickhouse: whole, files: whole, cure: [][]string{restore}, quick: true},
	{broker: "KV_SCHEDULES older", clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: "COMMANDS older", clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: "DEAD older", clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: "OBJ_ORIGINALS older", clickhouse: whole, files: whole, cure: [][]string{restore}},
	{broker: acceptedDamaged, clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore}, quick: true},
	{broker: "SUBMISSIONS, ACCEPTED lost", clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore, giveUp, discard}, quick: true},
	{broker: "SUBMISSIONS, ACCEPTED lost", clickhouse: lost, files: whole, cure: [][]string{restore, giveUp}},
	{broker: "SUBMISSIONS, VERDICTS lost", clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore}, quick: true},
	{broker: "SUBMISSIONS, VERDICTS lost", clickhouse: lost, files: whole, cure: [][]string{rebuild, restore}},
	{broker: "ACCEPTED, VERDICTS lost", clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore}},
	{broker: "ACCEPTED, VERDICTS lost", clickhouse: lost, files: whole, cure: [][]string{restore, giveUp}},
	{broker: "SUBMISSIONS, ACCEPTED, VERDICTS lost", clickhouse: whole, files: whole, cure: [][]string{rebuild, discard, restore, giveUp, discard}},
	{broker: "SUBMISSIONS, ACCEPTED, VERDICTS lost", clickhouse: lost, files: whole, cure: [][]string{restore, giveUp}},
	{broker: acceptedLost, clickhouse: lost, files: whole, cure: [][]string{restore, giveUp}},
	{broker: submissionsLost, clickhouse: lost, files: whole, cure: [][]string{restore, rebuild}},
	{broker: onlyCopy, clickhouse: whole, files: whole, cure: [][]string{restore, giveUp}},
	{broker: whole, clickhouse: older, files: whole, cure: [][]string{rebuild}},
	{broker: whole, clickhouse: lost, files: whole, cure: [][]string{rebuild}, quick: true},
	{broker: whole, clickhouse: cut, files: whole, cure: [][]string{{"recompute"}}},
	{broker: whole, clickhouse: whole, files: older},
	{broker: whole, clickhouse: whole, files: lost},
	{broker: whole, clickhouse: whole, files: cut},
	{broker: older, clickhouse: older, files: older},
	{broker: cut, clickhouse: lost, files: whole, cure: [][]string{rebuild}},
	{broker: lost, clickhouse: lost, files: lost, restored: true},
}

// drillAreas are the areas that have sent a figure, in order; those from the second on came after
// the older copies and the backup.
var drillAreas = []string{"320812", "320804", "320813"}

// drillSource is the installation that the cases are copies of.
type drillSource struct {
	older, whole, backup string
	receipts, places     map[string]string // submission by area, and its place
}

// prepareDrill runs an installation, and keeps two copies of it and a backup.
func prepareDrill(t *testing.T) *drillSource {
	t.Helper()
	base := t.TempDir()
	s := &drillSource{older: filepath.Join(base, "older"), whole: filepath.Join(base, "whole"), backup: filepath.Join(base, "backup"), receipts: map[string]string{}, places: map[string]string{}}
	dir := t.TempDir()
	p := startRun(t, dir)
	push(t, dir, drillAreas[0], 1)
	freeze(t, dir, drillReleases[0])
	p = restarted(t, dir, p, func() { copyDir(t, dir, s.older) })
	if *wholeDrill {
		must(t, "backup", s.backup, "--dir", dir)
	}
	ready(t, dir)
	// The streams that no figure is made from go on too.
	must(t, "token", "create", "--area", drillAreas[0], "--dir", dir)
	must(t, "schedule", "pause", "nightly", "--reason", "试", "--dir", dir)
	must(t, "schedule", "resume", "nightly", "--dir", dir)
	must(t, "recompute", "--dir", dir)
	log, err := stream.Attach(connectAs(t, dir, access.Operator), zerolog.Nop())
	if err := errors.Join(err, log.Skip(t.Context(), stream.Totals, 1, "试", event.Person{Name: "li"})); err != nil {
		t.Fatal(err)
	}
	for i, area := range drillAreas[1:] {
		push(t, dir, area, 10*(i+1))
	}
	freeze(t, dir, drillReleases[1])
	ready(t, dir)
	settled(t, attach(t, dir))
	for line := range strings.Lines(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT area, id FROM submissions")) {
		if area, id, ok := strings.Cut(strings.TrimSpace(line), ","); ok && area != "area" {
			s.receipts[area], s.places[area] = id, placeOf(t, dir, area, id)
		}
	}
	p.stop(t, syscall.SIGTERM)
	copyDir(t, dir, s.whole)
	return s
}

// assemble puts the stores of a case together.
func (s *drillSource) assemble(t *testing.T, c *drillCase) string {
	t.Helper()
	dir := t.TempDir()
	from := func(state string) string {
		if state == older {
			return s.older
		}
		return s.whole
	}
	if c.broker != lost {
		copyDir(t, filepath.Join(from(c.broker), "nats"), filepath.Join(dir, "nats"))
	}
	if streams, areLost := strings.CutSuffix(c.broker, " lost"); areLost && c.broker != onlyCopy {
		for name := range strings.SplitSeq(streams, ", ") {
			removeStream(t, dir, name)
		}
	}
	if name, isOlder := strings.CutSuffix(c.broker, " older"); isOlder {
		removeStream(t, dir, name)
		path, err := filepath.Rel(s.older, streamDir(t, s.older, name))
		if err != nil {
			t.Fatal(err)
		}
		copyDir(t, filepath.Join(s.older, path), filepath.Join(dir, path))
	}
	if name, isCut := strings.CutSuffix(c.broker, " "+cut); isCut {
		cutFiles(t, streamDir(t, dir, name), `msgs/\d+\.blk$`)
	}
	if c.clickhouse != lost {
		copyDir(t, filepath.Join(from(c.clickhouse), "clickhouse"), filepath.Join(dir, "clickhouse"))
	}
	for _, path := range []string{credentials.Path(dir), access.KeysPath(dir), filepath.Join(dir, "tokens.yaml"), token.MadePath(filepath.Join(dir, "tokens.yaml"))} {
		text, err := os.ReadFile(filepath.Join(from(c.files), filepath.Base(path)))
		if errors.Is(err, fs.ErrNotExist) || c.files == lost {
			continue
		}
		if c.files == cut {
			text = text[:len(text)/2]
		}
		if err := errors.Join(err, os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if c.broker == onlyCopy {
		removeStream(t, dir, "SUBMISSIONS")
	}
	if c.broker == acceptedDamaged || c.broker == onlyCopy {
		damageMessage(t, dir, "ACCEPTED", "accepted."+drillAreas[1]+".sti-annual")
	}
	if c.broker == cut {
		cutFiles(t, filepath.Join(dir, "nats"), `msgs/\d+\.blk$`)
	}
	if c.clickhouse == cut {
		cutFiles(t, filepath.Join(dir, "clickhouse"), `data\.bin$`)
	}
	return dir
}

// drillReleases are made after the first figure and after the last.
var drillReleases = []string{"first", "last"}

// freeze makes a release of one total.
func freeze(t *testing.T, dir, name string) {
	t.Helper()
	r := &event.Release{
		Name: name, Period: "2021", Note: "试", CreatedAt: 1_650_000_000_000, Basis: 1, Catalogue: "0123456789ab", Person: event.Person{Name: "li"},
		Totals: []event.Total{{Indicator: "gdp", Value: "1.5", Unit: "亿元", Stage: "final", Status: "A", ChangeKind: "percent", ChangeReason: "BASE_MISSING", Expected: 7, Missing: []string{"320804"}}},
	}
	if err := attach(t, dir).PublishRelease(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// placeOf returns the place in the log that the receipt of a submission names.
func placeOf(t *testing.T, dir, area, id string) string {
	t.Helper()
	_, place, _ := strings.Cut(must(t, "receipt", id, "--dir", dir, "--area", area, "--lang", "en"), "place in the log: ")
	place, _, _ = strings.Cut(place, "\n")
	return place
}

// removeStream removes the files of a stream of the embedded broker, which does not run.
func removeStream(t testing.TB, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(streamDir(t, dir, name)); err != nil {
		t.Fatal(err)
	}
}

// streamDir returns where the embedded broker keeps a stream.
func streamDir(t testing.TB, dir, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "nats", "jetstream", "*", "streams", name))
	if err != nil || len(found) != 1 {
		t.Fatalf("the files of %s: %q, %v", name, found, err)
	}
	return found[0]
}

// damageMessage overwrites the body of the first message on a subject, in the files of a stream of the
// embedded broker, which does not run.
func damageMessage(t *testing.T, dir, name, subject string) {
	t.Helper()
	block := filepath.Join(streamDir(t, dir, name), "msgs", "1.blk")
	stored, err := os.ReadFile(block)
	at := bytes.Index(stored, []byte(subject))
	if err != nil || at < 0 {
		t.Fatalf("%s of %s: at %d, %v", subject, name, at, err)
	}
	copy(stored[at+len(subject):], "rotten!")
	if err := os.WriteFile(block, stored, 0o600); err != nil {
		t.Fatal(err)
	}
}

// cutFiles cuts ten bytes off the end of every file below a directory whose path matches.
func cutFiles(t *testing.T, dir, pattern string) {
	t.Helper()
	matches := regexp.MustCompile(pattern)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !matches.MatchString(filepath.ToSlash(path)) {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Size() < 20 {
			return err
		}
		return os.Truncate(path, info.Size()-10)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// drillResult is a row of the table.
type drillResult struct {
	drillCase
	told, lost string
}

// carryOut starts the case, cures it, and returns what was told and what is lost.
func (s *drillSource) carryOut(t *testing.T, c drillCase) drillResult {
	t.Helper()
	r := drillResult{drillCase: c}
	dir := s.assemble(t, &c)
	said := ""
	if c.restored {
		said += must(t, "restore", s.backup, "--dir", dir)
	}
	p := start(t, nil, append([]string{"run"}, anyPorts(dir)...)...)
	ended := false
	eventually(t, "it is ready, or says why not", func() bool {
		select {
		case <-p.ended:
			ended = true
			return true
		default:
		}
		if _, err := app.FindInstance(dir); err != nil {
			return false
		}
		ready, parts := readiness(t, dir)
		if why := parts["log"].Why; why != "" {
			r.told, said = firstClause(why), said+why
			return true
		}
		return ready
	})
	if ended {
		lines := strings.Split(strings.TrimSpace(p.output.String()), "\n")
		r.told, r.lost = "the start fails: "+firstClause(strings.ReplaceAll(lines[len(lines)-1], dir+"/", "")), "nothing: mend the file, or take it out of a backup"
		return r
	}
	defer p.stop(t, syscall.SIGTERM)
	if c.broker == "SUBMISSIONS, VERDICTS lost" {
		file := csvFile(t, "indicator,period,value\ngdp,2021,7\n")
		if code, _, stderr := citytally(t, "submit", "--dir", dir, "--wait", "0", "--area", "320830", "--dataset", "sti-annual", file); code == 0 || !strings.Contains(stderr, "nothing was stored") {
			t.Errorf("something is taken in: exit code %d, %s", code, stderr)
		}
	}
	for i, line := range c.cure {
		if slices.Equal(line, restore) && c.refuses(i) {
			code, _, stderr := citytally(t, append(slices.Clone(line), "--dir", dir)...)
			if said += stderr; code != exitUsage || !strings.Contains(stderr, "--discard-newer") || c.clickhouse == whole && !strings.Contains(stderr, s.receipts[drillAreas[1]]) {
				t.Errorf("what does not come back is given up: exit code %d: %s", code, stderr)
			}
			if ready, _ := readiness(t, dir); ready {
				t.Error("it is ready, although what does not come back is not given up")
			}
			continue
		}
		code, stdout, stderr := citytally(t, append(slices.Clone(line), "--dir", dir)...)
		said += stdout + stderr
		// The only copy is not dropped without being told to.
		if want := map[bool]int{true: exitUsage}[c.refuses(i)]; code != want {
			t.Errorf("citytally %s: exit code %d, want %d: %s", strings.Join(line, " "), code, want, stderr)
		}
	}
	eventually(t, "a recomputation changes nothing more", func() bool {
		_, out, _ := citytally(t, "recompute", "--dir", dir, "--format", "json")
		return strings.Contains(out, `"changed": 0`) && strings.Contains(out, `"observations_missing": 0`)
	})
	ready(t, dir)
	settled(t, attach(t, dir))
	if c.quick && c.broker == "SUBMISSIONS, VERDICTS lost" {
		code, _, stderr := citytally(t, append(slices.Clone(rebuild), "--dir", dir)...)
		if said += stderr; code != 0 {
			t.Errorf("filled again after the cure: exit code %d: %s", code, stderr)
		}
	}
	shown := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT area FROM observations_latest WHERE indicator = 'gdp'")
	for _, name := range drillReleases {
		r, err := attach(t, dir).Release(t.Context(), name)
		inStore := strings.Contains(must(t, "sql", "--dir", dir, "SELECT name, value, note, by FROM releases"), name)
		if (err == nil) != inStore || err == nil && (r.Totals[0].Value != "1.5" || r.Note != "试" || r.Person.Name != "li") {
			t.Errorf("%+v: release %s in the log: %+v, %v; in ClickHouse: %v", c, name, r, err, inStore)
		}
		if err != nil && (c.clickhouse == whole || !slices.Contains([]string{older, lost, cut}, c.broker)) {
			t.Errorf("%+v: release %s is lost: %v", c, name, err)
		}
	}
	var named, unknown []string
	for _, area := range drillAreas {
		switch {
		case strings.Contains(shown, area):
			for line := range strings.Lines(said) {
				if strings.Contains(line, s.receipts[area]) && (strings.Contains(line, "lost: submission") || strings.Contains(line, "sent again")) {
					t.Errorf("%+v: what counts is told as lost: %s", c, line)
				}
			}
			if receipt := must(t, "receipt", s.receipts[area], "--dir", dir, "--area", area, "--wait", "0", "--lang", "en"); !strings.Contains(receipt, "accepted") {
				t.Errorf("%+v: the receipt of %s: %s", c, area, receipt)
			}
		case strings.Contains(said, s.receipts[area]):
			named = append(named, area)
		default:
			unknown = append(unknown, area)
			code, _, stderr := citytally(t, "receipt", s.receipts[area], "--dir", dir, "--area", area, "--wait", "0", "--place", s.places[area], "--lang", "en")
			if code == 0 || !strings.Contains(stderr, "the log went back to an older state") && !strings.Contains(stderr, "the receipt is of another log") {
				t.Errorf("%+v: the receipt of %s: exit code %d, %s", c, area, code, stderr)
			}
		}
	}
	r.lost = "nothing"
	if named != nil {
		r.lost = fmt.Sprintf("%d of 3 submissions, which the cure names", len(named))
	}
	if unknown != nil {
		r.lost = fmt.Sprintf("%d of 3 submissions; no store knows of them, and the gateway answers their receipts with 410", len(unknown))
	}
	if r.told == "" {
		r.told = "nothing; everything is ready"
	}
	return r
}

var digits = regexp.MustCompile(`\d+`)

// firstClause returns what a text says before its first semicolon, with letters for numbers.
func firstClause(text string) string {
	text, _, _ = strings.Cut(text, ";")
	text, _, _ = strings.Cut(text, "\n")
	return digits.ReplaceAllString(text, "N")
}

// Each store older, lost or cut off, alone and together: what is told, and what is lost. Nothing
// with a receipt is lost without being named, where any store still knows of it.
func TestRestoreDrill(t *testing.T) {
	t.Parallel()
	s := prepareDrill(t)
	rows := make([]string, len(drillCases))
	t.Run("case", func(t *testing.T) {
		for i, c := range drillCases {
			if c.quick || *wholeDrill {
				t.Run(fmt.Sprint(i+1), func(t *testing.T) {
					t.Parallel()
					result := s.carryOut(t, c)
					rows[i] = result.row()
				})
			}
		}
	})
	if t.Failed() {
		return
	}
	const page = "docs/recovery.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if *update && !slices.Contains(rows, "") {
		before, _, _ := strings.Cut(string(text), "| broker |")
		table := before + "| broker | ClickHouse | files | told | done | lost |\n|---|---|---|---|---|---|\n" + strings.Join(rows, "")
		if err := os.WriteFile(page, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, row := range rows {
		if !strings.Contains(string(text), row) {
			t.Errorf("%s says otherwise (-drill -update writes it anew):\n%s", page, row)
		}
	}
}

// row returns the result as a row of the page.
func (r *drillResult) row() string {
	var done []string
	if r.restored {
		done = append(done, "`citytally restore` before the start")
	}
	for i, line := range r.cure {
		if r.refuses(i) {
			continue
		}
		done = append(done, "`citytally "+strings.Join(line, " ")+"`")
	}
	if done == nil {
		done = []string{"nothing"}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", r.broker, r.clickhouse, r.files, strings.ReplaceAll(r.told, "|", "\\|"), strings.Join(done, "; "), r.lost)
}
