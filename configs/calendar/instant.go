package calendar

import "time"

// instant returns when a minute of a day begins in a zone. Where clocks go back, a minute
// comes twice and the later one is taken; where they go forward, a minute may not come at
// all and the first instant after the gap is taken. So nobody has less time than the
// clock on the wall shows.
func instant(at date, zone *time.Location) time.Time {
	year, month, day := at.day.Date()
	t := time.Date(year, month, day, 0, at.minute, 0, 0, zone)
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	wall := time.Date(year, month, day, 0, at.minute, 0, 0, time.UTC)
	switch shown := t.Add(time.Duration(offset) * time.Second).UTC(); {
	case shown.After(wall):
		return start
	case shown.Before(wall):
		return end
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if later := wall.Add(-time.Duration(after) * time.Second); !later.Before(end) {
			return later.In(zone)
		}
	}
	return t
}
