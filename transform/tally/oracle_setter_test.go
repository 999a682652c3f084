package tally

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// oracleSetters returns the sequence of the submission that set the figure in force, by cell and
// area: what each area said, in the order in which it came to count, written down as text.
func oracleSetters(log []event.AcceptedSubmission) map[string]uint64 {
	type said struct {
		rank, words string
		sequence    uint64
	}
	inForce := map[string][]said{}
	for _, s := range log {
		for row := range s.Len() {
			if s.Entity(row) != nil {
				continue
			}
			of, rank := tallytest.Item(&s, row)
			is := said{rank, fmt.Sprint(s.Value(row), s.Units[s.Indicator[row]], s.Stage[row], s.Status[row], s.Qualifier[row]), s.Sequence}
			if was := inForce[of]; len(was) == 0 || is.rank > was[len(was)-1].rank {
				inForce[of] = append(was, is)
			}
		}
	}
	setters := map[string]uint64{}
	for of, all := range inForce {
		last := len(all) - 1
		for first := last; first >= 0 && all[first].words == all[last].words; first-- {
			setters[of] = all[first].sequence
		}
	}
	return setters
}

// checkSetters fails where a part of a total does not come from the submission that set it. A
// count comes from the list as it was last sent, which the oracle has as the row's sequence.
func (o *oracle) checkSetters(t *rapid.T, cell ledger.Cell, total *event.Total, setters map[string]uint64) {
	inputs, err := total.Inputs.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs {
		period := in.Period
		if period == (catalogue.Period{}) {
			period = cell.Period
		}
		want := setters[fmt.Sprint(in.Indicator, " ", period, " ", in.Area)]
		if row := o.best(in.Indicator, period)[in.Area]; row != nil && row.listed {
			want = row.sequence
		}
		if in.Sequence != want || in.Submission.String() != tallytest.SubmissionID(int(want)) {
			t.Fatalf("%v: %s of %s in %s comes from submission %s, number %d; want %d", cell, in.Indicator, in.Area, period, in.Submission, in.Sequence, want)
		}
	}
}
