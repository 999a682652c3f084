package tallytest

import (
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// DrawLog makes up what ACCEPTED has of submissions, in their order: some rows are held, and
// some of those are released or refused later, while they are.
func DrawLog(t *rapid.T, submissions []event.AcceptedSubmission) (log []event.AcceptedBatch) {
	for i := range submissions {
		log = append(log, event.AcceptedBatch{Submissions: []event.AcceptedSubmission{drawHeld(t, &submissions[i])}})
		if _, held := Read(t, log); len(held) > 0 && rapid.IntRange(0, 2).Draw(t, "decision") == 0 {
			log = append(log, drawDecision(t, held))
		}
	}
	return log
}

// Held is a row that is held, as a submission of that row alone.
type Held struct {
	event.AcceptedSubmission
	rank string
}

// ID returns the held row's id.
func (h *Held) ID() event.HoldID { return event.HoldID{Sequence: h.Sequence, Row: int(h.Row[0])} }

// Item says what a row is about, and its rank among those that are about the same.
func Item(s *event.AcceptedSubmission, row int) (item, rank string) {
	item = fmt.Sprint(s.IndicatorWords[s.Indicator[row]], " ", s.PeriodWords[s.Period[row]], " ", s.Area)
	if e := s.Entity(row); e != nil {
		item += " " + e.Code
	}
	return item, fmt.Sprintf("%03d %d %06d", s.Epoch[row], s.Stage[row], s.Sequence)
}

// Read reads the log as it is meant: the rows that count, in the order in which they came to,
// and those that are held at its end, by id. What comes after a better one of the same item was
// never held; a better one ends it, and so does a decision.
func Read(t *rapid.T, log []event.AcceptedBatch) (counting []event.AcceptedSubmission, held []Held) {
	best, pending, read := map[string]string{}, map[string]Held{}, map[uint64]bool{}
	for _, batch := range log {
		for _, s := range batch.Submissions {
			if read[s.Sequence] && !s.Released {
				continue
			}
			read[s.Sequence] = true
			var rows []int
			for row := range s.Len() {
				item, rank := Item(&s, row)
				h, isHeld := pending[item]
				if s.Released && (!isHeld || h.ID() != event.HoldID{Sequence: s.Sequence, Row: int(s.Row[row])}) {
					continue
				}
				rows = append(rows, row)
				best[item] = max(best[item], rank)
				if isHeld && rank > h.rank {
					delete(pending, item)
				}
			}
			counting = append(counting, s.SelectRows(rows))
			for i := range s.Held {
				h := Held{AcceptedSubmission: event.AcceptedSubmission{ID: s.ID, Area: s.Area, Dataset: s.Dataset, Sequence: s.Sequence}}
				h.Add(observation(t, &s.Held[i]))
				var item string
				if item, h.rank = Item(&h.AcceptedSubmission, 0); h.rank >= best[item] && h.rank >= pending[item].rank {
					pending[item] = h
				}
			}
		}
		for _, d := range batch.Decisions {
			maps.DeleteFunc(pending, func(_ string, h Held) bool {
				return h.Sequence == d.Sequence && slices.Contains(d.Rows, h.Row[0])
			})
		}
	}
	return counting, slices.SortedFunc(maps.Values(pending), func(a, b Held) int { return a.ID().Compare(b.ID()) })
}

func observation(t *rapid.T, h *event.HeldRow) event.AcceptedObservation {
	o, err := h.Observation()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// drawHeld returns a submission of which some rows may be held.
func drawHeld(t *rapid.T, s *event.AcceptedSubmission) event.AcceptedSubmission {
	if rapid.IntRange(0, 3).Draw(t, "held") > 0 {
		return *s
	}
	var accepted []int
	var held []event.HeldRow
	for row := range s.Len() {
		if rapid.Bool().Draw(t, "counts") {
			accepted = append(accepted, row)
			continue
		}
		o := rowOf(t, s, row)
		held = append(held, event.NewHeldRow(&o, []event.Finding{{Code: "ODD", MessageZH: "异常", MessageEN: "odd"}}))
	}
	selected := s.SelectRows(accepted)
	selected.Held = held
	return selected
}

func rowOf(t *rapid.T, s *event.AcceptedSubmission, row int) event.AcceptedObservation {
	period, err := catalogue.ParsePeriod(s.PeriodWords[s.Period[row]])
	if err != nil {
		t.Fatal(err)
	}
	return event.AcceptedObservation{
		Indicator: s.IndicatorWords[s.Indicator[row]], Unit: s.Units[s.Indicator[row]], Period: period, Value: s.Value(row), Row: int(s.Row[row]),
		Stage: catalogue.Stage(s.Stage[row]), Status: catalogue.Status(s.Status[row]), Qualifier: catalogue.Qualifier(s.Qualifier[row]), Epoch: s.Epoch[row],
		Entity: s.Entity(row),
	}
}

// drawDecision makes up a decision about rows of one submission that are held.
func drawDecision(t *rapid.T, held []Held) (batch event.AcceptedBatch) {
	of := rapid.SampledFrom(held).Draw(t, "decided about")
	d := event.Decision{
		Kind: rapid.SampledFrom([]event.DecisionKind{event.ReleaseHeld, event.ReleaseHeld, event.RefuseHeld}).Draw(t, "kind"),
		Area: of.Area, Submission: of.AcceptedSubmission.ID, Sequence: of.Sequence, Reason: "decided", Person: event.Person{Name: "tester"},
	}
	released := event.AcceptedSubmission{ID: of.AcceptedSubmission.ID, Area: of.Area, Dataset: of.Dataset, Sequence: of.Sequence, Released: true}
	for _, h := range held {
		if h.Sequence != of.Sequence || h.Row[0] != of.Row[0] && rapid.Bool().Draw(t, "left held") {
			continue
		}
		d.Rows = append(d.Rows, h.Row[0])
		released.Add(rowOf(t, &h.AcceptedSubmission, 0))
	}
	batch.Decisions = []event.Decision{d}
	if d.Kind == event.ReleaseHeld {
		batch.Submissions = []event.AcceptedSubmission{released}
	}
	return batch
}
