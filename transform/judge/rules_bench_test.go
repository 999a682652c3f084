package judge

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sys/unix"

	"github.com/citytally/citytally/configs/sample"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// processorTime is what this process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkJudgeWithRules measures judging clean figures of a year after ten of history, and where
// nothing was reported before, with the rules that ship and without.
func BenchmarkJudgeWithRules(b *testing.B) {
	c, log := fixture.LargeCatalogue(b), fixture.Log(b)
	l := ledger.New(c)
	const first, years, rows = 2010, 12, 60
	value := func(area, indicator, year int) string {
		return fmt.Sprintf("%d.%02d", (1000+37*area+11*indicator)*(100+7*(year-first)+(indicator+year)%3)/100, (area+indicator+year)%97+1)
	}
	// What is judged in advance of the last year becomes the history.
	v := &Validator{log: log, ledger: l, now: fixtureNow}
	var last []received
	sequence := uint64(0)
	for year := first; year < first+years; year++ {
		for area := range fixture.LargeAreas {
			for from := 0; from < 10*rows; from += rows {
				s := event.Submission{Area: fixture.LargeArea(area), Dataset: "d"}
				for i := from; i < from+rows; i++ {
					s.Observations = append(s.Observations, event.Observation{Indicator: fixture.LargeIndicator(i), Period: fmt.Sprint(year), Value: event.Text(value(area, i, year)), Unit: "万元"})
				}
				body, err := json.Marshal(s)
				if err != nil {
					b.Fatal(err)
				}
				sequence++
				r := readSubmission(stream.Undelivered(stream.Message{Subject: "submissions." + s.Area + ".d", Body: body}, sequence, fixtureNow()))
				if year == first+years-1 {
					last = append(last, r)
					continue
				}
				result := v.checks().apply(&r, newBatchState(l), nil)
				batch := &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{acceptedSubmission(&r, result.accepted, result.held)}}
				if err := l.Apply(sequence, "accepted."+s.Area+".d", batch); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	measureJudging(b, log, l, last)
	b.Run("first", func(b *testing.B) { measureJudging(b, log, ledger.New(c), last) })
}

// measureJudging measures judging submissions in which nothing is found, with the rules that ship and without.
func measureJudging(b *testing.B, log *stream.Log, l *ledger.Ledger, submissions []received) {
	for _, set := range []bool{false, true} {
		b.Run(fmt.Sprintf("rules=%t", set), func(b *testing.B) {
			v := &Validator{log: log, ledger: l, now: fixtureNow}
			if set {
				v.rules = shippedRules(b, l.Catalogue())
			}
			b.ReportAllocs()
			before, figures := processorTime(b), 0
			for b.Loop() {
				verdicts, _, err := v.judgeAll(b.Context(), submissions, newBatchState(l))
				if err != nil {
					b.Fatal(err)
				}
				for _, verdict := range verdicts {
					if figures += verdict.Accepted; verdict.Accepted != verdict.Rows || len(verdict.Findings) > 0 {
						b.Fatalf("accepted %d rows of %d: %+v", verdict.Accepted, verdict.Rows, verdict.Findings)
					}
				}
			}
			b.ReportMetric(float64(figures)/(processorTime(b)-before).Seconds(), "figures/cpu-s")
		})
	}
}

// BenchmarkJudgeSample measures judging a year of all areas after the two of the sample, under the
// catalogue that ships, which more rules concern: counts, shares, parts of wholes, stocks and their flows.
func BenchmarkJudgeSample(b *testing.B) {
	c := shippedCatalogue(b)
	city := newSampleCity(b, checks{catalogue: c}, func(string, judgement) {})
	city.fold(b)
	var last []received
	for _, file := range sample.Files() {
		if file.Dataset != "sti-annual" {
			continue
		}
		s := event.Submission{Area: file.Area, Dataset: file.Dataset}
		for line := range strings.Lines(string(file.CSV)) {
			f := strings.Split(line, ",")
			value, err := decimal.NewFromString(f[2])
			if f[1] != "2021" || err != nil {
				continue
			}
			if !value.IsInteger() {
				value = value.Mul(decimal.RequireFromString("1.031")).Round(4)
			}
			s.Observations = append(s.Observations, event.Observation{Indicator: f[0], Period: "2022", Value: event.Text(value.String()), Unit: f[3], Stage: "flash"})
		}
		if len(s.Observations) == 0 {
			continue
		}
		body, err := json.Marshal(s)
		if err != nil {
			b.Fatal(err)
		}
		city.sequence++
		last = append(last, readSubmission(stream.Undelivered(stream.Message{Subject: "submissions." + s.Area + "." + s.Dataset, Body: body}, city.sequence, fixtureNow())))
	}
	measureJudging(b, fixture.Log(b), city.state.ledger, last)
}
