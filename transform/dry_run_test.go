package transform

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// unsent returns submissions as messages that are not in the log.
func unsent(t *testing.T, submissions ...event.Submission) (messages []stream.Message) {
	t.Helper()
	for _, s := range submissions {
		body, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, stream.Message{Subject: "submissions." + s.Area + "." + s.Dataset, Body: body})
	}
	return messages
}

// everyTotal returns every total of the ledger.
func everyTotal(c *catalogue.Catalogue, l *ledger.Ledger) map[ledger.Cell]*event.Total {
	of := map[ledger.Cell]*event.Total{}
	for _, total := range tally.All(c, l, tally.Affected(c, l, l.Cells())) {
		of[ledger.Cell{Indicator: total.Indicator, Period: total.Period}] = &total.Total
	}
	return of
}

// changesBetween returns the totals that differ, as a dry run tells them.
func changesBetween(before, after map[ledger.Cell]*event.Total) map[ledger.Cell]inquiry.TotalChange {
	changes := map[ledger.Cell]inquiry.TotalChange{}
	for cell, a := range before {
		if b := after[cell]; b == nil {
			changes[cell] = inquiry.TotalChange{Indicator: cell.Indicator, Period: cell.Period.String(), Unit: a.Unit, From: inquiry.TotalOf(a)}
		} else if !a.Equal(b) {
			changes[cell] = inquiry.TotalChange{Indicator: cell.Indicator, Period: cell.Period.String(), Unit: a.Unit, From: inquiry.TotalOf(a), To: inquiry.TotalOf(b)}
		}
	}
	for cell, b := range after {
		if before[cell] == nil {
			changes[cell] = inquiry.TotalChange{Indicator: cell.Indicator, Period: cell.Period.String(), Unit: b.Unit, To: inquiry.TotalOf(b)}
		}
	}
	return changes
}

// A dry run foretells the verdict of the submission that follows it, and every total that
// this moves and no other; and it stores nothing.
func TestDryRunForetells(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, _ := startTransform(t, log, c)
	withdraw := event.Observation{Indicator: "gdp", Period: "2021", Action: "D"}
	monthly := func(rows ...event.Observation) event.Submission {
		return event.Submission{Area: "901", Dataset: "monthly", Observations: rows}
	}
	for _, step := range []struct {
		name string
		s    event.Submission
	}{
		{"the first figures", fixture.From("901", fixture.Figure("gdp", "2021", "900"), fixture.Figure("rd", "2021", "9"), fixture.Figure("enterprises", "2021", "12"))},
		{"another area", fixture.From("902", fixture.Figure("gdp", "2021", "100"), fixture.Figure("rd", "2021", "近2"))},
		{"the year before, a base", fixture.From("901", fixture.Figure("gdp", "2020", "800"))},
		{"a change and a mistake", fixture.From("901", fixture.Figure("gdp", "2021", "950"), fixture.Figure("gdp", "2O20", "3"), fixture.Figure("rd", "2021", ""))},
		{"the same again", fixture.From("901", fixture.Figure("gdp", "2021", "950"), fixture.Figure("gdp", "2O20", "3"), fixture.Figure("rd", "2021", ""))},
		{"months that a year follows from", monthly(fixture.Figure("gdp", "2019-YTD12", "700"), fixture.Figure("gdp", "2019-01", "50"))},
		{"content that was superseded", fixture.From("901", fixture.Figure("gdp", "2021", "900"), fixture.Figure("rd", "2021", "9"), fixture.Figure("enterprises", "2021", "12"))},
		{"a withdrawal", fixture.From("901", withdraw)},
		{"a withdrawal of nothing", fixture.From("901", withdraw)},
		{"nothing readable", fixture.From("903", fixture.Figure("gdp", "2021", "x"))},
	} {
		awaitApplied(t, log, stage)
		before, statuses := everyTotal(c, stage.Ledger()), lastSequences(t, log)
		foreseen, err := inquiry.DryRun(t.Context(), log, unsent(t, step.s))
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if foreseen.Basis != stage.Ledger().Basis() {
			t.Errorf("%s: of place %d, and the ledger is at %d", step.name, foreseen.Basis, stage.Ledger().Basis())
		}
		if diff := cmp.Diff(statuses, lastSequences(t, log)); diff != "" {
			t.Fatalf("%s: the dry run has stored something: %s", step.name, diff)
		}
		verdict := judgedAs(t, log, step.s)
		awaitApplied(t, log, stage)
		alike := cmp.Options{cmpopts.IgnoreFields(event.Verdict{}, "Sequence", "Batch", "AcceptedSequence", "ReceivedAt", "DecidedAt"), cmpopts.EquateEmpty()}
		if diff := cmp.Diff([]event.Verdict{verdict}, foreseen.Verdicts, alike); diff != "" {
			t.Errorf("%s: the verdict is another than was foretold: %s", step.name, diff)
		}
		foretold := map[ledger.Cell]inquiry.TotalChange{}
		for _, change := range foreseen.Totals {
			foretold[ledger.Cell{Indicator: change.Indicator, Period: fixture.Period(change.Period)}] = change
		}
		if diff := cmp.Diff(changesBetween(before, everyTotal(c, stage.Ledger())), foretold, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: the totals move otherwise than was foretold: %s", step.name, diff)
		}
	}
}

// The submissions of one upload are judged one after the other, as they will be.
func TestDryRunOfSeveral(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)
	foreseen, err := inquiry.DryRun(t.Context(), log, unsent(t, gdp2021("900"), gdp2021("910"), fixture.From("902", fixture.Figure("gdp", "2021", "1"))))
	if err != nil {
		t.Fatal(err)
	}
	if len(foreseen.Verdicts) != 3 || len(foreseen.Verdicts[1].Changes) != 1 || foreseen.Verdicts[1].Changes[0].From.Value != "900" {
		t.Errorf("verdicts: %+v", foreseen.Verdicts)
	}
	if len(foreseen.Totals) == 0 || foreseen.Totals[0].From != nil || foreseen.Totals[0].To.Value != "911" {
		t.Errorf("totals: %+v", foreseen.Totals)
	}
}

// Without a transform stage there is no answer, and the error says so at once.
func TestDryRunWithoutTransform(t *testing.T) {
	began := time.Now()
	_, err := inquiry.DryRun(t.Context(), fixture.Log(t), unsent(t, gdp2021("900")))
	if !errors.Is(err, stream.ErrNobodyAnswers) || time.Since(began) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

// What is no question is refused, and the next one is answered.
func TestQuestionsAtFault(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)
	for _, request := range []string{"", "{", "\x28\xb5\x2f\xfd\x04\x00"} {
		if _, err := log.Ask(t.Context(), inquiry.DryRunSubject, []byte(request)); !event.IsPermanent(err) {
			t.Errorf("%q: %v", request, err)
		}
	}
	if _, err := inquiry.DryRun(t.Context(), log, nil); !event.IsPermanent(err) {
		t.Errorf("no messages: %v", err)
	}
	if _, err := inquiry.DryRun(t.Context(), log, unsent(t, gdp2021("900"))); err != nil {
		t.Error(err)
	}
}

// lastSequences returns where each stream ends, but for TOTALS, which follows later.
func lastSequences(t *testing.T, log *stream.Log) map[string]uint64 {
	t.Helper()
	statuses, err := log.Statuses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]uint64{}
	for _, s := range statuses {
		if s.Stream != stream.Totals {
			last[s.Stream] = s.Last
		}
	}
	return last
}
