package reconcile

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/robfig/cron/v3"

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

func parseCron(t *testing.T, text string) cron.Schedule {
	t.Helper()
	s, err := cron.ParseStandard(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNextSlot(t *testing.T) {
	for _, test := range []struct{ cron, now, want string }{
		{"30 2 * * *", "2021-05-01 02:30:00", "2021-05-02 02:30:00"},
		{"* * * * *", "2021-05-01 02:30:01", "2021-05-01 02:31:00"},
		{"@every 10s", "2021-05-01 02:30:13", "2021-05-01 02:30:20"},
		{"@every 10s", "2021-05-01 02:30:20", "2021-05-01 02:30:30"},
	} {
		if got := nextSlot(parseCron(t, test.cron), at(t, test.now)); !got.Equal(at(t, test.want)) {
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
		// The clock was ahead when the last run was recorded, and is right again.
		{"30 2 * * *", "2035-05-01 02:30:00", "2021-05-09 01:00:00", "2021-05-08 02:30:00"},
		{"@every 1h", "2035-05-01 02:00:00", "2021-05-01 05:10:00", "2021-05-01 05:00:00"},
	} {
		got, ok := missedSlot(parseCron(t, test.cron), at(t, test.last), at(t, test.now))
		if ok != (test.want != "") || ok && !got.Equal(at(t, test.want)) {
			t.Errorf("missed slot of %s between %s and %s = %s, %v; want %q", test.cron, test.last, test.now, got, ok, test.want)
		}
	}
}

func TestResolvePeriod(t *testing.T) {
	for period, want := range map[string]string{"": "", "2019": "2019", "this_year": "2021", "last_year": "2020"} {
		if got := resolvePeriod(period, at(t, "2021-05-01 02:30:00")); got != want {
			t.Errorf("period %q = %q, want %q", period, got, want)
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
