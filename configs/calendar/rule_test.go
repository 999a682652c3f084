package calendar

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

// TestRules holds dates against calendars of the years 2020 to 2026 on paper, holidays moved
// to weekends (调休) among them.
func TestRules(t *testing.T) {
	table, err := newWorkdays(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ rule, period, want, missing string }{
		{"8th working day", "2023-YTD09", "2023-10-16", "[]"},                                   // 7 and 8 October worked
		{"8th working day", "2021-YTD12", "2022-01-13", "[]"},                                   // 1 to 3 January off
		{"8th working day", "2022-01", "2022-02-16", "[]"},                                      // spring festival to 6 February
		{"1st working day", "2020-01", "2020-02-03", "[]"},                                      // the festival was made longer
		{"8th working day", "2024-YTD04", "2024-05-14", "[]"},                                   // Saturday 11 May worked
		{"1st working day", "2025", "2026-01-04", "[]"},                                         // Sunday 4 January worked
		{"February 14 of the next year or next working day", "2025", "2026-02-14", "[]"},        // a Saturday that is worked
		{"February 14 of the next year or next working day", "2023", "2024-02-18", "[]"},        // a Sunday that is worked
		{"February 14 of the next year or next working day", "2020", "2021-02-18", "[]"},        // spring festival to 17 February
		{"February 14 of the next year or previous working day", "2020", "2021-02-10", "[]"},    // from 11 February
		{"February 14 of the next year or next working day", "2026", "2027-02-15", "[2027]"},    // no notice for 2027
		{"February 14 of the next year", "2026", "2027-02-14", "[]"},                            // needs none
		{"1st working day", "2026", "2027-01-01", "[2027]"},                                     // nothing but weekends is known
		{"day 15 of the next month", "2021-Q3", "2021-10-15", "[]"},                             //
		{"day 28 of the 2nd month", "2021-12", "2022-02-28", "[]"},                              //
		{"last day of the next month", "2024-01", "2024-02-29", "[]"},                           //
		{"last day of the 2nd month or previous working day", "2021-YTD02", "2021-04-30", "[]"}, //
		{"March 31 of the 2nd year", "2021-S1", "2023-03-31", "[]"},                             //
		{"10 days after the deadline", "2021", "2022-03-11", "[]"},                              // the deadline below
		{"3 working days after the deadline", "2021", "2022-03-04", "[]"},                       //
		{"3 working days before the deadline at 09:00", "2021", "2022-02-24", "[]"},             //
		{"1 day before the deadline", "2021", "2022-02-28", "[]"},                               //
		{"2 days before the deadline or previous working day", "2021", "2022-02-25", "[]"},      // 27 February is a Sunday
		{"1 day after the deadline or next working day", "2021-09", "2021-03-02", "[]"},         //
		{"3 working days after the deadline at 12:00", "2026", "2022-03-04", "[]"},              //
		{"day 1 of the next month or next working day", "2019-12", "2020-01-02", "[]"},          //
		{"day 1 of the next month or previous working day", "2019-12", "2019-12-31", "[2019]"},  // 2019 is not in the table
		{"day 20 of the next month or next working day", "2022-12", "2023-01-20", "[]"},         // a Friday
		{"day 21 of the next month or next working day", "2022-12", "2023-01-28", "[]"},         // a Saturday that is worked
	} {
		var rule Rule
		if err := rule.UnmarshalText([]byte(row.rule)); err != nil {
			t.Errorf("%s: %v", row.rule, err)
			continue
		}
		if rule.String() != row.rule {
			t.Errorf("%s: written as %s", row.rule, rule)
		}
		d := dater{workdays: table}
		deadline := date{time.Date(2022, time.March, 1, 0, 0, 0, 0, time.UTC), 17 * 60}
		if row.period == "2021-09" {
			deadline.day = deadline.day.AddDate(-1, 0, 0)
		}
		got := d.date(rule, parsePeriod(t, row.period), deadline)
		if got.day.Format(time.DateOnly) != row.want || fmt.Sprint(d.missing) != row.missing {
			t.Errorf("%s of %s: want %s and years missing %s, got %s and %v", row.rule, row.period, row.want, row.missing, got.day.Format(time.DateOnly), d.missing)
		}
	}
}

func TestTimeOfDay(t *testing.T) {
	table, err := newWorkdays(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := dater{workdays: table}
	deadline := date{time.Date(2022, time.March, 1, 0, 0, 0, 0, time.UTC), 17 * 60}
	for text, want := range map[string]int{
		"8th working day": endOfDay, "8th working day at 24:00": endOfDay, "8th working day at 00:00": 0,
		"day 3 of the next month at 09:05": 9*60 + 5, "1 day after the deadline": 17 * 60, "2 working days after the deadline at 23:59": 23*60 + 59,
	} {
		var rule Rule
		if err := rule.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := d.date(rule, parsePeriod(t, "2021"), deadline); got.minute != want {
			t.Errorf("%s: want minute %d, got %d", text, want, got.minute)
		}
	}
}

// TestWorkingDaysAreCounted wants the n-th working day after a period to be one, with n-1
// before it.
func TestWorkingDaysAreCounted(t *testing.T) {
	table, err := newWorkdays(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := catalogue.Period{Year: int16(rapid.IntRange(2020, 2026).Draw(t, "year")), Kind: catalogue.Month, Index: uint8(rapid.IntRange(1, 12).Draw(t, "month"))}
		n := rapid.IntRange(1, 120).Draw(t, "n")
		d := dater{workdays: table}
		got := d.date(Rule{base: workingDay, count: n, minute: -1}, p, date{}).day
		count := 0
		for day := p.End(); !day.After(got); day = day.AddDate(0, 0, 1) {
			if table.worked(day) {
				count++
			}
		}
		if count != n || !table.worked(got) {
			t.Fatalf("working day %d after %s: got %s, which is number %d", n, p, got.Format(time.DateOnly), count)
		}
	})
}

func FuzzRule(f *testing.F) {
	for _, seed := range []string{"8th working day", "day 15 of the next month at 17:00", "last day of the 2nd month or next working day", "March 31 of the next year", "1 day after the deadline", "0th working day"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var rule, back Rule
		if rule.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(rule.String())); err != nil || back != rule {
			t.Fatalf("%q is written as %q, which is read as %+v, %v", text, rule, back, err)
		}
	})
}
