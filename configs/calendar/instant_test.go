package calendar

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

func TestInstants(t *testing.T) {
	for _, row := range []struct {
		zone, day string
		minute    int
		want      string
	}{
		{"Asia/Shanghai", "2021-12-31", endOfDay, "2022-01-01T00:00:00+08:00"},
		{"Asia/Shanghai", "2021-03-28", 150, "2021-03-28T02:30:00+08:00"},
		{"Europe/Berlin", "2021-03-28", 150, "2021-03-28T03:00:00+02:00"},          // a gap from 2 to 3
		{"Europe/Berlin", "2021-10-31", 150, "2021-10-31T02:30:00+01:00"},          // twice
		{"Europe/Berlin", "2021-10-31", 179, "2021-10-31T02:59:00+01:00"},          //
		{"Europe/Berlin", "2021-10-31", 180, "2021-10-31T03:00:00+01:00"},          // once
		{"Europe/Berlin", "2021-10-31", 119, "2021-10-31T01:59:00+02:00"},          //
		{"America/Sao_Paulo", "2018-11-03", endOfDay, "2018-11-04T01:00:00-02:00"}, // the day begins at 1
		{"America/Sao_Paulo", "2018-02-17", endOfDay - 30, "2018-02-17T23:30:00-03:00"},
		{"Australia/Lord_Howe", "2021-04-04", 105, "2021-04-04T01:45:00+10:30"}, // half an hour twice
		{"Pacific/Apia", "2011-12-30", 720, "2011-12-31T00:00:00+14:00"},        // a day that was left out
	} {
		zone, err := time.LoadLocation(row.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := instant(date{day(t, row.day), row.minute}, zone).Format(time.RFC3339); got != row.want {
			t.Errorf("%s, %s, minute %d: want %s, got %s", row.zone, row.day, row.minute, row.want, got)
		}
	}
}

// TestInstantsFollowTheClock wants instants in the order of the clock on the wall, and each to
// be the last one that the clock shows that way, or the first after it.
func TestInstantsFollowTheClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "America/New_York", "UTC"}).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		at := date{time.Date(2010, 1, 1+rapid.IntRange(0, 4400).Draw(t, "day"), 0, 0, 0, 0, time.UTC), rapid.IntRange(0, endOfDay).Draw(t, "minute")}
		wall := at.day.Add(time.Duration(at.minute) * time.Minute)
		got := instant(at, zone)
		shown := clock(got)
		if shown.Before(wall) || shown.After(wall) && !clock(got.Add(-time.Nanosecond)).Before(wall) {
			t.Fatalf("%s in %s: got %s", wall, name, got)
		}
		for later := 30 * time.Minute; later <= 2*time.Hour; later += 30 * time.Minute {
			if clock(got.Add(later)).Equal(wall) {
				t.Fatalf("%s in %s: got %s, and the clock shows it again later", wall, name, got)
			}
		}
		if before := instant(date{at.day, rapid.IntRange(0, at.minute).Draw(t, "before")}, zone); before.After(got) {
			t.Fatalf("%s in %s: got %s, and for an earlier minute %s", wall, name, got, before)
		}
	})
}

// clock returns what the clock on the wall shows, as if it were UTC.
func clock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).UTC()
}

// TestWindowsTile wants what is due in a span to be what is due in its two halves, each
// obligation to be found by itself and by its period, and its dates in order.
func TestWindowsTile(t *testing.T) {
	c, err := Load("testdata/all.good.yaml", city(t))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		hour := rapid.IntRange(0, 7*365*24)
		start := time.Date(2019, 7, 1, 0, 0, 0, 0, time.UTC)
		cuts := []time.Time{start.Add(time.Duration(hour.Draw(t, "a")) * time.Hour), start.Add(time.Duration(hour.Draw(t, "b")) * time.Hour), start.Add(time.Duration(hour.Draw(t, "c")) * time.Hour)}
		slices.SortFunc(cuts, time.Time.Compare)
		all := c.Obligations(cuts[0], cuts[2])
		halves := slices.Concat(c.Obligations(cuts[0], cuts[1]), c.Obligations(cuts[1], cuts[2]))
		if diff := cmp.Diff(all, halves); diff != "" {
			t.Fatalf("from %v: %s", cuts, diff)
		}
		for _, o := range all {
			if !o.Deadline.After(cuts[0]) || o.Deadline.After(cuts[2]) {
				t.Fatalf("%v is not due from %v", o, cuts)
			}
			if due, ok := c.Due(o.Dataset, o.Area, o.Period); !ok || !cmp.Equal(due, o.Due) {
				t.Fatalf("Due disagrees about %v: %v", o, due)
			}
			if !o.Deadline.After(o.Period.End().Add(-8 * time.Hour)) {
				t.Fatalf("%v is due before the period ends", o)
			}
			area, _ := c.Catalogue().Area(o.Area)
			if !area.ValidIn(o.Period) || area.Kind == catalogue.InsideZone && o.Dataset != "monthly" {
				t.Fatalf("%v is not owed", o)
			}
		}
		if len(all) > 0 {
			o := all[rapid.IntRange(0, len(all)-1).Draw(t, "one")]
			if !slices.ContainsFunc(c.OfPeriod(o.Period), func(other Obligation) bool { return cmp.Equal(o, other) }) {
				t.Fatalf("OfPeriod(%s) lacks %v", o.Period, o)
			}
		}
	})
}
