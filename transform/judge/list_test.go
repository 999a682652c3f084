package judge

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// rosterCase judges submissions one after another and folds in what is accepted.
type rosterCase struct {
	*testing.T
	catalogue *catalogue.Catalogue
	ledger    *ledger.Ledger
	sequence  uint64
}

func newRosterCase(t *testing.T, rule string) *rosterCase {
	c := rosterCatalogue(t, rule)
	return &rosterCase{t, c, ledger.New(c), 0}
}

// rosterCatalogue returns a catalogue with a list.
func rosterCatalogue(t *testing.T, rule string) *catalogue.Catalogue {
	return fixture.CatalogueWith(t, "  - {id: hnte, name_zh: 高企, name_en: HNTE, unit: 家, kind: stock, city_total: distinct, counts_for: "+rule+", datasets: [annual, roster]}\n",
		"  - {id: roster, name_zh: 名单, name_en: Roster, rows: entities, periods: [year]}\n")
}

func (c *rosterCase) received(area, dataset string, rows ...event.Observation) *received {
	c.Helper()
	c.sequence++
	body, err := json.Marshal(event.Submission{Area: area, Dataset: dataset, Observations: rows})
	if err != nil {
		c.Fatal(err)
	}
	r := readSubmission(stream.Undelivered(stream.Message{Subject: "submissions." + area + "." + dataset, Body: body}, c.sequence, time.Date(2022, 3, 1, 0, 0, 0, 0, time.UTC)))
	return &r
}

func (c *rosterCase) fold(r *received, accepted []event.AcceptedObservation) {
	c.Helper()
	if len(accepted) > 0 {
		if err := c.ledger.Apply(c.sequence, acceptedSubject(r), &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{acceptedSubmission(r, accepted, nil)}}); err != nil {
			c.Fatal(err)
		}
	}
}

// sent returns what is found about a submission, and its effects, and folds it in.
func (c *rosterCase) sent(area, dataset string, rows ...event.Observation) (codes, effects []string, found []event.Finding) {
	c.Helper()
	r := c.received(area, dataset, rows...)
	result := (&checks{catalogue: c.catalogue}).apply(r, newBatchState(c.ledger), nil)
	c.fold(r, result.accepted)
	for _, f := range result.findings {
		codes = append(codes, f.Code)
	}
	for i := range result.effects.of {
		if n := result.effects.of[i].count; n > 0 {
			effects = append(effects, string(allEffects[i]))
		}
	}
	return codes, effects, result.findings
}

func (c *rosterCase) parts() (text string) {
	for _, p := range c.ledger.AppendParts(nil, ledger.Cell{Indicator: "hnte", Period: fixture.Period("2021")}) {
		text += p.Area + "=" + p.Value.String() + " "
	}
	return strings.TrimSpace(text)
}

func row(n int, change ...func(*event.Observation)) event.Observation {
	o := event.Observation{Period: "2021", Listing: &event.Listing{Entity: tallytest.EntityCode(n), EntityName: "企业", ValidFrom: "2020-01-01", ValidTo: "2022-12-31"}}
	for _, f := range change {
		f(&o)
	}
	return o
}

// Each row of a list is answered by itself, with what is wrong in words; a good list after
// them is taken.
func TestListRefusals(t *testing.T) {
	c := newRosterCase(t, "first_reported")
	for code, o := range map[string]event.Observation{
		"ENTITY_CODE_INVALID":      row(1, func(o *event.Observation) { o.Entity = "91000000X0000000IO" }),
		"ENTITY_NAME_MISSING":      row(1, func(o *event.Observation) { o.EntityName = " " }),
		"DAY_INVALID":              row(1, func(o *event.Observation) { o.ValidTo = "2021-02-30" }),
		"VALIDITY_REVERSED":        row(1, func(o *event.Observation) { o.ValidTo = "2019" }),
		"REGISTERED_AREA_UNKNOWN":  row(1, func(o *event.Observation) { o.RegisteredArea = "某区" }),
		"LIST_TAKES_NO_FIGURE":     row(1, func(o *event.Observation) { o.Value = "7" }),
		"STATUS_CONTRADICTS_VALUE": row(1, func(o *event.Observation) { o.Status = "O" }),
		"ACTION_UNKNOWN":           row(1, func(o *event.Observation) { o.Action = "X" }),
		"TEXT_TOO_LONG":            row(1, func(o *event.Observation) { o.EntityName = strings.Repeat("长", 100) }),
		"TEXT_CONTROL":             row(1, func(o *event.Observation) { o.EntityName = "a\x1bb" }),
		"PERIOD_NOT_IN_DATASET":    row(1, func(o *event.Observation) { o.Period = "2021-Q1" }),
		"PERIOD_INVALID":           row(1, func(o *event.Observation) { o.Period = "" }),
	} {
		if codes, effects, found := c.sent("901", "roster", o, row(2)); !slices.Contains(codes, code) || !slices.Contains(effects, "refused") || found[0].MessageZH == "" || found[0].MessageEN == "" {
			t.Errorf("want %s, got %v %v", code, codes, effects)
		}
	}
	// One row with several faults is told all of them, so that it is mended in one go.
	codes, _, _ := c.sent("901", "roster", row(1, func(o *event.Observation) { o.Entity, o.EntityName, o.ValidTo = "91000000X0000000IO", "", "三年" }))
	if slices.Sort(codes); !slices.Equal(codes, []string{"DAY_INVALID", "ENTITY_CODE_INVALID", "ENTITY_NAME_MISSING"}) {
		t.Errorf("three faults in one row: told %v", codes)
	}
	// A list that is sent as figures is told so once, with where it belongs.
	if codes, _, found := c.sent("901", "annual", row(1), row(2), row(3)); !slices.Equal(codes, []string{"DATASET_TAKES_FIGURES"}) || !strings.Contains(found[0].MessageZH, "请选“") {
		t.Errorf("a list as figures: %v", found)
	}
	if codes, _, _ := c.sent("901", "annual", row(1, func(o *event.Observation) { o.Indicator = "hnte" })); !slices.Equal(codes, []string{"DATASET_TAKES_FIGURES"}) {
		t.Errorf("a list in a dataset of figures: %v", codes)
	}
	if codes, effects, _ := c.sent("901", "roster", row(1), row(2)); len(codes) != 0 || !slices.Equal(effects, []string{"new", "unchanged"}) || c.parts() != "901=2" {
		t.Errorf("after those: %v %v, %s", codes, effects, c.parts())
	}
}

// An entity that two areas list counts once: for the first, until that withdraws it. The
// later one is told, with both. Lists go before figures, and both are told where they differ.
//
// Rules: distinct.
func TestListsOfTwoAreas(t *testing.T) {
	c := newRosterCase(t, "first_reported")
	figure := fixture.Figure("hnte", "2021", "2")
	figure.Unit = "家"
	withdrawn := func(o *event.Observation) { o.Action = "D"; o.EntityName, o.ValidFrom, o.ValidTo = "", "", "" }
	registered := func(o *event.Observation) { o.RegisteredArea = "902" }
	for _, step := range []struct {
		area, dataset  string
		rows           []event.Observation
		codes, effects string
		parts          string
	}{
		{"901", "annual", []event.Observation{figure}, "", "new", "901=2"},
		{"901", "roster", []event.Observation{row(1), row(2)}, "", "new", "901=2"},
		{"902", "roster", []event.Observation{row(2), row(3), row(4, func(o *event.Observation) { o.ValidTo = "2021-12-30" })}, "ENTITY_CLAIMED_TWICE ENTITY_NOT_VALID", "new", "901=2 902=1"},
		{"901", "roster", []event.Observation{row(2, func(o *event.Observation) { o.EntityName = "新名" })}, "LIST_LEAVES_OUT ENTITY_CLAIMED_TWICE", "changed", "901=2 902=1"},
		{"901", "roster", []event.Observation{row(2, withdrawn)}, "LIST_AND_COUNT_DIFFER", "withdrawn", "901=1 902=2"},
		{"901", "roster", []event.Observation{row(2)}, "LIST_LEAVES_OUT ENTITY_CLAIMED_TWICE", "new", "901=1 902=2"},
		{"902", "annual", []event.Observation{figure}, "", "new", "901=1 902=2"},
		{"902", "annual", []event.Observation{func() event.Observation { f := figure; f.Value = "9"; return f }()}, "LIST_AND_COUNT_DIFFER", "changed", "901=1 902=2"},
		{"901", "roster", []event.Observation{row(8, registered)}, "LIST_AND_COUNT_DIFFER LIST_LEAVES_OUT ENTITY_REGISTERED_ELSEWHERE", "new", "901=2 902=2"},
		{"902", "roster", []event.Observation{row(5)}, "LIST_AND_COUNT_DIFFER LIST_LEAVES_OUT LISTED_BY_OTHERS", "new", "901=2 902=3"},
		{"902", "roster", []event.Observation{row(8)}, "LIST_AND_COUNT_DIFFER LIST_LEAVES_OUT ENTITY_CLAIMED_TWICE", "new", "901=2 902=3"},
		{"902", "roster", []event.Observation{row(5, withdrawn), row(8, withdrawn)}, "LIST_AND_COUNT_DIFFER", "withdrawn", "901=2 902=2"},
		{"901", "roster", []event.Observation{row(8, withdrawn)}, "", "withdrawn", "901=1 902=2"},
		{"901", "roster", []event.Observation{row(7, withdrawn)}, "NOTHING_TO_WITHDRAW SUBMISSION_EMPTY", "silent", "901=1 902=2"},
	} {
		codes, effects, found := c.sent(step.area, step.dataset, step.rows...)
		if strings.Join(codes, " ") != step.codes || strings.Join(effects, " ") != step.effects || c.parts() != step.parts {
			t.Errorf("%s %v:\n%v %v %s, want\n%v %v %s", step.area, step.rows, codes, effects, c.parts(), step.codes, step.effects, step.parts)
		}
		for _, f := range found {
			if f.Code == "ENTITY_CLAIMED_TWICE" && (!strings.Contains(f.MessageZH, "全市只计一次") || !strings.Contains(f.MessageEN, "for "+map[bool]string{true: "A", false: "B"}[strings.HasPrefix(c.parts(), "901=2")])) {
				t.Errorf("%s", f.MessageEN)
			}
		}
	}
}

// What a later list leaves out stays in force, and is told by name, whether the list before
// is in the ledger or in the same batch; what is withdrawn is not told again.
//
// Rules: distinct, silence.
func TestListLeavesOut(t *testing.T) {
	c := newRosterCase(t, "first_reported")
	c.sent("901", "roster", row(1), row(2), row(3), row(4))
	withdrawn := func(o *event.Observation) { o.Action, o.EntityName, o.ValidFrom, o.ValidTo = "D", "", "", "" }
	codes, _, found := c.sent("901", "roster", row(1), row(3, withdrawn), row(5))
	if !slices.Equal(codes, []string{"LIST_LEAVES_OUT"}) || c.parts() != "901=4" {
		t.Fatalf("%v, %s", codes, c.parts())
	}
	f := found[0]
	for _, n := range []int{2, 4} {
		if !strings.Contains(f.MessageZH, tallytest.EntityCode(n)) || !strings.Contains(f.MessageEN, tallytest.EntityCode(n)) {
			t.Errorf("entity %d is not named: %s", n, f.MessageEN)
		}
	}
	if f.Severity != event.Inform || f.Period != "2021" || f.Indicator != "hnte" || !strings.Contains(f.MessageEN, "in force, 2:") || strings.Contains(f.MessageEN, "others") {
		t.Errorf("%+v", f)
	}
	if codes, _, _ := c.sent("901", "roster", row(2, withdrawn)); len(codes) != 0 {
		t.Errorf("a withdrawal alone: %v", codes)
	}
	state := newBatchState(c.ledger)
	judge := func(rows ...event.Observation) []event.Finding {
		r := c.received("901", "roster", rows...)
		result := (&checks{catalogue: c.catalogue}).apply(r, state, nil)
		state.add(r, &judgement{accepted: slices.Clone(result.accepted)})
		return result.findings
	}
	judge(row(1), row(4), row(5), row(6))
	found = judge(row(1), row(4), row(5))
	if len(found) != 1 || !strings.Contains(found[0].MessageEN, "in force, 1:") || !strings.Contains(found[0].MessageEN, tallytest.EntityCode(6)) {
		t.Errorf("in a batch: %+v", found)
	}
}

// Under the other rule the registered address decides, where its area lists the entity.
//
// Rules: distinct.
func TestRegisteredAddressDecides(t *testing.T) {
	c := newRosterCase(t, "registered_address")
	at := func(area string) func(*event.Observation) {
		return func(o *event.Observation) { o.RegisteredArea = area }
	}
	c.sent("901", "roster", row(1, at("乙区")), row(2, at("906")), row(3))
	codes, _, found := c.sent("902", "roster", row(1), row(2), row(3))
	if want := []string{"ENTITY_CLAIMED_TWICE", "ENTITY_CLAIMED_TWICE", "ENTITY_CLAIMED_TWICE"}; !slices.Equal(codes, want) || c.parts() != "901=2 902=1" {
		t.Errorf("%v, %s", codes, c.parts())
	}
	if !strings.HasSuffix(found[0].MessageEN, "for B") || !strings.HasSuffix(found[1].MessageEN, "for A") {
		t.Errorf("%s; %s", found[0].MessageEN, found[1].MessageEN)
	}
}

// Without a reason no list alters the total of a locked period, or one whose base it is; with
// one it is held. What is foreseen of lists is what comes about.
//
// Rules: lock.
func TestListsUnderALock(t *testing.T) {
	c := newRosterCase(t, "first_reported")
	c.sent("901", "roster", row(1))
	c.sequence++
	if err := c.ledger.Apply(c.sequence, DecisionSubject, &event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Lock, Period: "2021"}, {Kind: event.Lock, Period: "2022"}}}); err != nil {
		t.Fatal(err)
	}
	if codes, _, _ := c.sent("901", "roster", row(2)); !slices.Equal(codes, []string{"TOTAL_LOCKED"}) {
		t.Errorf("in the locked period: %v", codes)
	}
	renamed := row(1, func(o *event.Observation) { o.EntityName = "新企业" })
	if codes, effects, _ := c.sent("901", "roster", renamed); len(codes) != 0 || !slices.Equal(effects, []string{"changed"}) {
		t.Errorf("what moves no total: %v %v", codes, effects)
	}
	c.sent("901", "roster", row(1))
	if codes, effects, _ := c.sent("901", "roster", row(1)); len(codes) != 0 || !slices.Equal(effects, []string{"unchanged"}) {
		t.Errorf("the same again: %v %v", codes, effects)
	}
	r := c.received("902", "roster", row(1), row(2))
	r.submission.Reason = "经济普查"
	state := newBatchState(c.ledger)
	if held := (&checks{catalogue: c.catalogue}).apply(r, state, nil); len(held.accepted) > 0 || len(held.held) != 2 || held.held[1].Findings[0].Code != lockedRevisionCode {
		t.Errorf("with a reason: %+v", held)
	}
	r = c.received("902", "roster", row(1), row(2))
	r.submission.Reason, r.byBureau = "经济普查", true
	result := (&checks{catalogue: c.catalogue}).apply(r, state, nil)
	state.add(r, &result)
	var foreseen string
	c.ledger.Read(func(reading ledger.Reading) {
		for _, p := range state.figures(reading)[ledger.Cell{Indicator: "hnte", Period: fixture.Period("2021")}] {
			foreseen += p.Area + "=" + p.Value.String() + " "
		}
	})
	c.fold(r, result.accepted)
	if c.parts() != "901=1 902=1" || strings.TrimSpace(foreseen) != c.parts() {
		t.Errorf("with a reason: %s, foreseen %s", c.parts(), foreseen)
	}
}
