package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/schedule"
)

// watchedProjection is a projection that tells of every year that is compared.
type watchedProjection struct {
	*Projection
	compared []int
	before   func(year int)
}

func (w *watchedProjection) LatestTotals(ctx context.Context, year int, indicator string) (map[reconcile.TotalKey]reconcile.ShownTotal, error) {
	w.compared = append(w.compared, year)
	if w.before != nil {
		w.before(year)
	}
	return w.Projection.LatestTotals(ctx, year, indicator)
}

// recomputing is a transform stage and a sink at work.
type recomputing struct {
	*testing.T
	log       *stream.Log
	store     *Store
	watched   *watchedProjection
	sequence  uint64
	commands  int
	newTotals uint64 // the last sequence of TOTALS before the last run
}

func startRecomputing(t *testing.T) *recomputing {
	r := &recomputing{T: t, log: newLog(t), store: newStore(t)}
	c, err := catalogue.Parse([]byte(`city: "320800"
programmes: [{id: p, name_zh: 项目, name_en: P}]
areas:
  - {code: "320800", name_zh: 市, name_en: City, kind: city}
  - {code: "320812", name_zh: 甲, name_en: A, kind: district}
  - {code: "320804", name_zh: 乙, name_en: B, kind: district}
datasets: [{id: sti-annual, name_zh: 年报, name_en: D, periods: [year], stage: final}]
indicators:
  - {id: gdp, name_zh: 生产总值, name_en: GDP, programme: p, unit: 亿元, kind: flow, frequency: A, change: percent, datasets: [sti-annual]}
  - {id: rd, name_zh: 经费, name_en: RD, programme: p, unit: 亿元, kind: flow, frequency: A, change: percent, datasets: [sti-annual]}
`))
	if err != nil {
		t.Fatal(err)
	}
	runWorkers(t, r.log, r.store, testConfig())
	r.watched = &watchedProjection{Projection: &Projection{Store: r.store, Log: r.log}}
	config := transform.DefaultConfig()
	config.CheckEvery = 0
	stage, err := transform.New(r.log, c, r.watched, config, testLogger(t).Level(5), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- stage.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-stage.Ready()
	return r
}

func (r *recomputing) accept(area, indicator, year, text string) {
	r.Helper()
	r.sequence++
	// No validator judges it: it stands for one that has its verdict, as it has in the end.
	publish(r, r.log, stream.Message{Subject: "submissions." + area + ".sti-annual", Header: map[string]string{event.LostHeader: "true"}})
	publish(r, r.log, acceptedMessage(r, submission(area, r.sequence, event.AcceptedObservation{
		Indicator: indicator, Unit: "亿元", Period: period(r, year), Value: value(r, text), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1,
	})))
	publish(r, r.log, verdictMessage(r, event.Verdict{
		Submission: fmt.Sprintf("%032x", r.sequence), Area: area, Dataset: "sti-annual", Outcome: event.AllAccepted, Sequence: r.sequence,
		ReceivedAt: receivedAt, DecidedAt: receivedAt, Rows: 1, Accepted: 1,
	}))
}

// run carries a command out and returns its record.
func (r *recomputing) run(command event.Command) (run event.Run) {
	r.Helper()
	r.commands++
	if command.ID == "" {
		command.ID = fmt.Sprintf("manual.%d", r.commands)
	}
	command.Schedule, command.Trigger = schedule.Manual, event.ByManual
	r.watched.compared = nil
	var err error
	if r.newTotals, err = r.log.LastSequence(r.Context(), stream.Totals); err != nil {
		r.Fatal(err)
	}
	if err := schedule.Request(r.Context(), r.log, schedule.Recompute, command); err != nil {
		r.Fatal(err)
	}
	ctx, found := context.WithCancel(r.Context())
	defer found()
	err = r.log.Follow(ctx, stream.FollowConfig{Stream: stream.Totals, Subjects: []string{"runs.*"}, From: r.newTotals + 1}, func(d stream.Delivery) error {
		var next event.Run
		if err := json.Unmarshal(d.Body, &next); err != nil {
			return err
		}
		if next.ID == command.ID {
			run = next
			found()
		}
		return nil
	}, func() {})
	if err != nil && ctx.Err() == nil {
		r.Fatal(err)
	}
	return run
}

func (r *recomputing) expect(what string, run event.Run, cells, changed int, compared ...int) {
	r.Helper()
	if run.Cells != cells || run.Changed != changed || !cmp.Equal(r.watched.compared, compared) {
		r.Errorf("%s: %d totals computed, %d differ, years %v compared; want %d, %d, %v\n%+v", what, run.Cells, run.Changed, r.watched.compared, cells, changed, compared, run)
	}
}

// A recomputation compares what has changed since the last one of everything, within its bounds
// all there is; it goes on where one was that was broken off, and does not begin again while
// figures trickle in. A dry run says what would change, and why.
func TestRecomputation(t *testing.T) {
	t.Parallel()
	r := startRecomputing(t)
	for _, year := range []string{"2019", "2020", "2021"} {
		r.accept("320812", "gdp", year, "10")
		r.accept("320804", "rd", year, "1")
	}
	// The totals of 2022, of which nobody has reported, do not follow: six there are.
	run := r.run(event.Command{})
	r.expect("the first", run, 6, 0, 2019, 2020, 2021)
	if !run.Full || run.Problem != "" || run.Job != schedule.Recompute {
		t.Errorf("run: %+v", run)
	}
	r.expect("nothing has changed", r.run(event.Command{}), 0, 0)
	r.accept("320812", "gdp", "2020", "11")
	r.expect("a figure of 2020", r.run(event.Command{}), 4, 0, 2020, 2021)
	r.expect("everything", r.run(event.Command{Full: true}), 6, 0, 2019, 2020, 2021)
	r.expect("a span", r.run(event.Command{Period: "2019", Until: "2020"}), 4, 0, 2019, 2020)
	r.expect("an area", r.run(event.Command{Area: "320804"}), 3, 0, 2019, 2020, 2021)
	r.expect("an indicator", r.run(event.Command{Indicator: "gdp", Period: "2021"}), 1, 0, 2021)
	if run := r.run(event.Command{Catalogue: "0123456789ab"}); !strings.Contains(run.Problem, "no earlier catalogue had the version 0123456789ab") {
		t.Errorf("an unknown catalogue: %+v", run)
	}

	// Figures arrive while each year is compared.
	n := 100
	r.watched.before = func(year int) {
		n++
		r.accept("320804", "rd", fmt.Sprint(year), fmt.Sprint(n))
	}
	r.expect("figures trickle in", r.run(event.Command{Full: true}), 6, 0, 2019, 2020, 2021)
	r.watched.before = nil
	r.run(event.Command{})

	// It is stopped before the second year; the next one begins with that.
	r.watched.before = func(year int) {
		if year == 2019 {
			if err := reconcile.Stop(t.Context(), r.log, "manual.stopped"); err != nil {
				t.Error(err)
			}
		}
	}
	run = r.run(event.Command{ID: "manual.stopped", Full: true})
	r.expect("stopped", run, 2, 0, 2019)
	if !strings.Contains(run.Problem, "interrupted after 1 of 3 years; no total was published") {
		t.Errorf("the run says %q", run.Problem)
	}
	if p, ok, err := reconcile.ProgressOf(t.Context(), r.log, "manual.stopped"); err != nil || !ok || p.Compared != 1 || p.Years != 3 {
		t.Errorf("progress: %+v, %v, %v", p, ok, err)
	}
	r.watched.before = nil
	r.expect("it goes on", r.run(event.Command{Full: true}), 4, 0, 2020, 2021)
	r.expect("and is whole", r.run(event.Command{Full: true}), 6, 0, 2019, 2020, 2021)

	// A total that was altered in ClickHouse: the dry run says so and changes nothing; the
	// next one finds it, though no figure has changed, and heals it.
	if err := r.store.conn.Exec(t.Context(), "ALTER TABLE totals_data UPDATE value = 5 WHERE indicator = 'gdp' AND period = '2019' SETTINGS mutations_sync = 2"); err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		return query(t, r.store, "SELECT value FROM totals_latest WHERE indicator = 'gdp' AND period = '2019'")
	}
	run = r.run(event.Command{Dry: true})
	want := []event.Difference{{Indicator: "gdp", Period: "2019", Why: event.ShownOtherwise, Fields: []string{"value"}, Was: "5", Becomes: "10", Unit: "亿元"}}
	if diff := cmp.Diff(want, run.Differences); diff != "" || run.Changed != 1 || !run.Dry || len(run.Imbalances) != 1 {
		t.Errorf("dry run (-want +got):\n%s\n%+v", diff, run)
	}
	if last, err := r.log.LastSequence(t.Context(), stream.Totals); err != nil || last != r.newTotals+1 || shown() != "value\n5\n" {
		t.Errorf("a dry run added %d messages to TOTALS, %v, and shows %s", last-r.newTotals, err, shown())
	}
	run = r.run(event.Command{})
	if !run.Healed || run.Changed != 0 || len(run.Mended) != 1 || shown() != "value\n10\n" {
		t.Errorf("after the drift: %s\n%+v", shown(), run)
	}
	// However often it is done, nothing is added to the state.
	before, err := r.log.LastSequence(t.Context(), stream.Accepted)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if run := r.run(event.Command{}); run.Problem != "" || run.Changed != 0 {
			t.Fatalf("run: %+v", run)
		}
	}
	if after, err := r.log.LastSequence(t.Context(), stream.Accepted); err != nil || after != before {
		t.Errorf("ACCEPTED grew from %d to %d, %v", before, after, err)
	}
}
