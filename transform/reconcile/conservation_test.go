package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
)

func TestReconcile(t *testing.T) {
	a, b := event.Origin{Area: "901", Dataset: "annual"}, event.Origin{Area: "902", Dataset: "annual"}
	of := func(o event.Origin, submissions, accepted uint64) Shown {
		return Shown{Area: o.Area, Dataset: o.Dataset, Submissions: submissions, Rows: accepted + 1, Accepted: accepted, Rejected: 1}
	}
	submissions := func(o event.Origin, log, shown int64) event.Imbalance {
		return event.Imbalance{Area: o.Area, Dataset: o.Dataset, What: event.CountSubmissions, Log: log, Shown: shown}
	}
	for _, test := range []struct {
		name     string
		received map[event.Origin]int64
		underWay int64
		shown    []Shown
		want     []event.Imbalance
	}{
		{"nothing yet", nil, 0, nil, nil},
		{"all is in", map[event.Origin]int64{a: 3, b: 1}, 0, []Shown{of(a, 3, 30), of(b, 1, 5)}, nil},
		{"some are under way", map[event.Origin]int64{a: 3, b: 1}, 2, []Shown{of(a, 2, 20)}, nil},
		{"more are absent than are under way", map[event.Origin]int64{a: 3, b: 1}, 1, []Shown{of(a, 2, 20)},
			[]event.Imbalance{submissions(a, 3, 2), submissions(b, 1, 0)}},
		{"a verdict on nothing", map[event.Origin]int64{a: 1}, 5, []Shown{of(a, 2, 20)}, []event.Imbalance{submissions(a, 1, 2)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := balanceBooks(&stream.OriginCounts{Messages: test.received}, test.underWay, test.shown, time.Now())
			if diff := cmp.Diff(test.want, c.Imbalances); diff != "" || c.Balanced != (len(test.want) == 0) {
				t.Errorf("balanced %v, imbalances (-want +got):\n%s", c.Balanced, diff)
			}
			for _, account := range c.Accounts {
				if account.Received != account.Judged+account.Pending || account.Rows != account.Accepted+account.Held+account.Rejected {
					t.Errorf("account does not add up: %+v", account)
				}
			}
		})
	}
}

// However many datasets somebody makes up, they are one account.
func TestUnknownDatasetsAreOneAccount(t *testing.T) {
	c := &Conservation{}
	for i := range int64(3) {
		c.Accounts = append(c.Accounts, Account{Area: "901", Dataset: fmt.Sprint("made-up-", i), Received: 2, Judged: 1, Pending: 1, Rows: 6, Accepted: 1, Held: 2, Rejected: 3})
	}
	c.Accounts = append(c.Accounts, Account{Area: "901", Dataset: "annual", Received: 5})
	c.Under(fixture.Catalogue(t))
	want := []Account{{Area: "901", Dataset: "unknown", Received: 6, Judged: 3, Pending: 3, Rows: 18, Accepted: 3, Held: 6, Rejected: 9}, {Area: "901", Dataset: "annual", Received: 5}}
	if !slices.Equal(c.Accounts, want) {
		t.Errorf("%+v, want %+v", c.Accounts, want)
	}
}
