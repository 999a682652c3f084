package transform

import (
	"errors"
	"fmt"
	"time"

	"github.com/citytally/citytally/transform/schedule"
)

// Config is how the transform stage works.
type Config struct {
	// Batch is how many submissions are validated together at most.
	Batch int `yaml:"batch"`
	// AckWait is how long the broker waits for a sign of life before it gives a
	// message to somebody else.
	AckWait time.Duration `yaml:"ack_wait"`
	// SettleFor is how long a recomputation waits for ClickHouse to catch up
	// before it gives up with an error in its run record.
	SettleFor time.Duration `yaml:"settle_for"`
	// CheckEvery is how often it is checked that everything received is accounted
	// for; recomputations check it besides. 0 leaves it to them.
	CheckEvery time.Duration `yaml:"check_every"`
	// Schedules say which jobs are done when.
	Schedules []schedule.Schedule `yaml:"schedules"`
}

// DefaultConfig recomputes everything nightly at 02:30, reminds each hour of the day, and locks periods when the calendar says so.
func DefaultConfig() Config {
	return Config{
		Batch: 1000, AckWait: 5 * time.Second, SettleFor: time.Minute, CheckEvery: 10 * time.Minute,
		Schedules: []schedule.Schedule{{Name: "nightly", Job: schedule.Recompute, Cron: "30 2 * * *"}, {Name: "reminders", Job: schedule.Remind, Cron: "0 8-18 * * *"}, {Name: "close", Job: schedule.Close, Cron: "10 0 * * *"}},
	}
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Batch < 1 || c.Batch > 1000 {
		report("transform.batch: want 1 to 1000, got %d", c.Batch)
	}
	if c.AckWait < time.Second {
		report("transform.ack_wait: want at least 1s, got %s", c.AckWait)
	}
	if c.SettleFor < time.Second {
		report("transform.settle_for: want at least 1s, got %s", c.SettleFor)
	}
	if c.CheckEvery < 0 || c.CheckEvery > 0 && c.CheckEvery < time.Second {
		report("transform.check_every: want 0s or at least 1s, got %s", c.CheckEvery)
	}
	errs = append(errs, schedule.Validate(c.Schedules))
	return errors.Join(errs...)
}
