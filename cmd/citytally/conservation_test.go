package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Rows that vanish from ClickHouse are noticed by the status, by the metrics and
// the log, and by a recomputation, which brings them back.
func TestAnImbalanceIsRaisedAndHealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, []string{"CITYTALLY_TRANSFORM_CHECK_EVERY=1s"}, append([]string{"run"}, anyPorts(dir)...)...)
	eventually(t, "the pipeline serves", func() bool { _, err := app.FindInstance(dir); return err == nil })
	for area, rows := range map[string]string{
		"320812": "gdp,2021,600\nrd_expenditure,2021,15\n",
		"320804": "gdp,2021,500\nnonsense,2021,1\n",
	} {
		file := csvFile(t, "indicator,period,value\n"+rows)
		if code, _, stderr := citytally(t, "submit", "--dir", dir, "--area", area, "--dataset", "sti-annual", file, file); code != 0 && code != exitRefused {
			t.Fatal(stderr)
		}
	}
	conservation := func() *reconcile.Conservation {
		var s present.Status
		decode(t, strings.NewReader(must(t, "status", "--dir", dir, "--format", "json")), &s)
		if s.Conservation == nil {
			t.Fatalf("status has no conservation: %s", s.Problem)
		}
		return s.Conservation
	}
	ready(t, dir)
	settled(t, attach(t, dir))
	c := conservation()
	// What was partly refused is judged anew when it is sent again, and its rows are counted once; what was
	// accepted whole is recognised by the gateway.
	want := []reconcile.Account{
		{Area: "320804", Dataset: "sti-annual", Received: 2, Judged: 2, Rows: 2, Accepted: 1, Rejected: 1},
		{Area: "320812", Dataset: "sti-annual", Received: 1, Judged: 1, Rows: 2, Accepted: 2},
	}
	if diff := cmp.Diff(want, c.Accounts); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}

	must(t, "sql", "--write", "--dir", dir, "ALTER TABLE observations_data DELETE WHERE area = '320812' SETTINGS mutations_sync = 1")
	must(t, "sql", "--write", "--dir", dir, "ALTER TABLE observations_data UPDATE value = 1 WHERE area = '320804' SETTINGS mutations_sync = 1")
	differing := []event.Imbalance{
		{Area: "320804", Dataset: "sti-annual", What: event.CountObservations, Indicator: "gdp", Period: "2021", Lacking: 1, Surplus: 1},
		{Area: "320812", Dataset: "sti-annual", What: event.CountObservations, Indicator: "gdp", Period: "2021", Lacking: 1},
		{Area: "320812", Dataset: "sti-annual", What: event.CountObservations, Indicator: "rd_expenditure", Period: "2021", Lacking: 1},
	}
	eventually(t, "the metrics show it", func() bool {
		return metric(t, dir, "citytally_conservation_imbalances") == 3 && metric(t, dir, "citytally_conservation_balanced") == 0
	})
	if table := must(t, "status", "--dir", dir); !strings.Contains(table, "NOT READY: content: "+differing[0].String()) {
		t.Errorf("the table does not tell:\n%s", table)
	}

	var run event.Run
	decode(t, strings.NewReader(must(t, "schedule", "run", "nightly", "--dir", dir, "--format", "json")), &run)
	if !cmp.Equal(run.Imbalances, differing) || !run.Healed || run.ObservationsMissing != 3 || !strings.Contains(run.Problem, "conservation was violated") {
		t.Errorf("run = %+v; want the imbalance and that it is healed", run)
	}
	if out := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT area, value FROM observations_latest WHERE indicator = 'gdp' ORDER BY area"); out != "area,value\n320804,500\n320812,600\n" {
		t.Errorf("after the recomputation: %s", out)
	}
	person := app.CurrentUser()
	eventually(t, "analysts see the run", func() bool {
		return must(t, "sql", "--dir", dir, "--format", "csv", "SELECT job, schedule, trigger, person, healed, length(imbalances), mended FROM runs WHERE schedule = 'nightly'") ==
			"job,schedule,trigger,person,healed,length(imbalances),mended\nrecompute,nightly,manual,"+person+",true,3,4\n"
	})
	eventually(t, "the metrics show that it is healed", func() bool {
		return metric(t, dir, "citytally_conservation_balanced") == 1 &&
			metric(t, dir, "citytally_conservation_checked_timestamp_seconds") >= float64(run.FinishedAt.Truncate(time.Second).Unix())
	})
	ready(t, dir)

	// A verdict that ClickHouse lost is noticed as well.
	must(t, "sql", "--write", "--dir", dir, "ALTER TABLE submissions_data DELETE WHERE area = '320804' SETTINGS mutations_sync = 1")
	if c := conservation(); c.Balanced || len(c.Imbalances) != 1 || c.Imbalances[0].What != event.CountSubmissions || c.Imbalances[0].Area != "320804" {
		t.Errorf("without a verdict: balanced %v, %v", c.Balanced, c.Imbalances)
	}
	p.stop(t, syscall.SIGTERM)
	for _, line := range []string{"conservation is violated", "conservation holds again", "conservation was violated"} {
		if !strings.Contains(p.output.String(), line) {
			t.Errorf("the log does not say that %s:\n%s", line, p.output)
		}
	}
}

// Recomputing mends ClickHouse from the log, and the log does not grow: not for rows that
// ClickHouse lost, not for totals that somebody forged, which it drops.
func TestRecomputeMendsClickHouseAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	push(t, dir, "320812", 100)
	push(t, dir, "320804", 11)
	ready(t, dir)
	log := attach(t, dir)
	settled(t, log)
	before, err := log.LastSequence(t.Context(), stream.Accepted)
	if err != nil {
		t.Fatal(err)
	}
	must(t, "sql", "--write", "--dir", dir, "TRUNCATE TABLE observations_data")
	must(t, "sql", "--write", "--dir", dir, `INSERT INTO totals_data SELECT * REPLACE(toUInt64(1000000000) AS basis, toUInt64(1000000000) AS sequence,
		toDecimal128(424242, 12) AS value) FROM totals_data WHERE indicator = 'gdp' AND period = '2021' ORDER BY basis DESC LIMIT 1`)
	for range 3 {
		must(t, "recompute", "--dir", dir)
	}
	if got := reported(t, dir, "2021")["gdp"]; got.Value != "111" {
		t.Errorf("gdp is %s, want 111", got.Value)
	}
	if out := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT count() FROM observations"); out != "count()\n2\n" {
		t.Errorf("observations: %s", out)
	}
	if after, err := log.LastSequence(t.Context(), stream.Accepted); err != nil || after != before {
		t.Errorf("ACCEPTED grew from %d to %d, %v", before, after, err)
	}
	ready(t, dir)
	schedulesAreKept(t, dir)
}

// schedulesAreKept pauses and resumes a schedule of a running instance, and reads what is
// known of it.
func schedulesAreKept(t *testing.T, dir string) {
	t.Helper()
	must(t, "schedule", "pause", "nightly", "--reason", "the disk is being replaced", "--dir", dir)
	var schedules []present.Schedule
	decode(t, strings.NewReader(must(t, "schedule", "list", "--dir", dir, "--format", "json")), &schedules)
	if s := schedules[0]; s.Name != "nightly" || s.Paused == nil || s.Paused.Reason != "the disk is being replaced" || s.Next.IsZero() {
		t.Errorf("schedule: %+v", s)
	}
	if table := must(t, "schedule", "list", "--dir", dir, "--lang", "zh"); !strings.Contains(table, "暂停") {
		t.Errorf("the table does not say that it is paused:\n%s", table)
	}
	must(t, "schedule", "resume", "nightly", "--dir", dir)
	must(t, "schedule", "run", "nightly", "--dir", dir)
	decode(t, strings.NewReader(must(t, "schedule", "list", "--dir", dir, "--format", "json")), &schedules)
	if last := schedules[0].Last; last == nil || last.Trigger == event.BySchedule {
		t.Errorf("the run that was asked for by hand is not shown: %+v", last)
	}
	for _, act := range []string{"pause a schedule", "resume a schedule"} {
		if journal := must(t, "journal", "--dir", dir, "--lang", "en"); !strings.Contains(journal, act) {
			t.Errorf("the journal lacks %q:\n%s", act, journal)
		}
	}
	if slots := strings.Fields(must(t, "schedule", "next", "nightly", "-n", "3", "--dir", dir)); len(slots) != 3 || !strings.HasSuffix(slots[0], "T02:30:00+08:00") {
		t.Errorf("next slots: %v", slots)
	}
}
