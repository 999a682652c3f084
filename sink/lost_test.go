package sink

import (
	"math"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// What SUBMISSIONS has lost and still counts, or still has its verdict, is not lost; and what was sent
// twice is named once, and has its rows in the books once.
func TestLostSubmissionsAreNamedOnce(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	s := newStore(t)
	verdicts := []event.Verdict{
		{Submission: "lost", Sequence: 1, Outcome: event.AllHeld, Held: 1},
		{Submission: "lost", Sequence: 2, Outcome: event.AllHeld, Held: 1, Repeated: true},
		{Submission: "rejected", Sequence: 3, Outcome: event.Rejected, RejectedRows: 1},
		{Submission: "counts", Sequence: 4, Outcome: event.AllAccepted, Accepted: 1},
	}
	for i := range verdicts {
		v := &verdicts[i]
		v.Area, v.Dataset, v.ReceivedAt, v.DecidedAt, v.Rows = "320812", "sti-annual", receivedAt, receivedAt, 1
		put(t, s, &verdictBlock{}, uint64(i+1), verdictMessage(t, *v))
	}
	rejected := verdictMessage(t, verdicts[2])
	rejected.ID, rejected.Header = event.VerdictID(3), map[string]string{event.SubmissionHeader: "rejected"}
	counts := submission("320812", 4, event.AcceptedObservation{Indicator: "gdp", Unit: "亿元", Period: period(t, "2021"), Value: value(t, "7"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1})
	counts.ID = "counts"
	publish(t, log, rejected)
	publish(t, log, acceptedMessage(t, counts))
	p := &Projection{Store: s, Log: log}
	lost, err := p.LostSubmissions(t.Context())
	if err != nil || len(lost) != 1 || lost[0].ID != "lost" {
		t.Errorf("lost: %v, %v; want the first alone, once", lost, err)
	}
	shown, _, err := p.Accounts(t.Context(), 0, math.MaxInt64)
	if err != nil || len(shown) != 1 || shown[0].Submissions != 4 || shown[0].Held != 1 || shown[0].Rows != 3 {
		t.Errorf("the books: %+v, %v; want 4 submissions, 3 rows and 1 held", shown, err)
	}
}
