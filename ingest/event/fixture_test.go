package event_test

import (
	"testing"

	"github.com/citytally/citytally/ingest/event"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exampleRelease(name string) *event.Release {
	return &event.Release{
		Name: name, Period: "2021", Note: "统计公报", CreatedAt: 1643673600000, Basis: 123, Catalogue: "0123456789ab", Totals: exampleTotals().Totals,
	}
}
