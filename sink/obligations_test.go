package sink

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/coverage"
)

// reportingCity returns a calendar of four areas that owe one annual dataset, until 6 February
// at 24:00, with grace to the 10th.
func reportingCity(t testing.TB, final string) *calendar.Calendar {
	t.Helper()
	text, err := os.ReadFile("../configs/calendar/testdata/city.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := calendar.Parse("calendar", []byte(`obligations:
  - dataset: annual
    periods: [year]
    valid_from: 2021-01-01
    deadline: February 6 of the next year
    grace: 4 days after the deadline
    final: `+final+"\n"), parseCatalogue(t, string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCoverage follows obligations from nothing to complete: what came in time and what late,
// what was refused, held, withdrawn and changed. A refused file that is sent again counts once.
func TestCoverage(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.now = func() time.Time { return time.Date(2023, 5, 1, 0, 0, 0, 0, time.UTC) }
	if err := s.SyncCalendar(t.Context(), reportingCity(t, "June 30 of the next year")); err != nil {
		t.Fatal(err)
	}
	deadline := time.Date(2022, 2, 6, 16, 0, 0, 0, time.UTC) // 24:00 in the city
	sequence := uint64(0)
	accept := func(area string, at time.Time, rows ...string) {
		t.Helper()
		sequence++
		sent := event.AcceptedSubmission{ID: fmt.Sprint("s", sequence), Area: area, Dataset: "annual", Sequence: sequence, ReceivedAt: at.UnixMilli()}
		for _, row := range rows {
			indicator, text, _ := strings.Cut(row, " ")
			indicator, code, dated := strings.Cut(indicator, "@")
			if !dated {
				code = "2021"
			}
			o := event.AcceptedObservation{Indicator: indicator, Period: period(t, code), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1}
			switch text {
			case "withdrawn":
				o.Status, o.Epoch = catalogue.Withdrawn, 1
			case "none":
				o.Status = catalogue.Missing
			default:
				held := false
				text, held = strings.CutPrefix(text, "held ")
				o.Value = value(t, text)
				if held {
					o.Row = 2
					sent.Held = append(sent.Held, event.NewHeldRow(&o, []event.Finding{{Code: "SOME", MessageZH: "存疑", MessageEN: "odd", ReleasedBy: event.ByDistrict}}))
					continue
				}
			}
			sent.Add(o)
		}
		put(t, s, &observationBlock{}, sequence, acceptedMessage(t, sent))
	}
	find := func(area string, severity event.Severity, row int, indicator string) {
		t.Helper()
		sequence++
		v := event.Verdict{Submission: fmt.Sprint("v", row), Area: area, Dataset: "annual", Sequence: sequence, Rows: 1, Outcome: event.Rejected, ReceivedAt: deadline, DecidedAt: deadline,
			Findings: []event.Finding{{Code: "SOME", Severity: severity, Row: row, Indicator: indicator, Period: "2021"}}}
		put(t, s, &verdictBlock{}, sequence, verdictMessage(t, v))
	}
	// The city is in time to the instant, a district an hour late and revises afterwards;
	// another has withdrawn one figure and had the next one refused; the zone has one held, and
	// of December's year to date, which is not the year's, one that counts for nothing.
	accept("100000", deadline, "papers none")
	accept("100001", deadline.Add(-time.Hour), "income 5")
	accept("100001", deadline.Add(time.Hour), "people 7")
	accept("100001", deadline.Add(2*time.Hour), "people 7", "income 5.5")
	find("100002", event.Reject, 3, "income")
	accept("100002", deadline.Add(-time.Hour), "income 1", "people 2")
	accept("100002", deadline, "income withdrawn")
	find("100002", event.Reject, 4, "income")
	find("100002", event.Reject, 4, "income")
	accept("100071", deadline.Add(-time.Hour), "people 3", "income held 4", "income@2021-YTD12 4")

	rows, err := coverage.OfPeriod(t.Context(), s, period(t, "2021"), coverage.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s %s: %d of %d, missing %v, held %d, refused %d, complete %v, late %v, rows %d and %d, revisions %d",
			r.Area, r.State, r.Received, r.Owed, r.Missing, r.Held, r.Refused, r.Complete, r.Complete && r.LateBy() == time.Hour, r.RowsAccepted, r.RowsRefused, r.Revisions))
		if !r.Deadline.Equal(deadline) || r.Grace == nil || r.Grace.Sub(deadline) != 4*24*time.Hour {
			t.Errorf("%s: due %v, grace %v", r.Area, r.Deadline, r.Grace)
		}
	}
	want := []string{
		"100000 in_time: 1 of 1, missing [], held 0, refused 0, complete true, late false, rows 1 and 0, revisions 0",
		"100001 late: 2 of 2, missing [], held 0, refused 0, complete true, late true, rows 4 and 0, revisions 1",
		"100002 overdue: 1 of 2, missing [income], held 0, refused 1, complete false, late false, rows 3 and 2, revisions 1",
		"100071 overdue: 1 of 2, missing [income], held 1, refused 0, complete false, late false, rows 1 and 0, revisions 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
	one, err := coverage.OfPeriod(t.Context(), s, period(t, "2021"), coverage.Filter{Area: "100002", Dataset: "annual"})
	if err != nil || len(one) != 1 || one[0].Area != "100002" {
		t.Errorf("one area: %v, %v", one, err)
	}
	if got, want := query(t, s, "SELECT submission, row, repeated FROM findings ORDER BY sequence"), "submission,row,repeated\nv3,3,false\nv4,4,false\nv4,4,true\n"; got != want {
		t.Errorf("findings: %s, want %s", got, want)
	}
	scores, err := coverage.Scores(t.Context(), s, 2021)
	if err != nil || len(scores) != 4 {
		t.Fatalf("scores: %v, %v", scores, err)
	}
	if second := scores[2]; second.Timeliness.String() != "0" || second.Completeness.String() != "50" || second.RefusedShare.String() != "40" || second.RevisionShare.String() != "100" {
		t.Errorf("scores of 100002: %+v", second)
	}
	if first := scores[0]; first.Timeliness.String() != "100" || first.Incomplete != 0 {
		t.Errorf("scores of the city: %+v", first)
	}
}

// TestSyncCalendarShowsTheVersionSyncedLast also wants it to be repeatable.
func TestSyncCalendarShowsTheVersionSyncedLast(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	now := time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	s.now = func() time.Time { now = now.Add(time.Microsecond); return now }
	old, next := reportingCity(t, "June 30 of the next year"), reportingCity(t, "June 29 of the next year")
	for _, step := range []struct {
		c    *calendar.Calendar
		want string
	}{{old, "2022-06-30"}, {old, "2022-06-30"}, {next, "2022-06-29"}, {old, "2022-06-30"}} {
		if err := s.SyncCalendar(t.Context(), step.c); err != nil {
			t.Fatal(err)
		}
		got := query(t, s, "SELECT toDate(final) AS final, count() AS areas, any(provisional) AS provisional FROM obligations WHERE period = '2021' GROUP BY final") +
			query(t, s, "SELECT max(period) AS last, uniqExact(calendar) AS versions FROM obligations")
		if want := "final,areas,provisional\n" + step.want + ",4,false\nlast,versions\n2023,1\n"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// What is owed follows a catalogue that comes into force, and is met by a list of entities and by
// another spelling of the period as well as by the dataset's own numbers.
func TestObligationsFollowTheCatalogue(t *testing.T) {
	t.Parallel()
	const before = `city: c
areas:
  - {code: c, name_zh: 市, name_en: City, kind: city}
  - {code: a, name_zh: 甲, name_en: A, kind: district}
datasets:
  - {id: annual, name_zh: 年报, name_en: Annual, periods: [year]}
  - {id: monthly, name_zh: 月报, name_en: Monthly, periods: [ytd]}
  - {id: list, name_zh: 名单, name_en: List, rows: entities, periods: [year]}
indicators:
  - {id: firms, name_zh: 户数, name_en: Firms, unit: 家, kind: stock, city_total: distinct, datasets: [annual, list]}
  - {id: income, name_zh: 收入, name_en: Income, unit: 亿元, city_total: sum, datasets: [annual, monthly], frequency: M}
`
	const after = before + "  - {id: papers, name_zh: 论文, name_en: Papers, unit: 篇, city_total: sum, datasets: [annual]}\n"
	const broken = "city: c\nareas:\n  - {code: c, name_zh: 市, name_en: City, kind: city}\ndatasets: []\nindicators: []\n"
	load := func(c *catalogue.Catalogue) (*calendar.Calendar, error) {
		return calendar.Parse("calendar", []byte("obligations:\n  - {dataset: annual, periods: [year], valid_from: 2021-01-01, valid_to: 2022-01-01, deadline: February 6 of the next year}\n"), c)
	}
	s := newStore(t)
	now := time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	s.now = func() time.Time { now = now.Add(time.Microsecond); return now }
	s.FollowCalendar(load)
	adopt := func(sequence uint64, text string, since time.Time) {
		t.Helper()
		block := &observationBlock{fills: s}
		body, err := event.EncodeAccepted(&event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Adopt, Reason: "new forms", By: "clerk", Catalogue: text}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := block.add(&stream.Delivery{Subject: "accepted.decisions", Body: body, Sequence: sequence, StoredAt: since}); err != nil {
			t.Fatal(err)
		}
		if err := block.store(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	told := func() string {
		t.Helper()
		rows, err := coverage.OfPeriod(t.Context(), s, period(t, "2021"), coverage.Filter{Area: "a"})
		if err != nil || len(rows) != 1 {
			t.Fatalf("%v, %v", rows, err)
		}
		return fmt.Sprint(rows[0].Received, " of ", rows[0].Owed, " ", rows[0].Missing)
	}
	first := now.Add(-time.Hour)
	adopt(1, before, first)
	if got := told(); got != "0 of 2 [firms income]" {
		t.Errorf("at first: %s", got)
	}
	sent := event.AcceptedSubmission{ID: "s1", Area: "a", Dataset: "list", Sequence: 1, ReceivedAt: now.UnixMilli()}
	code := "91000000X00000001"
	sent.Add(event.AcceptedObservation{Indicator: "firms", Unit: "家", Period: period(t, "2021"), Value: catalogue.Value{Coefficient: 1}, Stage: catalogue.Final, Status: catalogue.Normal, Row: 1,
		Entity: &event.ListedEntity{Code: code + string(catalogue.EntityCheck(code)), Name: "甲公司"}})
	monthly := event.AcceptedSubmission{ID: "s2", Area: "a", Dataset: "monthly", Sequence: 2, ReceivedAt: now.UnixMilli()}
	monthly.Add(event.AcceptedObservation{Indicator: "income", Unit: "亿元", Period: period(t, "2021"), Value: value(t, "5"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1})
	put(t, s, &observationBlock{}, 2, acceptedMessage(t, sent), acceptedMessage(t, monthly))
	if got := told(); got != "2 of 2 []" {
		t.Errorf("with a list and a figure of another dataset: %s", got)
	}
	adopt(4, after, first.Add(time.Minute))
	if got := told(); got != "2 of 3 [papers]" {
		t.Errorf("under the new catalogue: %s", got)
	}
	adopt(1, before, first) // delivered again
	adopt(5, broken, first.Add(2*time.Minute))
	if got := told(); got != "2 of 3 [papers]" {
		t.Errorf("after an old one came again, and one that the calendar does not fit: %s", got)
	}
	prepared := first.Add(3 * time.Minute)
	owed, err := load(parseCatalogue(t, after))
	if err == nil {
		err = s.Prepare(t.Context(), owed, prepared, testConfig())
	}
	if err != nil {
		t.Fatal(err)
	}
	stored := func() string { return query(t, s, "SELECT max(synced_at) FROM calendars_data") }
	byPrepare := stored()
	if adopt(6, after, prepared); stored() != byPrepare {
		t.Error("what Prepare has stored was stored again")
	}
	if adopt(7, before, prepared.Add(time.Minute)); stored() == byPrepare {
		t.Error("a catalogue that came into force after Prepare was not stored")
	}
}

// What is owed for a period is met by a figure of exactly the periods that [catalogue.Period.MetBy]
// names, so that the view tells what the page and reminders tell: a quarter by itself or by the year
// to its end. Each area has one period of the year.
func TestPeriodsThatMeetWhatIsOwed(t *testing.T) {
	t.Parallel()
	text := "city: c\nareas:\n  - {code: c, name_zh: 市, name_en: City, kind: city}\n"
	periods := catalogue.PeriodsOfYear(2021)
	for i := range periods {
		text += fmt.Sprintf("  - {code: a%d, name_zh: 区%d, name_en: A%d, kind: district}\n", i, i, i)
	}
	city := parseCatalogue(t, text+`datasets: [{id: every, name_zh: 报表, name_en: every, periods: [year, half, quarter, month, ytd]}]
indicators: [{id: income, name_zh: 收入, name_en: Income, unit: 亿元, city_total: sum, datasets: [every], frequency: M}]
`)
	owed, err := calendar.Parse("calendar", []byte("obligations: [{dataset: every, periods: [year, half, quarter, month, ytd], valid_from: 2021-01-01, valid_to: 2022-01-01, deadline: February 6 of the next year}]\n"), city)
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	s.now = func() time.Time { return time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC) }
	if err := s.SyncCalendar(t.Context(), owed); err != nil {
		t.Fatal(err)
	}
	var messages []stream.Message
	want := "area,period,rows_accepted\n"
	for i, reported := range periods {
		sent := event.AcceptedSubmission{ID: fmt.Sprint("s", i), Area: fmt.Sprint("a", i), Dataset: "every", Sequence: uint64(i + 1), ReceivedAt: 1}
		sent.Add(event.AcceptedObservation{Indicator: "income", Unit: "亿元", Period: reported, Value: value(t, "5"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 1})
		messages = append(messages, acceptedMessage(t, sent))
		for _, o := range calendar.OfArea(owed.Obligations(time.Time{}, s.now()), sent.Area) {
			if missing, _ := owed.Missing(&o, func(_ string, p catalogue.Period) bool { return p == reported }); len(missing) == 0 {
				want += fmt.Sprintf("%s,%s,1\n", o.Area, o.Period)
			}
		}
	}
	put(t, s, &observationBlock{}, 1, messages...)
	got := query(t, s, "SELECT area, period, rows_accepted FROM coverage WHERE complete ORDER BY toUInt8(substring(area, 2)), period")
	if diff := cmp.Diff(sortedLines(want), sortedLines(got)); diff != "" {
		t.Errorf("(-MetBy +view):\n%s", diff)
	}
	for _, line := range []string{"a3,2021-Q1,1", "a21,2021-Q1,1"} { // by itself, and by January to March
		if !strings.Contains(got, line) {
			t.Errorf("no line %s in\n%s", line, got)
		}
	}
}

func sortedLines(text string) []string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return lines
}
