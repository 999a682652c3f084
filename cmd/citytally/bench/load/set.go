package load

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// The shape of the city: districts that report, datasets that each of them
// reports, and figures in a submission.
const (
	Areas    = 10
	Datasets = 50
	Figures  = 60
)

const (
	// Years of a vintage; the next vintage revises them from the first on.
	years     = 75
	firstYear = 1950
)

// Set is a seeded supply of submissions.
type Set struct {
	Seed uint64
	// Monthly makes every figure one of a month and not of a year: totals of
	// quarters, years and years to date then follow from each.
	Monthly bool
}

// Area returns the code of the i-th area, from 0.
func Area(i int) string { return fmt.Sprintf("90%04d", i+1) }

// Dataset returns the id of the i-th dataset, from 0.
func Dataset(i int) string { return fmt.Sprintf("dataset-%02d", i+1) }

// Indicator returns the id of the i-th indicator reported in a dataset, both
// from 0.
func Indicator(dataset, i int) string { return fmt.Sprintf("d%02d_figure_%02d", dataset+1, i+1) }

// Period returns the period that the n-th submission is about.
func (s Set) Period(n int) string {
	round := n / (Areas * Datasets)
	if !s.Monthly {
		return fmt.Sprintf("%04d", firstYear+round%years)
	}
	round %= 12 * years
	return fmt.Sprintf("%04d-%02d", firstYear+round/12, round%12+1)
}

// Submission returns the n-th submission, from 0: Figures observations of one
// area, dataset and month.
func (s Set) Submission(n int) event.Submission {
	random := rand.New(rand.NewPCG(s.Seed, uint64(n)))
	area, dataset, period := n%Areas, n/Areas%Datasets, s.Period(n)
	made := event.Submission{Area: Area(area), Dataset: Dataset(dataset), Observations: make([]event.Observation, Figures)}
	for i := range made.Observations {
		value := fmt.Sprintf("%d.%02d", 1+random.IntN(1_000_000), random.IntN(100))
		made.Observations[i] = event.Observation{Indicator: Indicator(dataset, i), Period: period, Value: event.Text(value), Unit: unit}
	}
	return made
}

// Message returns the n-th submission as whoever publishes to the broker
// directly sends it.
func (s Set) Message(n int) (stream.Message, error) {
	made := s.Submission(n)
	body, err := json.Marshal(&made)
	if err != nil {
		return stream.Message{}, fmt.Errorf("encode submission %d: %w", n, err)
	}
	return stream.Message{Subject: "submissions." + made.Area + "." + made.Dataset, Body: body}, nil
}
