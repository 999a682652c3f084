package schedule

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := time.ParseInLocation(time.DateTime, text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func parse(t *testing.T, text string, zone *time.Location) *clock {
	t.Helper()
	c, err := newClock(text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNext(t *testing.T) {
	for _, test := range []struct{ cron, now, want string }{
		{"30 2 * * *", "2021-05-01 02:30:00", "2021-05-02 02:30:00"},
		{"15 30 2 * * *", "2021-05-01 02:30:00", "2021-05-01 02:30:15"},
		{"* * * * *", "2021-05-01 02:30:01", "2021-05-01 02:31:00"},
		{"@daily", "2021-05-01 02:30:01", "2021-05-02 00:00:00"},
		{"@every 10s", "2021-05-01 02:30:13", "2021-05-01 02:30:20"},
		{"@every 10s", "2021-05-01 02:30:20", "2021-05-01 02:30:30"},
		{"CRON_TZ=UTC 0 0 * * *", "2021-05-01 02:30:20", "2021-05-01 08:00:00"},
		{"0 0 31 2 *", "2021-05-01 02:30:20", ""},
	} {
		now := at(t, test.now)
		got := parse(t, test.cron, now.Location()).next(now)
		if got.IsZero() != (test.want == "") || test.want != "" && !got.Equal(at(t, test.want)) {
			t.Errorf("slot of %s after %s = %s, want %s", test.cron, test.now, got, test.want)
		}
	}
}

func TestMissedSlot(t *testing.T) {
	for _, test := range []struct{ cron, last, now, want string }{
		{"30 2 * * *", "2021-05-01 02:30:00", "2021-05-01 20:00:00", ""},
		{"30 2 * * *", "2021-05-01 02:30:00", "2021-05-02 02:30:00", "2021-05-02 02:30:00"},
		{"30 2 * * *", "2021-05-01 02:30:00", "2021-05-09 01:00:00", "2021-05-08 02:30:00"},
		{"@every 1h", "2021-05-01 02:00:00", "2021-05-01 05:10:00", "2021-05-01 05:00:00"},
		// A year of seconds was missed.
		{"* * * * * *", "2021-05-01 02:30:00", "2022-05-09 01:00:07", "2022-05-09 01:00:07"},
		{"0 3 29 2 *", "2016-02-29 03:00:00", "2021-05-01 00:00:00", "2020-02-29 03:00:00"},
		// The clock was ahead when the last run was recorded, and is right again.
		{"30 2 * * *", "2035-05-01 02:30:00", "2021-05-09 01:00:00", "2021-05-08 02:30:00"},
		{"@every 1h", "2035-05-01 02:00:00", "2021-05-01 05:10:00", "2021-05-01 05:00:00"},
	} {
		now := at(t, test.now)
		got, ok := parse(t, test.cron, now.Location()).latest(at(t, test.last), now)
		if ok != (test.want != "") || ok && !got.Equal(at(t, test.want)) {
			t.Errorf("missed slot of %s between %s and %s = %s, %v; want %q", test.cron, test.last, test.now, got, ok, test.want)
		}
	}
}

// Where clocks change, each time of an expression that names hours comes once: at the first
// instant after the gap where the hour is left out, at the first of two where it comes twice.
// What fires every hour goes by the time that passes.
func TestSlotsWhereClocksChange(t *testing.T) {
	for _, test := range []struct {
		zone, cron, from string
		want             []string
	}{
		{"America/New_York", "30 2 * * *", "2021-03-12T12:00:00-05:00", []string{"2021-03-13T02:30:00-05:00", "2021-03-14T03:00:00-04:00", "2021-03-15T02:30:00-04:00"}},
		{"America/New_York", "15,45 2 * * *", "2021-03-13T12:00:00-05:00", []string{"2021-03-14T03:00:00-04:00", "2021-03-15T02:15:00-04:00"}},
		{"America/New_York", "30 1 * * *", "2021-11-06T12:00:00-04:00", []string{"2021-11-07T01:30:00-04:00", "2021-11-08T01:30:00-05:00"}},
		{"America/New_York", "30 1 * * *", "2021-11-07T01:10:00-05:00", []string{"2021-11-08T01:30:00-05:00"}}, // in the second hour
		{"America/New_York", "@hourly", "2021-11-07T00:30:00-04:00", []string{"2021-11-07T01:00:00-04:00", "2021-11-07T01:00:00-05:00", "2021-11-07T02:00:00-05:00"}},
		{"America/New_York", "*/30 * * * *", "2021-03-14T01:10:00-05:00", []string{"2021-03-14T01:30:00-05:00", "2021-03-14T03:00:00-04:00", "2021-03-14T03:30:00-04:00"}},
		{"America/New_York", "@daily", "2021-03-13T12:00:00-05:00", []string{"2021-03-14T00:00:00-05:00", "2021-03-15T00:00:00-04:00"}},
		{"America/Santiago", "0 0 * * *", "2021-09-04T12:00:00-04:00", []string{"2021-09-05T01:00:00-03:00", "2021-09-06T00:00:00-03:00"}},     // no midnight
		{"Australia/Lord_Howe", "15 2 * * *", "2021-10-02T12:00:00+10:30", []string{"2021-10-03T02:30:00+11:00", "2021-10-04T02:15:00+11:00"}}, // half an hour
		{"Asia/Shanghai", "30 0 * * *", "1986-05-03T12:00:00+08:00", []string{"1986-05-04T00:30:00+08:00", "1986-05-05T00:30:00+09:00"}},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		slot, err := time.Parse(time.RFC3339, test.from)
		if err != nil {
			t.Fatal(err)
		}
		c := parse(t, test.cron, zone)
		for _, want := range test.want {
			slot = c.next(slot)
			if got := slot.Format(time.RFC3339); got != want {
				t.Errorf("%s in %s from %s: slot %s, want %s", test.cron, test.zone, test.from, got, want)
			}
			// A scheduler that starts at the slot finds it, and no other.
			if missed, ok := c.latest(slot.Add(-time.Second), slot); !ok || !missed.Equal(slot) {
				t.Errorf("%s in %s at %s: missed %s, %v", test.cron, test.zone, slot, missed, ok)
			}
			if missed, ok := c.latest(slot, slot.Add(time.Second)); ok {
				t.Errorf("%s in %s after %s: asked again for %s", test.cron, test.zone, slot, missed)
			}
		}
	}
}

func TestResolvePeriod(t *testing.T) {
	for _, test := range []struct{ period, at, want string }{
		{"", "2021-05-01 02:30:00", ""}, {"2019", "2021-05-01 02:30:00", "2019"},
		{"this_year", "2021-05-01 02:30:00", "2021"}, {"last_year", "2021-05-01 02:30:00", "2020"},
		{"last_month", "2021-05-31 02:30:00", "2021-04"}, {"last_month", "2021-01-01 00:00:00", "2020-12"},
		{"last_quarter", "2021-05-31 02:30:00", "2021-Q1"}, {"last_quarter", "2021-01-01 00:00:00", "2020-Q4"},
	} {
		if got := resolvePeriod(test.period, at(t, test.at)); got != test.want {
			t.Errorf("period %q at %s = %q, want %q", test.period, test.at, got, test.want)
		}
	}
}

// Two schedulers request each slot once.
func TestManySchedulersAskOnce(t *testing.T) {
	log := fixture.Log(t)
	schedules := []Schedule{{Name: "often", Cron: "@every 1s", Period: "2021"}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for range 2 {
		s, err := NewScheduler(log, schedules, time.UTC, fixture.Logger(t), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		go func() { ended <- s.Run(ctx) }()
	}
	consumer, err := log.Consume(t.Context(), stream.ConsumerConfig{Stream: stream.Commands, Name: "test", AckWait: time.Minute, MaxPending: 10})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for len(seen) < 3 {
		batch, err := consumer.Batch(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		var c event.Command
		if err := json.Unmarshal(batch[0].Body, &c); err != nil {
			t.Fatal(err)
		}
		if c.Period != "2021" || c.Trigger != event.BySchedule || c.Schedule != "often" {
			t.Errorf("command = %+v", c)
		}
		seen[c.ID]++
	}
	consumer.Stop()
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("command %s was published %d times", id, n)
		}
	}
}
