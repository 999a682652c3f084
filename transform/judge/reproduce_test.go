package judge

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// Judging everything again gives every verdict once more, byte for byte, from the log
// alone: each at the place that the verdict names, whatever was judged together and by
// whichever of several validators, with locks and reopenings between.
//
// Rules: verdict final.
func TestJudgingAgainGivesTheSameVerdicts(t *testing.T) {
	f := newFinality(t)
	c := rosterCatalogue(t, "first_reported")
	f.of = c
	set := shippedRules(t, c)
	validators := [...]*Validator{f.validator(), f.validator()}
	for _, v := range validators {
		v.rules = set
		fixture.Run(t, v.Run)
	}
	random := rand.New(rand.NewPCG(3, 4))
	one := func(list ...string) string { return list[random.IntN(len(list))] }
	const submissions = 150
	for n := range submissions {
		s := event.Submission{Area: one("901", "902", "907"), Dataset: "annual"}
		if random.IntN(2) == 0 {
			s.Reason = "revised"
		}
		if random.IntN(3) == 0 {
			s.Dataset = "roster"
			period, first := one("2020", "2021"), random.IntN(8)
			for i := range 1 + random.IntN(8) {
				o := row(first + i)
				o.Period, o.EntityName, o.Action = period, one("甲", "乙"), one("", "", "", "D")
				s.Observations = append(s.Observations, o)
			}
		}
		for range 1 + random.IntN(4) {
			o := fixture.Figure(one("gdp", "gdp", "rd", "enterprises", "balance", "gpd"), one("2018", "2019", "2020", "2021"),
				one("100", "103.5", "97", "87.5", "1040000", "310", "-4", "", "0", "100", "x"))
			o.Stage, o.Action = one("", "flash", "estimate", "final"), one("", "", "", "", "", "", "D")
			if o.Action != "" {
				o.Value = ""
			}
			if s.Dataset == "annual" {
				s.Observations = append(s.Observations, o)
			}
		}
		role := map[bool]string{true: "bureau"}[random.IntN(5) == 0]
		if _, err := f.log.Publish(t.Context(), stream.Message{Subject: "submissions." + s.Area + "." + s.Dataset, Body: []byte(encoded(t, s)), Header: map[string]string{event.RoleHeader: role}}); err != nil {
			t.Fatal(err)
		}
		if n%40 == 20 {
			f.acknowledged() // what came while the last decision held is judged under it
			f.decide(validators[0], []event.DecisionKind{event.Lock, event.Unlock, event.Reopen}[n/40%3])
		}
		if n == 70 {
			stricter := strings.Replace(set.Text(), `thresholds: {rise: "1.5", fall: "2", slip`, `thresholds: {rise: "1.4", fall: "2", slip`, 1)
			f.adoptRules(validators[0], stricter)
		}
		if n%12 == 11 {
			f.decideHeld(validators[0], []event.DecisionKind{event.ExplainHeld, event.ReleaseHeld, event.RefuseHeld}[n/12%3])
		}
	}
	f.acknowledged()

	var accepted []stream.Delivery
	deliveries := map[uint64]stream.Delivery{}
	collect := func(name string, add func(stream.Delivery)) {
		last, err := f.log.LastSequence(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		fixture.Await(t, f.log, name, "its end", func(d stream.Delivery) bool { add(d); return d.Sequence == last })
	}
	collect(stream.Accepted, func(d stream.Delivery) { accepted = append(accepted, d) })
	collect(stream.Submissions, func(d stream.Delivery) { deliveries[d.Sequence] = d })
	var verdicts []event.Verdict
	for _, on := range f.verdicts() {
		verdicts = append(verdicts, on...)
	}
	if len(verdicts) != submissions {
		t.Fatalf("%d verdicts on %d submissions", len(verdicts), submissions)
	}
	slices.SortFunc(verdicts, func(a, b event.Verdict) int {
		return cmp.Or(cmp.Compare(a.Basis, b.Basis), cmp.Compare(a.Sequence, b.Sequence))
	})
	again := &Validator{log: f.log, ledger: ledger.New(c), rules: set, now: validators[0].now}
	states := map[uint64]*batchState{}
	byRules, byCode, versions := map[string]int{}, map[string]int{}, map[string]bool{}
	for i := range verdicts {
		was := &verdicts[i]
		for len(accepted) > 0 && accepted[0].Sequence <= was.Basis {
			batch, err := event.DecodeAccepted(accepted[0].Body)
			if err == nil {
				err = again.ledger.Apply(accepted[0].Sequence, accepted[0].Subject, batch)
			}
			if err != nil {
				t.Fatal(err)
			}
			accepted = accepted[1:]
		}
		if states[was.Batch] == nil {
			states[was.Batch] = newBatchState(again.ledger)
		}
		judged, _, err := again.judgeAll(t.Context(), []received{readSubmission(deliveries[was.Sequence])}, states[was.Batch])
		if err != nil {
			t.Fatal(err)
		}
		is := judged[0]
		// When it was decided, and where its rows are stored, say nothing about what was decided.
		is.DecidedAt, is.AcceptedSequence, is.Batch = was.DecidedAt, was.AcceptedSequence, was.Batch
		if want, got := encoded(t, was), encoded(t, &is); want != got {
			t.Fatalf("verdict on %d, judged at %d with those from %d:\n%s\njudged again:\n%s", was.Sequence, was.Basis, was.Batch, want, got)
		}
		versions[was.Rules] = true
		for _, finding := range was.Findings {
			byRules[finding.Rule]++
			byCode[finding.Code]++
		}
	}
	if len(versions) != 2 || !versions[set.Version()] {
		t.Errorf("versions of the rules %v, want those before and after others came into force", versions)
	}
	if byRules[""] == 0 || byCode["LOCKED_REVISION"] == 0 || byCode["STILL_HELD"]+byCode["HELD_SUPERSEDED"] == 0 || byCode["OVER_CORRECTION"] == 0 {
		t.Errorf("findings %v: want figures that are held by a lock, and held ones that are sent again or superseded", byCode)
	}
	for _, rule := range []string{"whole_number", "unit_slip", "large_change", "final_against_flash", "zone_above_host"} {
		if byRules[rule] == 0 {
			t.Errorf("no finding by the rule %s: %v", rule, byRules)
		}
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// fixtureNow is when everything is judged.
func fixtureNow() time.Time { return time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC) }
