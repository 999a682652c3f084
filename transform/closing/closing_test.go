package closing

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const calendarText = `obligations:
  - {dataset: annual, periods: [year], valid_from: 2020-01-01, deadline: February 6 of the next year, lock: April 30 of the next year, final: June 30 of the next year}
  - {dataset: other, periods: [year], valid_from: 2020-01-01, deadline: March 6 of the next year, lock: May 10 of the next year}
  - {dataset: other, periods: [quarter], valid_from: 2020-01-01, deadline: day 20 of the next month}
`

func load(c *catalogue.Catalogue) (*calendar.Calendar, error) {
	return calendar.Parse("calendar", []byte(calendarText), c)
}

// Each date acts once, in the schedule's name; what the bureau decides after it stands, until the
// final date; what passed long ago is left alone. A recomputation is asked for once for each.
func TestDatesActOnce(t *testing.T) {
	log := fixture.Log(t)
	text, err := os.ReadFile("../../configs/calendar/testdata/city.yaml")
	if err != nil {
		t.Fatal(err)
	}
	city, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, city.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	var now time.Time
	closer := New(log, ledger.New(city), load, fixture.Logger(t), func() time.Time { return now })
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	decide := func(kind event.DecisionKind) {
		t.Helper()
		if err := judge.Decide(t.Context(), log, city, event.Decision{Kind: kind, Period: "2021", Reason: "an error was found", Person: clerk}, now); err != nil {
			t.Fatal(err)
		}
	}
	// A recomputation that was asked for is carried out at once, as its runner would.
	recompute := func() {
		t.Helper()
		run := event.Run{ID: "x" + now.Format("20060102"), Schedule: "close-2021", Job: schedule.Recompute, Slot: now.UTC()}
		body, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Publish(t.Context(), stream.Message{Subject: schedule.RunSubject(run.Schedule), ID: run.ID, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		now    string
		before event.DecisionKind // what the bureau decides before the run
		did    string
		locked bool
	}{
		{"2022-05-10 23:59", "", "", false}, // one of the obligations is not past its date
		{"2022-05-11 00:10", "", "locked 2021, asked for recomputation of 2021", true},
		{"2022-05-11 00:10", "", "", true},
		{"2022-05-12 00:10", event.Unlock, "", false}, // the bureau has reopened it
		{"2022-05-13 00:10", "", "", false},
		{"2022-07-01 00:10", "", "locked 2021, asked for recomputation of 2021", true}, // the final date
		{"2022-07-02 00:10", event.Unlock, "", false},
		{"2022-07-20 00:10", "", "", false},
		{"2023-04-01 00:10", "", "", false},
		{"2023-08-20 00:10", "", "", false}, // 2022 was final more than a month ago
	} {
		now = at(step.now)
		if step.before != "" {
			decide(step.before)
		}
		run := event.Run{}
		if err := closer.Do(t.Context(), &schedule.Task{Command: event.Command{Schedule: "close"}, Run: &run}); err != nil {
			t.Fatalf("%s: %v", step.now, err)
		}
		if len(run.Did) > 0 {
			recompute()
		}
		states, err := States(t.Context(), log)
		if err != nil {
			t.Fatal(err)
		}
		if did := strings.Join(run.Did, ", "); did != step.did || states[fixture.Period("2021")].Locked != step.locked {
			t.Errorf("%s: did %q, locked %v; want %q, %v", step.now, did, states[fixture.Period("2021")].Locked, step.did, step.locked)
		}
	}
	var told []string
	err = followDecisions(t, log, func(d *event.Decision) {
		told = append(told, string(d.Kind)+" "+d.Period+" by "+d.Person.String()+" "+d.Decided().In(city.Zone()).Format(time.DateOnly))
		if d.Person.Role == event.RoleSchedule && !strings.Contains(d.Reason, "2022-0") {
			t.Errorf("reason %q", d.Reason)
		}
	})
	want := []string{
		"lock 2021 by close (schedule, schedule) 2022-05-11", "unlock 2021 by clerk (operator, local) 2022-05-12",
		"lock 2021 by close (schedule, schedule) 2022-07-01", "unlock 2021 by clerk (operator, local) 2022-07-02",
	}
	if diff := cmp.Diff(want, told); diff != "" || err != nil {
		t.Errorf("decisions (-want +got): %v\n%s", err, diff)
	}
	first, err := log.Get(t.Context(), stream.Commands, 1)
	var command event.Command
	if err != nil || json.Unmarshal(first.Data, &command) != nil || schedule.CheckCommand(first.Subject, first.Data) != nil {
		t.Fatalf("command: %v", err)
	}
	if command.Period != "2021" || !command.Full || command.Schedule != "close-2021" || !command.Slot.Equal(at("2022-05-11 00:00")) {
		t.Errorf("command: %+v", command)
	}
	if last, err := log.LastSequence(t.Context(), stream.Commands); err != nil || last != 2 {
		t.Errorf("%d recomputations asked for, %v; want 2", last, err)
	}
	if dates := Dates(mustLoad(t, city), at("2022-05-01 00:00")); slices.ContainsFunc(dates, func(d Date) bool { return d.Period.Kind != catalogue.Year }) {
		t.Errorf("dates of quarters, which have none: %v", dates)
	}
}

func mustLoad(t *testing.T, c *catalogue.Catalogue) *calendar.Calendar {
	t.Helper()
	owed, err := load(c)
	if err != nil {
		t.Fatal(err)
	}
	return owed
}

func followDecisions(t *testing.T, log *stream.Log, tell func(*event.Decision)) error {
	t.Helper()
	extent, err := log.Extent(t.Context(), stream.Accepted)
	if err != nil {
		return err
	}
	for sequence := uint64(1); sequence <= extent.Last; sequence++ {
		m, err := log.Get(t.Context(), stream.Accepted, sequence)
		if err != nil {
			return err
		}
		batch, err := event.DecodeAccepted(m.Data)
		if err != nil {
			return err
		}
		for i := range batch.Decisions {
			tell(&batch.Decisions[i])
		}
	}
	return nil
}
