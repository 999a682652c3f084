package load

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"

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
	// Odd draws every figure at random, so that the rules remark on every second row.
	// Otherwise figures are such as a city sends: they grow from year to year, and no part
	// exceeds its whole.
	Odd bool
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
// area, dataset and period.
func (s Set) Submission(n int) event.Submission {
	random := rand.New(rand.NewPCG(s.Seed, uint64(n)))
	area, dataset, period := n%Areas, n/Areas%Datasets, s.Period(n)
	made := event.Submission{Area: Area(area), Dataset: Dataset(dataset), Observations: make([]event.Observation, Figures)}
	kept := rand.New(rand.NewPCG(^s.Seed, uint64(n%(Areas*Datasets)))) // what stays the same in all periods
	values := make([]int, Figures)                                     // in hundredths
	for i := Figures - 1; i >= 0; i-- {                                // a whole comes after its part
		if s.Odd {
			least, most := 24_000_000, 25_000_000
			if random.IntN(2) == 0 {
				least, most = 4*least, 4*most // five times as much would be held
			}
			if whole, ok := wholeOf(i); ok {
				least, most = values[whole]/100*98, values[whole] // a part above its whole would be refused
			}
			values[i] = least + random.IntN(most-least)
			continue
		}
		level, growth := 1_000_000*(1+kept.IntN(9))/10*(1+kept.IntN(9)), 2+kept.IntN(6)
		wave := (kept.IntN(11) + 7*(n/(Areas*Datasets))) % 11 // another one in every round
		values[i] = level / 100 * (100 + growth*s.yearOf(n)) * (995 + wave) / 1000
		if whole, ok := wholeOf(i); ok {
			values[i] = values[whole] / 100 * (20 + growth*10)
		}
	}
	for i, value := range values {
		text := fmt.Sprintf("%d.%02d", value/100, value%100)
		if unitOf(i) == counted {
			text = strconv.Itoa(value / 100)
		}
		made.Observations[i] = event.Observation{Indicator: Indicator(dataset, i), Period: period, Value: event.Text(text), Unit: unitOf(i)}
	}
	return made
}

// yearOf returns how many years after the first one the n-th submission is about.
func (s Set) yearOf(n int) int {
	round := n / (Areas * Datasets)
	if s.Monthly {
		round /= 12
	}
	return round % years
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
