package judge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
	"github.com/citytally/citytally/transform/tally"
)

// heldLists judges lists of 901 by holdRules.
type heldLists struct{ *holding }

func newHeldLists(t *testing.T) *heldLists {
	f := newFinality(t)
	f.of = rosterCatalogue(t, "first_reported")
	h := &heldLists{&holding{f, f.validator()}}
	var err error
	if h.v.rules, err = rules.Parse("rules", []byte(holdRules), f.of); err != nil {
		t.Fatal(err)
	}
	return h
}

// list is a list of 901 of the entities from one number up to another one.
func list(period string, from, to int, change ...func(*event.Submission)) event.Submission {
	s := event.Submission{Area: "901", Dataset: "roster"}
	for n := from; n <= to; n++ {
		o := row(n)
		o.Period, o.ValidFrom, o.ValidTo = period, "", ""
		s.Observations = append(s.Observations, o)
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func (h *heldLists) total(period string) *event.Total {
	h.t.Helper()
	cell := ledger.Cell{Indicator: "hnte", Period: fixture.Period(period)}
	total := tally.ByCell(h.of, h.v.ledger, []ledger.Cell{cell})[cell]
	if total == nil {
		h.t.Fatalf("%s has no total", period)
	}
	return total
}

func (h *heldLists) want(step string, v event.Verdict, effect event.Effect, rows int, code, value, withHeld string) {
	h.t.Helper()
	found := 0
	for _, f := range v.Findings {
		if f.Code == code {
			if found++; f.MessageZH == "" || f.MessageEN == "" || strings.Contains(f.MessageZH, "Roster") {
				h.t.Errorf("%s: %+v", step, f)
			}
		}
	}
	total := h.total("2021")
	held := ""
	if total.Held != nil {
		held = total.Held.Value
	}
	if v.CountOf(effect) != rows || code != "" && found == 0 || total.Value != value || held != withHeld {
		h.t.Fatalf("%s: %v, %q; total %q, with what is held %q; want %d %s, %s, %q and %q", step, v.Effects, codes(v), total.Value, held, rows, effect, code, value, withHeld)
	}
}

// A list whose count a rule holds is held as a whole, explained as a whole and told as one; rows
// that are reported anew leave it. What the bureau corrects in a list stands, what it refused
// stays refused, and a list under a lock waits for it. The total says meanwhile what it would be.
//
// Rules: effects.
func TestHeldLists(t *testing.T) {
	h := newHeldLists(t)
	h.judge(list("2020", 1, 1), "district")
	h.judge(list("2021", 1, 1), "district")
	v := h.judge(list("2021", 1, 12), "district")
	h.want("twelve times the year before", v, event.Held, 11, "TENFOLD", "1", "12")
	ids := h.total("2021").Held.Holds
	told := h.v.ledger.ToldHolds(h.v.ledger.Holds(func(*ledger.Hold) bool { return true }))
	if len(told) != 1 || told[0].Listed.Rows != 11 || told[0].Value != "12" || told[0].InForce.Value != "1" || !slices.Equal(ids, []string{told[0].ID}) {
		t.Fatalf("told %+v, the total names %v", told, ids)
	}
	h.want("the same again", h.judge(list("2021", 2, 12), "district"), event.Held, 11, stillHeldCode, "1", "12")
	h.want("a part that is not odd", h.judge(list("2021", 2, 6), "district"), event.New, 5, "HELD_SUPERSEDED", "6", "12")
	if err := h.act(event.ExplainHeld, district, "一批企业新认定", event.HoldID{Sequence: v.Sequence, Row: 9}); err != nil {
		t.Fatal(err)
	}
	if total := h.total("2021"); total.Value != "12" || total.Held != nil {
		t.Fatalf("after the explanation of one row: %+v", total)
	}

	withdrawn := func(s *event.Submission) { s.Observations[0].Action = "D" }
	renamed := func(s *event.Submission) { s.Observations[0].EntityName = "另一企业" }
	again := func(s *event.Submission) { s.Again = true }
	h.want("the bureau takes one off", h.judge(list("2021", 3, 3, withdrawn), "bureau"), event.WithdrewIt, 1, "", "11", "")
	h.want("the old list", h.judge(list("2021", 3, 3, again), "district"), event.Superseded, 1, correctedCode, "11", "")
	v = h.judge(list("2021", 3, 3, renamed), "district")
	h.want("a new statement of it", v, event.Held, 1, overCorrectionCode, "11", "12")
	if err := h.act(event.RefuseHeld, clerk, "未通过认定", event.HoldID{Sequence: v.Sequence, Row: 1}); err != nil {
		t.Fatal(err)
	}
	v = h.judge(list("2021", 3, 3, renamed, again), "district")
	h.want("the refused one again", v, event.Held, 1, heldRefusedCode, "11", "12")
	if err := h.act(event.ReleaseHeld, clerk, "已补证", event.HoldID{Sequence: v.Sequence, Row: 1}); err != nil {
		t.Fatal(err)
	}

	h.decide(h.v, event.Lock)
	h.want("a list under a lock", h.judge(list("2021", 13, 14), "district"), event.Refused, 2, "TOTAL_LOCKED", "12", "")
	v = h.judge(list("2021", 13, 14, func(s *event.Submission) { s.Reason = "漏报" }), "district")
	h.want("with a reason", v, event.Held, 2, lockedRevisionCode, "12", "14")

	// Another validator, which begins with the log, holds the same.
	h.v = h.validator()
	if total := h.total("2021"); total.Held == nil || total.Held.Value != "14" || fmt.Sprint(total.Held.Areas) != "[901]" {
		t.Fatalf("begun anew: %+v", total.Held)
	}
	if err := h.act(event.ReleaseHeld, clerk, "核实", event.HoldID{Sequence: v.Sequence, Row: 2}); err != nil {
		t.Fatal(err)
	}
	if total := h.total("2021"); total.Value != "14" || total.Held != nil {
		t.Fatalf("after the release: %+v", total)
	}
}

// judgeParts publishes a list in parts of so many rows, has each batch of so many parts judged by a
// validator of its own, and returns the verdicts.
func (h *heldLists) judgeParts(s event.Submission, rows, batch int) (verdicts []event.Verdict) {
	h.t.Helper()
	var all []event.Rows
	for from := 0; from < len(s.Observations); from += rows {
		chunk := s.Observations[from:min(from+rows, len(s.Observations))]
		for i := range chunk {
			chunk[i].Row = from + i + 1
		}
		text, err := json.Marshal(chunk)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, event.Rows{Count: len(chunk), JSON: text[1 : len(text)-1]})
	}
	parts, err := event.EncodeParts(event.Submission{Area: s.Area, Dataset: s.Dataset}, all)
	if err != nil {
		h.t.Fatal(err)
	}
	var messages []received
	for i := range parts {
		subject := "submissions." + s.Area + "." + s.Dataset
		at := fixture.SubmitRaw(h.t, h.log, subject, parts[i].Body)
		messages = append(messages, readSubmission(stream.Undelivered(stream.Message{Subject: subject, Body: parts[i].Body, Header: map[string]string{event.RoleHeader: "district", event.SubmissionHeader: parts[i].ID}}, at, time.Now())))
	}
	for of := range slices.Chunk(messages, batch) {
		set := h.v.rules
		h.v = h.validator()
		h.v.rules = set
		judged, err := h.v.accept(h.t.Context(), of, nil, stream.Refusals{})
		if err == nil {
			err = h.v.catchUp(h.t.Context())
		}
		if err != nil {
			h.t.Fatal(err)
		}
		verdicts = append(verdicts, judged...)
	}
	return verdicts
}

// A list that is larger than a message is held as a whole by the count of all its parts, whichever of them
// are judged together, and is explained as one. Parts whose counts alone would be odd are not.
//
// Rules: effects.
func TestHeldListsInParts(t *testing.T) {
	for _, batch := range []int{1, 2, 10} {
		h := newHeldLists(t)
		h.judge(list("2020", 1, 2), "district")
		for n, v := range h.judgeParts(list("2021", 1, 30), 7, batch) {
			if want := []int{7, 7, 7, 7, 2}[n]; v.Held != want || v.Accepted != 0 || codes(v) != strings.TrimSpace(strings.Repeat("TENFOLD ", want)) || v.Findings[0].Values[0].Value != "30" {
				t.Fatalf("%d parts at once, part %d: held %d, accepted %d, %+v", batch, n+1, v.Held, v.Accepted, v.Findings)
			}
		}
		told := h.v.ledger.ToldHolds(h.v.ledger.Holds(func(*ledger.Hold) bool { return true }))
		if len(told) != 1 || told[0].Listed.Rows != 30 || told[0].Value != "30" || told[0].Row != 1 {
			t.Fatalf("%d parts at once: told %+v", batch, told)
		}
		if held := h.total("2021").Held; len(held.Holds) != 1 || held.Value != "30" {
			t.Errorf("%d parts at once: %+v", batch, held)
		}
		for n, v := range h.judgeParts(list("2021", 1, 30), 7, batch) {
			if v.Held == 0 || v.CountOf(event.Held) != v.Held || !strings.Contains(codes(v), stillHeldCode) {
				t.Fatalf("%d parts at once, part %d again: %+v", batch, n+1, v)
			}
		}
		id, err := event.ParseHoldID(told[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.act(event.ExplainHeld, district, "一批企业新认定", id); err != nil {
			t.Fatal(err)
		}
		if total := h.total("2021"); total.Value != "30" || total.Held != nil {
			t.Fatalf("%d parts at once, after the explanation of one row: %+v", batch, total)
		}
		for n, v := range h.judgeParts(list("2022", 1, 30), 7, batch) { // each part has seven of the year before's thirty
			if v.Held != 0 || v.Outcome != event.AllAccepted {
				t.Fatalf("%d parts at once, part %d of what is not odd: %+v", batch, n+1, v)
			}
		}
	}
}

// What is held is a list with all its parts: a list that is what one part of it was is another one.
func TestOnePartOfAHeldListIsAnotherList(t *testing.T) {
	h := newHeldLists(t)
	h.judge(list("2020", 1, 2), "district")
	for _, v := range h.judgeParts(list("2021", 1, 30), 7, 10) {
		if v.Held != v.Rows {
			t.Fatalf("the list: %+v", v)
		}
	}
	if v := h.judge(list("2021", 1, 7), "district"); v.Held != 0 || v.Accepted != 7 {
		t.Errorf("what its first part says, by itself: held %d, accepted %d: %s", v.Held, v.Accepted, codes(v))
	}
}

// A check of a list that is not sent says what the total would be, with what is held already.
func TestForeseenHeldLists(t *testing.T) {
	h := newHeldLists(t)
	h.judge(list("2020", 1, 1), "district")
	h.judge(list("2021", 1, 1), "district")
	h.judge(list("2021", 2, 12), "district")
	foresee := func(s event.Submission) *Foreseen {
		foreseen, err := h.v.Foresee(t.Context(), []stream.Delivery{stream.Undelivered(stream.Message{Subject: "submissions.901.roster", Body: []byte(encoded(t, s))}, 1<<40, time.Now())})
		if err != nil {
			t.Fatal(err)
		}
		return foreseen
	}
	cell := ledger.Cell{Indicator: "hnte", Period: fixture.Period("2021")}
	value := func(f *Foreseen) string {
		if len(f.Held[cell]) != 1 {
			return fmt.Sprint(f.Held)
		}
		return f.Held[cell][0].Value.String()
	}
	if f := foresee(list("2021", 13, 24)); f.Verdicts[0].Held != 12 || value(f) != "24" || len(f.Figures[cell]) > 0 {
		t.Errorf("a list that would be held: %+v, with what is held %s", f.Verdicts[0], value(f))
	}
	if f := foresee(list("2021", 2, 5)); f.Verdicts[0].Accepted != 4 || value(f) != "12" {
		t.Errorf("a list that would count: %+v, with what is held %s", f.Verdicts[0], value(f))
	}
}

// A first list of which rows are refused does not take the place of the figure that was reported, nor do the rows that
// were mended alone: the whole list does, or what there is once it is explained.
//
// Rules: distinct.
func TestIncompleteListIsHeld(t *testing.T) {
	broken := func(rows ...int) func(*event.Submission) {
		return func(s *event.Submission) {
			for _, i := range rows {
				s.Observations[i].Entity = "9132081266666000XX"
			}
		}
	}
	figure := event.Submission{Area: "901", Dataset: "annual", Observations: []event.Observation{{Indicator: "hnte", Period: "2021", Value: "12"}}}
	begin := func() *heldLists {
		h := newHeldLists(t)
		h.judge(list("2020", 1, 8), "district")
		h.judge(figure, "district")
		return h
	}
	h := begin()
	h.want("most rows refused", h.judge(list("2021", 1, 12, broken(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), "district"), event.Held, 2, incompleteListCode, "12", "2")
	h.want("the mended rows alone", h.judge(list("2021", 2, 11), "district"), event.Held, 10, incompleteListCode, "12", "")
	h.want("the whole list", h.judge(list("2021", 1, 12), "district"), event.New, 12, "HELD_SUPERSEDED", "12", "")
	h.want("one more, and one refused", h.judge(list("2021", 13, 14, broken(1)), "district"), event.New, 1, "ENTITY_CODE_INVALID", "13", "")

	h = begin()
	v := h.judge(list("2021", 1, 12, broken(3)), "district")
	h.want("one row refused", v, event.Held, 11, incompleteListCode, "12", "11")
	if err := h.act(event.ExplainHeld, district, "其中一家已注销", event.HoldID{Sequence: v.Sequence, Row: 1}); err != nil {
		t.Fatal(err)
	}
	if total := h.total("2021"); total.Value != "11" || total.Held != nil {
		t.Fatalf("after the explanation: %+v", total)
	}

	h = begin()
	h.want("as many as were reported", h.judge(list("2021", 1, 13, broken(5)), "district"), event.New, 12, "", "12", "")
	h = begin()
	h.want("the bureau's own", h.judge(list("2021", 1, 12, broken(3)), "bureau"), event.New, 11, "", "11", "")

	for _, batch := range []int{1, 10} {
		h = begin()
		held := 0
		for _, v := range h.judgeParts(list("2021", 1, 12, broken(11)), 5, batch) {
			held += v.Held
		}
		if total := h.total("2021"); held != 11 || total.Value != "12" {
			t.Fatalf("%d parts at once: held %d, total %s", batch, held, total.Value)
		}
		for n, v := range h.judgeParts(list("2021", 1, 12), 5, batch) {
			if v.Held != 0 || v.Outcome != event.AllAccepted {
				t.Fatalf("%d parts at once, part %d of the whole list: %+v", batch, n+1, v)
			}
		}
	}
}
