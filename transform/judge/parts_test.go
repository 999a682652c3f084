package judge

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// A key belongs to all that the parts of a submission say. Other content with the same key is
// refused in every part, also in those that say what they said and in those that are new.
func TestKeyOfAllParts(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	v := NewValidator(log, ledger.New(c), nil, Config{}, fixture.Logger(t), time.Now, NewMetrics(nil), nil)
	state := newBatchState(v.ledger)
	outcomes := func(years ...int) (told []event.Outcome, repeated int) {
		var rows []event.Rows
		for _, year := range years {
			text, err := json.Marshal(fixture.Figure("gdp", fmt.Sprint(year), "1"))
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, event.Rows{Count: 1, JSON: text})
		}
		parts, err := event.EncodeParts(event.Submission{Area: "901", Dataset: "annual", Key: "k"}, rows)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parts {
			s, err := event.DecodeSubmission(parts[i].Body)
			if err != nil {
				t.Fatal(err)
			}
			r := readOf(t, log, s)
			if r.id != parts[i].ID || r.problem != nil {
				t.Fatalf("want part %d with the id %s, got %s, %v", i+1, parts[i].ID, r.id, r.problem)
			}
			result, first, err := v.judge(t.Context(), &r, state)
			if err != nil {
				t.Fatal(err)
			}
			verdict := v.newVerdict(&r)
			v.conclude(&verdict, &result)
			told = append(told, verdict.Outcome)
			switch {
			case first != nil:
				repeated++
			case verdict.Accepted > 0:
				state.add(&r, &result)
			}
		}
		return told, repeated
	}
	for _, step := range []struct {
		years    []int
		want     event.Outcome
		repeated int
	}{
		{[]int{2019, 2020}, event.AllAccepted, 0},
		{[]int{2019, 2020}, event.AllAccepted, 2},
		{[]int{2019, 2020, 2021}, event.Rejected, 0},
		{[]int{2019}, event.Rejected, 0},
		{[]int{2021, 2022}, event.Rejected, 0},
	} {
		told, repeated := outcomes(step.years...)
		for _, outcome := range told {
			if outcome != step.want || repeated != step.repeated {
				t.Errorf("%v: want %s and %d repeated, got %v and %d", step.years, step.want, step.repeated, told, repeated)
			}
		}
	}
}
