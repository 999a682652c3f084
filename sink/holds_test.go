package sink

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// decisionMessage returns a message about held figures: of a release, with their rows.
func decisionMessage(t testing.TB, kind event.DecisionKind, s event.AcceptedSubmission, text string, rows ...uint32) stream.Message {
	t.Helper()
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	batch := &event.AcceptedBatch{Decisions: []event.Decision{{
		Kind: kind, Area: s.Area, Submission: s.ID, Sequence: s.Sequence, Rows: rows, Reason: text, By: clerk.Name, At: receivedAt.UnixMilli(), Person: clerk,
	}}}
	if kind == event.ReleaseHeld {
		released := s
		released.Held, released.Released = nil, true
		released = released.SelectRows(nil)
		for i := range s.Held {
			o, err := s.Held[i].Observation()
			if err != nil {
				t.Fatal(err)
			}
			released.Add(o)
		}
		batch.Submissions = append(batch.Submissions, released)
	}
	body, err := event.EncodeAccepted(batch)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Message{Subject: "accepted.decisions", Body: body}
}

// holdsOf are messages with figures that are held, released, refused, superseded and released
// too late, beside one that is accepted.
func holdsOf(t testing.TB) []stream.Message {
	t.Helper()
	held := func(sequence uint64, indicator, text string) event.AcceptedSubmission {
		s := submission("320813", sequence)
		o := event.AcceptedObservation{Indicator: indicator, Unit: "亿元", Period: period(t, "2021"), Value: value(t, text), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1}
		s.Held = []event.HeldRow{event.NewHeldRow(&o, []event.Finding{{Code: "UNIT_SLIP", Rule: "unit_slip", MessageZH: "疑似单位有误", MessageEN: "another unit", ReleasedBy: event.ByDistrict}})}
		return s
	}
	released, refused, superseded, late := held(11, "gdp", "8134100"), held(12, "exports", "90"), held(13, "gdp", "7"), held(15, "exports", "8")
	released.Add(event.AcceptedObservation{Indicator: "hnte_valid", Unit: "家", Period: period(t, "2021"), Value: value(t, "5"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 2})
	better := func(sequence uint64, indicator string) stream.Message {
		return acceptedMessage(t, submission("320813", sequence, event.AcceptedObservation{Indicator: indicator, Unit: "亿元", Period: period(t, "2021"), Value: value(t, "8"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1}))
	}
	wide := held(17, "gdp", "12") // two figures of one row
	wide.Held = append(wide.Held, held(17, "exports", "9").Held...)
	numbers := map[uint32]bool{}
	for i := range wide.Held {
		wide.Held[i].NumberAmong(numbers)
	}
	return []stream.Message{
		acceptedMessage(t, released), acceptedMessage(t, refused),
		decisionMessage(t, event.ExplainHeld, released, "so it is", 1), decisionMessage(t, event.ExplainHeld, released, "really", 1), decisionMessage(t, event.ReleaseHeld, released, "checked", 1),
		decisionMessage(t, event.RefuseHeld, refused, "not so", 1),
		acceptedMessage(t, superseded), better(14, "gdp"),
		acceptedMessage(t, late), better(16, "exports"), decisionMessage(t, event.ReleaseHeld, late, "too late", 1),
		acceptedMessage(t, wide), decisionMessage(t, event.ExplainHeld, wide, "so it is", wide.Held[1].Row),
	}
}

// The view says of each held figure what the ledger does.
func TestHoldsAreAsInTheLedger(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	c, err := catalogue.Parse([]byte("city: \"320800\"\nareas: [{code: \"320800\", name_zh: 市, name_en: City, kind: city}, {code: \"320813\", name_zh: 区, name_en: District, kind: district}]\nprogrammes: []\ndatasets: []\nindicators: []\n"))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(c)
	for i, m := range holdsOf(t) {
		put(t, s, &observationBlock{}, uint64(i+1), m)
		batch, err := event.DecodeAccepted(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Apply(uint64(i+1), m.Subject, batch); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for _, h := range l.Holds(func(*ledger.Hold) bool { return true }) {
		decision, by, said := "", "", ""
		if h.Decision != nil {
			decision, by = h.Decision.Text, h.Decision.Person.Name
		}
		if n := len(h.Explanations); n > 0 {
			said = h.Explanations[n-1].Text
		}
		want = append(want, strings.Join([]string{h.ID.String(), strconv.Itoa(h.Row), string(h.State), h.Value.String(), string(h.Releaser), said, by, decision}, " "))
	}
	got := query(t, s, "SELECT id, row, state, toString(value), releaser, explanation, decided_by, decision FROM holds ORDER BY sequence, row, id")
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(got), "\n") {
		lines = append(lines, strings.ReplaceAll(strings.ReplaceAll(line, "\"", ""), ",", " "))
	}
	if diff := cmp.Diff(want, lines[1:]); diff != "" {
		t.Errorf("(-ledger +view)\n%s", diff)
	}
	if len(want) != 6 || !strings.HasPrefix(want[5], "17.1-2 1 ") || !strings.Contains(strings.Join(want, "\n"), "superseded") {
		t.Errorf("ledger: %q", want)
	}
}
