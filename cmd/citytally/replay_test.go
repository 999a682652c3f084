package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A projection that was rebuilt from the log is what it was, row for row, though
// the rebuild is killed in the middle, the sink stage runs and figures arrive.
func TestReplayIntoClickHouse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	submit := func(round int) {
		for i, area := range []string{"320803", "320804", "320812", "320813"} {
			must(t, "submit", "--dir", dir, "--wait", "0", "--area", area, "--dataset", "sti-annual",
				csvFile(t, fmt.Sprintf("indicator,period,value\ngdp,2020,%d\ngdp,2021,%d\nrd_expenditure,2021,%d\nnonsense,2021,1\n", 500+round, 600+round*i, 9+i)))
		}
	}
	const rounds = 12
	for round := range rounds {
		submit(round)
	}
	must(t, "release", "create", "bulletin", "--dir", dir, "--period", "2021", "--force", "--absent", unreported(t, dir, "2021"))
	log := attach(t, dir)
	settled(t, log)
	before := projection(t, dir)
	if strings.Count(before["observations"], "\n") != 1+rounds*4*3 {
		t.Fatalf("observations: %s", before["observations"])
	}
	if strings.Count(before["releases"], "\n") < 2 {
		t.Fatalf("releases: %s", before["releases"])
	}

	// A batch of one row makes it slow enough to be killed on its way.
	environment := []string{"CITYTALLY_SINK_BATCH_ROWS=1", "CITYTALLY_LOG_LEVEL=debug"}
	killed := start(t, environment, "replay", "--into", "clickhouse", "--dir", dir)
	eventually(t, "the rebuild is on its way", func() bool {
		code, out, _ := citytally(t, "sql", "--dir", dir, "--format", "csv", "SELECT max(sequence) > 2 FROM citytally_rebuild.rebuild_data")
		return code == 0 && strings.Contains(out, "\n1")
	})
	killed.stop(t, syscall.SIGKILL)
	out := must(t, "replay", "--into", "clickhouse", "--dir", dir, "--format", "json")
	if strings.Contains(strings.SplitN(out, "}", 2)[0], `"from": 1,`) {
		t.Errorf("the second call began again from the start: %s", out)
	}
	settled(t, log)
	if diff := cmp.Diff(before, projection(t, dir)); diff != "" {
		t.Errorf("(-before +rebuilt)\n%.3000s", diff)
	}

	// Figures that arrive during a rebuild are there after it.
	again := start(t, environment, "replay", "--into", "clickhouse", "--dir", dir)
	submit(rounds)
	if err := <-again.ended; err != nil {
		t.Fatalf("%v\n%s", err, again.output)
	}
	settled(t, log)
	sequence := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT count(), uniqExact(sequence), max(sequence) FROM submissions")
	if want := fmt.Sprintf("\n%d,%[1]d,%[1]d\n", (rounds+1)*4); !strings.HasSuffix(sequence, want) {
		t.Errorf("submissions: %s, want %s", sequence, want)
	}
	code, _, stderr := citytally(t, "replay", "--dir", dir)
	if code != exitUsage || !strings.Contains(stderr, "--into clickhouse") {
		t.Errorf("without --into: exit code %d, %s", code, stderr)
	}
}

// projection is everything that the views show.
func projection(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for view, key := range map[string]string{
		"submissions": "sequence", "findings": "sequence, number", "observations": "sequence, indicator, period, area",
		"observations_latest": "indicator, period, area", "totals": "sequence, indicator, period", "totals_latest": "indicator, period",
		"runs": "sequence", "decisions": "sequence, number", "releases": "name, indicator", "areas": "position", "indicators": "position", "datasets": "position",
	} {
		all[view] = must(t, "sql", "--dir", dir, "--format", "csv", "SELECT * FROM "+view+" ORDER BY "+key)
	}
	return all
}
