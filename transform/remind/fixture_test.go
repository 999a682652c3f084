package remind

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/schedule"
)

// city returns a city whose calendar wants the annual report of 2021 on 6 February 2022, at the
// end of a week off that two days at a weekend were worked for.
func city(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	text, err := os.ReadFile("../../configs/calendar/testdata/city.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func loadCalendar(c *catalogue.Catalogue) (*calendar.Calendar, error) {
	return calendar.Parse("calendar", []byte("obligations:\n  - {dataset: annual, periods: [year], valid_from: 2021-01-01, deadline: February 6 of the next year at 18:00}\n"), c)
}

func tell(_ *catalogue.Catalogue, d *Digest, language string) (sentence, letter string) {
	for _, r := range d.Reminders {
		letter += fmt.Sprintf("(%s) %s %v\n", language, r.Period, r.Missing)
	}
	return fmt.Sprintf("%s: %s 缺 %d", language, d.Area, len(d.Reminders)), letter
}

// world is a job with a clock of its own, on a log where 100001 has reported everything.
type world struct {
	*Reminders
	t     *testing.T
	clock time.Time
}

func newWorld(t *testing.T, log *stream.Log, config Config) *world {
	t.Helper()
	l := ledger.New(city(t))
	period := fixture.Period("2021")
	people := event.AcceptedObservation{Indicator: "people", Period: period, Unit: "人", Value: catalogue.Value{Coefficient: 7}, Stage: catalogue.Final, Status: catalogue.Normal}
	income := event.AcceptedObservation{Indicator: "income", Period: fixture.Period("2021"), Unit: "亿元", Value: catalogue.Value{Coefficient: 5}, Stage: catalogue.Final, Status: catalogue.Normal}
	if err := l.Apply(1, "accepted.100001.annual", fixture.Accepted(1, "100001", people, income)); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: at(t, "2022-01-28 09:00")}
	var err error
	w.Reminders, err = New(log, l, Source{Calendar: loadCalendar, Tell: tell}, config, fixture.Logger(t), func() time.Time { return w.clock }, NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	w.pause = time.Millisecond
	return w
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// run carries the job out and returns its record.
func (w *world) run(ctx context.Context) event.Run {
	run := &event.Run{}
	if err := w.Do(ctx, &schedule.Task{Run: run}); err != nil {
		run.Problem = err.Error()
	}
	return *run
}

// records returns what became of the reminders of an area.
func (w *world) records(area string) []Record {
	w.t.Helper()
	all, err := List(w.t.Context(), w.log, area)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// outcomes returns what became of an area's only reminder, by way and receiver.
func (w *world) outcomes(area string) map[string]Outcome {
	w.t.Helper()
	records := w.records(area)
	if len(records) != 1 {
		w.t.Fatalf("reminders of %s: %+v", area, records)
	}
	all := map[string]Outcome{}
	for _, d := range records[0].Deliveries {
		name := d.Way
		if d.Way == WayWebhook || d.Way == WayMail {
			name = d.To
		}
		all[name] = d.Outcome
	}
	return all
}
