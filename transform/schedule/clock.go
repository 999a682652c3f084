package schedule

import (
	"time"

	"github.com/robfig/cron/v3"
)

// clock tells the slots of a cron expression in a time zone: the same on every machine.
//
// Where clocks change, an expression that names hours goes by the clock on the wall, and
// fires once for each of its times: in an hour that comes twice at the first, and for a
// time that is left out at the first instant after the gap. One that fires every hour, or
// every few minutes of every hour, goes by the time that passes.
type clock struct {
	spec cron.Schedule
	zone *time.Location
	wall bool // goes by the clock on the wall
}

const fields = cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor

// everyHour is the bit of a field of an expression that says * in it.
const everyHour = 1 << 63

func newClock(text string, zone *time.Location) (*clock, error) {
	spec, err := cron.NewParser(fields).Parse(text)
	if err != nil {
		return nil, err
	}
	c := &clock{spec: spec, zone: zone}
	if s, ok := spec.(*cron.SpecSchedule); ok {
		if s.Location != time.Local {
			c.zone = s.Location // CRON_TZ= before the fields
		}
		c.wall = s.Hour&everyHour == 0
		s.Location = c.zone
		if c.wall {
			s.Location = time.UTC
		}
	}
	return c, nil
}

// next returns the first slot after an instant; zero where there is none within five years.
func (c *clock) next(after time.Time) time.Time {
	if every, ok := c.spec.(cron.ConstantDelaySchedule); ok {
		return after.Truncate(every.Delay).Add(every.Delay).In(c.zone)
	}
	after = after.In(c.zone)
	if !c.wall {
		return c.spec.Next(after)
	}
	_, offset := after.Zone()
	onWall := after.Add(time.Duration(offset) * time.Second).UTC()
	for {
		onWall = c.spec.Next(onWall)
		if onWall.IsZero() {
			return onWall
		}
		if at := instantOf(onWall, c.zone); at.After(after) {
			return at
		}
	}
}

// instantOf returns the instant at which the clock on the wall of a zone, given as a time in
// UTC, shows a time first, or, where it never does, the first one after the gap.
func instantOf(onWall time.Time, zone *time.Location) time.Time {
	offsetAt := func(t time.Time) time.Duration {
		_, offset := t.In(zone).Zone()
		return time.Duration(offset) * time.Second
	}
	before, after := offsetAt(onWall.AddDate(0, 0, -1)), offsetAt(onWall.AddDate(0, 0, 1))
	for _, offset := range [...]time.Duration{max(before, after), min(before, after)} {
		if at := onWall.Add(-offset); offsetAt(at) == offset {
			return at.In(zone)
		}
	}
	begin, _ := onWall.Add(-before).In(zone).ZoneBounds()
	return begin.In(zone)
}

// lookBack are the spans that are searched for the latest slot, one after the other, so that
// an expression that fires each second takes no more steps than one that fires once a year.
var lookBack = [...]time.Duration{time.Minute, time.Hour, 24 * time.Hour, 31 * 24 * time.Hour, 366 * 24 * time.Hour, 5 * 366 * 24 * time.Hour}

// latest returns the latest slot after the last one and not after now. A last slot in the
// future was requested by a clock that was ahead, and does not count.
func (c *clock) latest(last, now time.Time) (slot time.Time, ok bool) {
	if last.After(now) {
		last = time.Time{}
	}
	if every, ok := c.spec.(cron.ConstantDelaySchedule); ok {
		slot = now.Truncate(every.Delay).In(c.zone)
		return slot, slot.After(last)
	}
	for _, back := range lookBack {
		from := now.Add(-back)
		if last.After(from) {
			from = last
		}
		for t := c.next(from); !t.IsZero() && !t.After(now); t = c.next(t) {
			slot, ok = t, true
		}
		if ok || from.Equal(last) {
			break
		}
	}
	return slot, ok
}
