package judge

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// BenchmarkRead measures reading a submission of 60 figures.
func BenchmarkRead(b *testing.B) {
	d := benchDeliveries(b, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		if r := readSubmission(d); r.problem != nil {
			b.Fatal(r.problem)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/60, "ns/figure")
}

// BenchmarkJudge measures judging full batches of submissions that revise figures in
// the ledger, and gathering what is accepted.
func BenchmarkJudge(b *testing.B) {
	c := fixture.LargeCatalogue(b)
	v := &Validator{log: fixture.Log(b), ledger: judgeLedger(b, c), now: time.Now}
	var submissions []received
	for _, d := range benchDeliveries(b, 1000) {
		submissions = append(submissions, readSubmission(d))
	}
	b.ReportAllocs()
	for b.Loop() {
		verdicts, _, err := v.judgeAll(b.Context(), submissions, newBatchState(v.ledger))
		if err != nil {
			b.Fatal(err)
		}
		for _, verdict := range verdicts {
			if verdict.Accepted != 60 {
				b.Fatalf("accepted %d rows of 60: %v", verdict.Accepted, verdict.Findings)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(60*len(submissions)), "ns/figure")
}

// BenchmarkJudgeWhereLocked measures judging a month of 60 figures of a locked year that
// does not follow yet: what is paid for asking whether a locked total moves.
func BenchmarkJudgeWhereLocked(b *testing.B) {
	c := fixture.MonthlyCatalogue(b)
	v := &Validator{log: fixture.Log(b), ledger: ledger.New(c), now: time.Now}
	last := uint64(0)
	for sequence, batch := range fixture.MonthlyHistory(11) {
		if last = sequence; v.ledger.Apply(sequence, "accepted.a.d", batch) != nil {
			b.Fatal("a batch was not folded in")
		}
	}
	if err := v.ledger.Apply(last+1, DecisionSubject, &event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Lock, Period: "2021"}}}); err != nil {
		b.Fatal(err)
	}
	s := event.Submission{Area: fixture.LargeArea(0), Dataset: "d"}
	for i := range fixture.MonthlyIndicators {
		s.Observations = append(s.Observations, fixture.Figure(fixture.LargeIndicator(i), "2021-05", "7"))
	}
	body, err := json.Marshal(s)
	if err != nil {
		b.Fatal(err)
	}
	r := readSubmission(stream.Undelivered(stream.Message{Subject: "submissions." + s.Area + ".d", Body: body}, last+2, time.Now()))
	for b.Loop() {
		verdicts, _, err := v.judgeAll(b.Context(), []received{r}, newBatchState(v.ledger))
		if err != nil || verdicts[0].Accepted != len(s.Observations) {
			b.Fatalf("%+v, %v", verdicts, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s.Observations)), "ns/figure")
}

// benchDeliveries are the first n submissions as they come from SUBMISSIONS.
func benchDeliveries(b *testing.B, n int) (all []stream.Delivery) {
	b.Helper()
	log := fixture.Log(b)
	for i := range n {
		fixture.Submit(b, log, fixture.LargeSubmission(i))
	}
	fixture.Await(b, log, stream.Submissions, "submissions", func(d stream.Delivery) bool {
		all = append(all, d)
		return len(all) == n
	})
	return all
}

func judgeLedger(b *testing.B, c *catalogue.Catalogue) *ledger.Ledger {
	b.Helper()
	ledger := ledger.New(c)
	for sequence, batch := range fixture.LargeHistory {
		if err := ledger.Apply(sequence, "accepted."+batch.Submissions[0].Area+".d", batch); err != nil {
			b.Fatal(err)
		}
	}
	return ledger
}
