package remind

import (
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

const (
	// toldWithin is how long after a step has come it is told, where nobody could be told before.
	toldWithin = 3 * 24 * time.Hour
	// The deadlines that are looked at lie so many days around now: further than any step.
	daysAround = 1100
)

// due returns the reminders whose step has come and is the newest one, of obligations that are
// not met.
func due(c *calendar.Calendar, view *ledger.View, steps []step, now time.Time, tell Tell) []Reminder {
	var all []Reminder
	for _, o := range c.Obligations(now.AddDate(0, 0, -daysAround), now.AddDate(0, 0, daysAround)) {
		come, at := newest(c, &o, steps, now)
		if come == "" || now.Sub(at) > toldWithin {
			continue
		}
		missing, owed := c.Missing(&o, func(indicator string, p catalogue.Period) bool {
			for _, part := range view.AppendParts(nil, ledger.Cell{Indicator: indicator, Period: p}) {
				if part.Area == o.Area {
					return true
				}
			}
			return false
		})
		if len(missing) == 0 {
			continue
		}
		r := Reminder{
			Area: o.Area, Dataset: o.Dataset, Period: o.Period.String(), Step: come, At: at.UTC(), Deadline: o.Deadline,
			Overdue: now.After(o.Deadline), Owed: owed, Missing: missing, Basis: view.Basis(),
		}
		r.ID = idOf(c.Catalogue().City, &r)
		alone := newDigest(r)
		r.TextZH, _ = tell(c.Catalogue(), alone, "zh")
		r.TextEN, _ = tell(c.Catalogue(), alone, "en")
		all = append(all, r)
	}
	return all
}

// newest returns the name of the step of an obligation that came last, and when; "" where none
// has come.
func newest(c *calendar.Calendar, o *calendar.Obligation, steps []step, now time.Time) (name string, at time.Time) {
	for _, s := range steps {
		if came := c.Around(s.rule, o); !came.IsZero() && !came.After(now) && came.After(at) {
			name, at = s.name, came
		}
	}
	return name, at
}
