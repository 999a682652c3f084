package event_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/ingest/event"
)

// Selecting rows gives what Add would have made of those rows alone, in every column.
func TestOnlyKeepsEveryColumn(t *testing.T) {
	whole := exampleAccepted(t).Submissions[0]
	rows := []int{2, 0}
	some := whole.SelectRows(rows)
	from, to := reflect.ValueOf(whole), reflect.ValueOf(some)
	words := map[string]bool{"IndicatorWords": true, "PeriodWords": true, "Units": true}
	for i := range from.NumField() {
		name := from.Type().Field(i).Name
		was, is := from.Field(i), to.Field(i)
		switch {
		case words[name]:
			if diff := cmp.Diff(was.Interface(), is.Interface()); diff != "" {
				t.Errorf("%s:\n%s", name, diff)
			}
		case name == "Held": // those are not among the rows
		case was.Kind() == reflect.Slice:
			if is.Len() != len(rows) {
				t.Errorf("%s has %d rows, want %d", name, is.Len(), len(rows))
				continue
			}
			for n, row := range rows {
				if was.Index(row).Interface() != is.Index(n).Interface() {
					t.Errorf("%s: row %d is %v, want %v", name, n, is.Index(n), was.Index(row))
				}
			}
		case was.Kind() == reflect.Map:
			for n, row := range rows {
				want, got := was.MapIndex(reflect.ValueOf(row)), is.MapIndex(reflect.ValueOf(n))
				if want.IsValid() != got.IsValid() || want.IsValid() && want.Interface() != got.Interface() {
					t.Errorf("%s: row %d is %v, want %v", name, n, got, want)
				}
			}
		}
	}
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: []event.AcceptedSubmission{some}})
	check(t, err)
	if _, err := event.DecodeAccepted(body); err != nil {
		t.Error(err)
	}
}
