package sink

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/reconcile"
)

// snapshot returns the rows of every view.
func snapshot(t testing.TB, s *Store) map[string]string {
	t.Helper()
	answers := map[string]string{}
	for _, view := range countedViews {
		answers[view] = query(t, s, "SELECT * FROM "+view+" ORDER BY ALL")
	}
	return answers
}

func verdictMessage(t testing.TB, v event.Verdict) stream.Message {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Message{Subject: "verdicts." + v.Area + "." + v.Dataset, Body: body}
}

func runMessage(t testing.TB, r event.Run) stream.Message {
	t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Message{Subject: "runs." + r.Schedule, Body: body}
}

// everything returns messages that fill every view, by block.
func everything(t testing.TB) (accepted, verdicts, totals []stream.Message) {
	t.Helper()
	p2021 := period(t, "2021")
	accepted = []stream.Message{
		acceptedMessage(t, submission("320812", 1,
			event.AcceptedObservation{Indicator: "hnte_valid", Unit: "家", Period: p2021, Value: value(t, "120"), Stage: catalogue.Estimate, Status: catalogue.Normal, Qualifier: catalogue.About, Row: 2, Raw: "１２０", Note: "初步"},
			event.AcceptedObservation{Indicator: "rd", Unit: "亿元", Period: p2021, Status: catalogue.Missing, Stage: catalogue.Final, Row: 3}),
			submission("320804", 2, event.AcceptedObservation{Indicator: "rd", Unit: "亿元", Period: period(t, "2021-YTD06"), Value: value(t, "-0.000000000001"), Stage: catalogue.Final, Status: 'E', Row: 1})),
		acceptedMessage(t, submission("320812", 3, event.AcceptedObservation{Indicator: "hnte_valid", Unit: "家", Period: p2021, Value: value(t, "999999999999999999"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 2})),
	}
	verdicts = []stream.Message{
		verdictMessage(t, event.Verdict{Submission: "a", Area: "320812", Dataset: "sti-annual", Outcome: event.Partial, Sequence: 1, AcceptedSequence: 1,
			ReceivedAt: receivedAt, DecidedAt: receivedAt.Add(time.Second), Rows: 3, Accepted: 2, RejectedRows: 1, Catalogue: "v1",
			Findings: []event.Finding{
				{Code: "VALUE_NOT_A_NUMBER", Severity: event.Reject, Row: 4, Column: "value", Seen: "x,\"y\"\n", MessageZH: "不是数字", MessageEN: "not a number"},
				{Code: "NOTE", Severity: event.Inform, MessageZH: "说明", MessageEN: "note"}}}),
		verdictMessage(t, event.Verdict{Submission: "b", Area: "320804", Dataset: "sti-annual", Outcome: event.AllAccepted, Sequence: 2, ReceivedAt: receivedAt, DecidedAt: receivedAt, Rows: 1, Accepted: 1}),
	}
	total := event.Total{
		Indicator: "hnte_valid", Value: "582", Unit: "家", Stage: "estimate", Status: "A", Qualifier: "about",
		Change: "4.676258992806", ChangeKind: "percent", ChangeAbsolute: "26", Expected: 2, Missing: []string{"320804"},
		Inputs: event.NewInputs(event.Input{Area: "320812", Indicator: "hnte_valid", Value: value(t, "582"), Stage: catalogue.Estimate, Qualifier: catalogue.About,
			Submission: event.SubmissionID{0xa}, Sequence: 1, Period: period(t, "2021-YTD06"), Subtracted: true}),
		Flags: []string{event.Derived},
	}
	totals = []stream.Message{
		totalsMessage(t, event.TotalsBatch{Basis: 2, Trigger: event.ByStream, Catalogue: "v1", Period: "2021", Totals: []event.Total{total,
			{Indicator: "rd", Unit: "亿元", Status: "O", ChangeKind: "percent", ChangeReason: "BASE_MISSING", Expected: 2, Missing: []string{"320804", "320812"}, Publishable: true}}}),
		runMessage(t, event.Run{ID: "r1", Schedule: "nightly", Trigger: event.BySchedule, Slot: receivedAt, StartedAt: receivedAt, FinishedAt: receivedAt.Add(1500 * time.Millisecond), Basis: 2, Cells: 2, Changed: 1}),
		runMessage(t, event.Run{ID: "r2", Schedule: "manual", Trigger: event.ByManual, StartedAt: receivedAt, FinishedAt: receivedAt, Problem: "gave up"}),
	}
	return accepted, verdicts, totals
}

func TestRedeliveryChangesNoAnswer(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	accepted, verdicts, totals := everything(t)
	putAll := func() {
		put(t, s, &observationBlock{}, 1, accepted...)
		put(t, s, &verdictBlock{}, 1, verdicts...)
		put(t, s, &totalsBlock{}, 1, totals...)
	}
	putAll()
	before := snapshot(t, s)
	for _, view := range []string{"submissions", "findings", "observations", "observations_latest", "totals", "totals_latest", "runs"} {
		if strings.Count(before[view], "\n") < 2 {
			t.Errorf("%s is empty", view)
		}
	}
	putAll()
	put(t, s, &observationBlock{}, 2, accepted[1]) // in a batch of its own
	put(t, s, &totalsBlock{}, 1, totals[0])
	if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
		t.Errorf("redelivery changed answers (-before +after):\n%s", diff)
	}
	if err := s.conn.Exec(t.Context(), "OPTIMIZE TABLE observations_data FINAL"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
		t.Errorf("a merge changed answers (-before +after):\n%s", diff)
	}
}

func TestRepublishedBatchCollapses(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	accepted, _, _ := everything(t)
	put(t, s, &observationBlock{}, 1, accepted...)
	put(t, s, &observationBlock{}, 10, accepted...)
	if got := query(t, s, "SELECT sequence, count() AS n FROM observations GROUP BY sequence ORDER BY sequence"); got != "sequence,n\n1,2\n2,1\n3,1\n" {
		t.Error(got)
	}
}

func TestViewsShowWhatWasPublished(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	accepted, verdicts, totals := everything(t)
	put(t, s, &observationBlock{}, 1, accepted...)
	put(t, s, &verdictBlock{}, 1, verdicts...)
	put(t, s, &totalsBlock{}, 1, totals...)
	for name, tt := range map[string]struct{ sql, want string }{
		"observations keep every vintage": {
			"SELECT sequence, value, stage, status, qualifier, note, raw, row, accepted_sequence FROM observations WHERE area = '320812' AND indicator = 'hnte_valid' ORDER BY sequence",
			"sequence,value,stage,status,qualifier,note,raw,row,accepted_sequence\n1,120,estimate,A,about,初步,１２０,2,1\n3,999999999999999999,final,A,,,,2,2\n"},
		"the highest stage is the latest": {
			"SELECT area, value, stage FROM observations_latest WHERE indicator = 'hnte_valid' AND period = '2021'",
			"area,value,stage\n320812,999999999999999999,final\n"},
		"a missing value is NULL, never zero": {
			"SELECT value IS NULL AS missing, status FROM observations WHERE indicator = 'rd' AND area = '320812'", "missing,status\n1,O\n"},
		"the smallest value is exact; periods have days": {
			"SELECT value, year, period_start, period_end, via, by, file, received_at FROM observations WHERE area = '320804'",
			"value,year,period_start,period_end,via,by,file,received_at\n-0.000000000001,2021,2021-01-01,2021-06-30,http,district 320804,表.csv,2022-01-15T08:30:00.123Z\n"},
		"findings have their place": {
			"SELECT submission, number, code, severity, row, column, seen, message_zh FROM findings ORDER BY number",
			"submission,number,code,severity,row,column,seen,message_zh\na,1,VALUE_NOT_A_NUMBER,reject,4,value,\"x,\"\"y\"\"\n\",不是数字\na,2,NOTE,inform,0,,,说明\n"},
		"submissions": {
			"SELECT id, outcome, rows, accepted, rejected, repeated FROM submissions ORDER BY id", "id,outcome,rows,accepted,rejected,repeated\na,partial,3,2,1,false\nb,accepted,1,1,0,false\n"},
		"totals name their inputs": {
			"SELECT value, change, have, expected, missing, inputs[1].submission AS from, inputs[1].value AS part, inputs[1].period AS of, inputs[1].subtracted AS minus, flags FROM totals WHERE indicator = 'hnte_valid'",
			"value,change,have,expected,missing,from,part,of,minus,flags\n582,4.676258992806,1,2,['320804'],0a000000000000000000000000000000,582,2021-YTD06,true,['DERIVED']\n"},
		"runs": {
			"SELECT id, slot, duration_seconds, problem FROM runs ORDER BY id", "id,slot,duration_seconds,problem\nr1,2022-01-15T08:30:00.123Z,1.5,\nr2,,0,gave up\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, query(t, s, tt.sql)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A command whose acknowledgement was lost is carried out again, and its run is recorded
// again; the view shows one run.
func TestRunIsShownOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	r := event.Run{ID: "r", Schedule: "nightly", StartedAt: receivedAt, FinishedAt: receivedAt, Changed: 3}
	again := r
	again.Changed = 0
	put(t, s, &totalsBlock{}, 1, runMessage(t, r), runMessage(t, again))
	if got := query(t, s, "SELECT id, changed, sequence FROM runs"); got != "id,changed,sequence\nr,3,1\n" {
		t.Errorf("runs: %s", got)
	}
}

func TestLaterVerdictReplacesFindings(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	v := event.Verdict{Submission: "a", Area: "1", Dataset: "d", Sequence: 7, ReceivedAt: receivedAt, DecidedAt: receivedAt, Rows: 1, RejectedRows: 1,
		Outcome: event.Rejected, Findings: []event.Finding{{Code: "OLD"}, {Code: "OLD"}}}
	put(t, s, &verdictBlock{}, 1, verdictMessage(t, v))
	v.Findings = []event.Finding{{Code: "NEW"}}
	put(t, s, &verdictBlock{}, 2, verdictMessage(t, v))
	if got := query(t, s, "SELECT code FROM findings"); got != "code\nNEW\n" {
		t.Errorf("findings: %s", got)
	}
}

// The views choose the same best vintage as the ledger, in whatever order, batches and
// repetitions the vintages arrive, and none where that was withdrawn.
//
// Rules: best vintage.
func TestLatestObservationIsTheBestVintage(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	type cell struct{ indicator, period, area string }
	for seed := range uint64(10) {
		if err := s.conn.Exec(t.Context(), "TRUNCATE TABLE observations_data"); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(seed, 0))
		pick := func(of ...string) string { return of[random.IntN(len(of))] }
		best, withdrawn := map[cell]ledger.Rank{}, map[cell]bool{}
		var messages []stream.Message
		for sequence := uint64(1); sequence <= 60; sequence++ {
			c := cell{pick("i", "j"), pick("2020", "2021-Q1"), pick("a", "b", "c")}
			v := ledger.Rank{Epoch: uint8(random.IntN(3)), Stage: catalogue.Stage(random.IntN(5)), Sequence: sequence}
			status := catalogue.Normal
			if random.IntN(5) == 0 {
				status = catalogue.Withdrawn
			}
			if b, ok := best[c]; !ok || v.Compare(b) > 0 {
				best[c], withdrawn[c] = v, status == catalogue.Withdrawn
			}
			messages = append(messages, acceptedMessage(t, submission(c.area, sequence, event.AcceptedObservation{
				Indicator: c.indicator, Period: period(t, c.period), Value: catalogue.Value{Coefficient: int64(sequence)}, Stage: v.Stage, Status: status, Epoch: v.Epoch,
			})))
		}
		for range 1 + random.IntN(3) {
			random.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
			cut := random.IntN(len(messages))
			put(t, s, &observationBlock{}, 1, messages[:cut]...)
			put(t, s, &observationBlock{}, 100, messages[cut:]...)
		}
		want := "indicator,period,area,stage,sequence,value\n"
		for _, c := range slices.SortedFunc(maps.Keys(best), func(a, b cell) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
			if withdrawn[c] {
				continue
			}
			want += fmt.Sprintf("%s,%s,%s,%s,%d,%d\n", c.indicator, c.period, c.area, best[c].Stage, best[c].Sequence, best[c].Sequence)
		}
		got := query(t, s, "SELECT indicator, period, area, stage, sequence, value FROM observations_latest ORDER BY ALL")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// The latest total has the highest basis, then the highest sequence; where that says that
// the total no longer follows, there is none.
func TestLatestTotalHasTheHighestBasisThenSequence(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	withdrawn := event.Total{Indicator: "gone", Status: catalogue.Withdrawn.String()}
	put(t, s, &totalsBlock{}, 20, totalsMessage(t, event.TotalsBatch{Basis: 5, Period: "2021", Totals: []event.Total{withdrawn}}))
	put(t, s, &totalsBlock{}, 30, totalsMessage(t, event.TotalsBatch{Basis: 4, Period: "2021", Totals: []event.Total{{Indicator: "gone", Value: "1"}}}))
	at := func(basis uint64, value string) stream.Message {
		return totalsMessage(t, event.TotalsBatch{Basis: basis, Period: "2021", Totals: []event.Total{{Indicator: "i", Value: value, Missing: []string{}}}})
	}
	// Sequences 5 to 7 come before 1 to 3, as they may when messages are delivered again.
	put(t, s, &totalsBlock{}, 5, at(8, "1"), at(9, "2.50"), at(3, "3"))
	put(t, s, &totalsBlock{}, 1, at(9, "4"), at(7, "5"), at(8, "6"))
	waiting := event.Total{Indicator: "held", Expected: 3, Missing: []string{"a", "b"}, Held: &event.TotalWithHeld{Holds: []string{"7.1"}, Areas: []string{"a", "c"}}}
	put(t, s, &totalsBlock{}, 30, totalsMessage(t, event.TotalsBatch{Basis: 9, Period: "2022", Totals: []event.Total{waiting}}))
	if got := query(t, s, "SELECT have, missing, held_areas FROM totals_latest WHERE period = '2022'"); got != "have,missing,held_areas\n1,['b'],\"['a', 'c']\"\n" {
		t.Errorf("a missing area whose figure is held: %s", got)
	}
	if of, err := s.LatestTotals(t.Context(), 2022, ""); err != nil || len(of) != 1 || slices.Contains(waiting.Differing(&shownOf(of).Total), "missing") {
		t.Errorf("held against the log: %+v, %v", of, err)
	}
	latest, err := s.LatestTotals(t.Context(), 2021, "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[reconcile.TotalKey]reconcile.ShownTotal{
		{Indicator: "i", Period: "2021"}: {Total: event.Total{Indicator: "i", Value: "2.5", Missing: []string{}, Flags: []string{}}, Basis: 9},
	}
	if diff := cmp.Diff(want, latest); diff != "" {
		t.Error(diff)
	}
	if got := query(t, s, "SELECT count() AS n FROM totals"); got != "n\n9\n" {
		t.Errorf("versions: %s", got)
	}
	none, err := s.LatestTotals(t.Context(), 2021, "other")
	if err != nil || len(none) != 0 {
		t.Errorf("another indicator's totals: %v, %v", none, err)
	}
}

// shownOf returns the only total.
func shownOf(of map[reconcile.TotalKey]reconcile.ShownTotal) *reconcile.ShownTotal {
	for _, t := range of {
		return &t
	}
	return nil
}

// A filter on a latest view has to use the primary key; otherwise the whole table is read. Figures
// are read without asking who set them, which takes windows over all vintages.
func TestLatestViewsReadOnlyWhatIsAsked(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var rows []event.AcceptedObservation
	for i := range 60_000 {
		rows = append(rows, event.AcceptedObservation{Indicator: fmt.Sprintf("i%02d", i%60), Period: catalogue.Period{Year: int16(1950 + i/60%200), Kind: catalogue.Year}, Value: catalogue.Value{Coefficient: 1}})
	}
	put(t, s, &observationBlock{}, 1, acceptedMessage(t, submission("a", 1, rows...)))
	for _, view := range []string{"observations", "observations_latest"} {
		plan := query(t, s, "EXPLAIN indexes = 1 SELECT value FROM "+view+" WHERE indicator = 'i07' AND period = '2001'")
		if !strings.Contains(plan, "Granules: 1/") {
			t.Errorf("%s does not use the key:\n%s", view, plan)
		}
	}
	for columns, windows := range map[string]bool{"indicator, period, area, year, value, unit, epoch, stage, status, qualifier": false, "submission": true} {
		if plan := query(t, s, "EXPLAIN SELECT "+columns+" FROM observations_latest"); strings.Contains(plan, "Window") != windows {
			t.Errorf("observations_latest asks who set the figures for %s: %t, want %t:\n%s", columns, !windows, windows, plan)
		}
	}
}

// A flush of any size becomes one part of the table. Only then do readers see all of it or
// nothing.
func TestLargeFlushIsOneInsert(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"clickhouse", "http"} {
		t.Run(scheme, func(t *testing.T) {
			s := newStore(t)
			writer := s
			if scheme == "http" {
				writer = overHTTP(t, s.database)
			}
			inputs := make([]event.Input, 3)
			for i := range inputs {
				inputs[i] = event.Input{Area: fmt.Sprint(320800 + i), Indicator: "i", Value: value(t, "1234.56"), Stage: catalogue.Final, Sequence: uint64(i)}
			}
			block := &totalsBlock{}
			const totals = 70_000 // more than any default size of a block of rows
			for i := range totals / 10_000 {
				batch := event.TotalsBatch{Basis: 1, Part: i + 1, Parts: totals / 10_000, Period: "2021"}
				for j := range 10_000 {
					batch.Totals = append(batch.Totals, event.Total{Indicator: fmt.Sprint(i*10_000 + j), Value: "1", Inputs: event.NewInputs(inputs...)})
				}
				m := totalsMessage(t, batch)
				if err := block.addPart(m.Subject, m.Body, uint64(i+1)); err != nil {
					t.Fatal(err)
				}
			}
			if block.incomplete() {
				t.Error("the flush counts as open")
			}
			if err := block.store(t.Context(), writer); err != nil {
				t.Fatal(err)
			}
			if got := query(t, s, "SELECT count() AS n, uniqExact(_part) AS parts FROM totals_data"); got != fmt.Sprintf("n,parts\n%d,1\n", totals) {
				t.Errorf("stored as %s", got)
			}
		})
	}
}

// An insert in several pieces becomes one part of the table, so that readers never see half
// of it.
func TestInsertOfManyPiecesIsOnePart(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var submissions []event.AcceptedSubmission
	for n := range uint64(2*submissionsInPiece + 1) {
		o := event.AcceptedObservation{Indicator: "gdp", Unit: "亿元", Period: period(t, "2021"), Value: value(t, "1"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1}
		if n == submissionsInPiece {
			o.Note = "only here"
		}
		submissions = append(submissions, submission("320812", n+1, o))
	}
	put(t, s, &observationBlock{}, 1, acceptedMessage(t, submissions...))
	totals := make([]event.Total, 2*totalsInPiece+1)
	for i := range totals {
		totals[i] = event.Total{Indicator: fmt.Sprint("i", i), Value: "1"}
	}
	put(t, s, &totalsBlock{}, 1, totalsMessage(t, event.TotalsBatch{Period: "2021", Totals: totals}))
	want := fmt.Sprintf("table,rows,parts\nobservations_data,%d,1\ntotals_data,%d,1\n", len(submissions), len(totals))
	got := query(t, s, `SELECT table, sum(rows) AS rows, count() AS parts FROM system.parts
		WHERE database = currentDatabase() AND active AND table IN ('observations_data', 'totals_data') GROUP BY table ORDER BY table`)
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := query(t, s, "SELECT sequence, note FROM observations WHERE note != ''"); got != fmt.Sprintf("sequence,note\n%d,only here\n", submissionsInPiece+1) {
		t.Errorf("the note was shown as %s", got)
	}
}
