package obligation

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/sink/coverage"
	"github.com/citytally/citytally/transform/remind"
)

// reader returns a printer, and what 清江浦区 owes from February 2026 to February 2027.
func reader(t *testing.T, language present.Language) (*Printer, []calendar.Obligation) {
	t.Helper()
	settings := configs.Default()
	c, err := settings.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	built, err := settings.LoadCalendar(c)
	if err != nil {
		t.Fatal(err)
	}
	owed := built.Obligations(time.Date(2026, 2, 1, 0, 0, 0, 0, c.Zone()), time.Date(2027, 3, 1, 0, 0, 0, 0, c.Zone()))
	return &Printer{Printer: &present.Printer{Catalogue: c, Language: language, Location: c.Zone()}}, calendar.OfArea(owed, "320812")
}

func TestObligationsInBothLanguages(t *testing.T) {
	for language, want := range map[present.Language][]string{
		present.Chinese: {"截止时间", " 2026-02-14 18:00   科技创新年报  2025年", "清江浦区", "2026-04-30 24:00", "2027-02-15 18:00*", "尚无 2027 年的放假调休安排"},
		present.English: {"deadline", " 2026-02-14 18:00   annual science and technology report     2025", "Qingjiangpu District", "January to February 2026", "no holidays of 2027 are known"},
	} {
		p, owed := reader(t, language)
		var b bytes.Buffer
		if err := p.Obligations(&b, owed, "320812", present.FormatTable, time.Now()); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s: %q is missing in\n%s", language, text, &b)
			}
		}
		b.Reset()
		if err := p.Obligations(&b, nil, "", present.FormatTable, time.Now()); err != nil || !strings.Contains(b.String(), "calendar") {
			t.Errorf("%s: nothing is owed: %s, %v", language, &b, err)
		}
	}
}

func TestObligationsForPrograms(t *testing.T) {
	p, owed := reader(t, present.English)
	var b bytes.Buffer
	if err := p.Obligations(&b, owed[:1], "", present.FormatCSV, time.Now()); err != nil {
		t.Fatal(err)
	}
	want := "deadline,dataset,period,area,grace,lock,final,provisional\n" +
		"2026-02-14T18:00:00+08:00,sti-annual,2025,320812,2026-02-28T18:00:00+08:00,2026-05-01T00:00:00+08:00,2026-07-01T00:00:00+08:00,false\n"
	if b.String() != want {
		t.Errorf("got %s, want %s", &b, want)
	}
	b.Reset()
	if err := p.Obligations(&b, nil, "", present.FormatJSON, time.Now()); err != nil || b.String() != "[]\n" {
		t.Errorf("nothing as JSON: %s, %v", &b, err)
	}
}

// TestFeedIsReadBack reads the feed as calendar programs do: an event for each obligation, at
// its deadline, with an id of its own that stays.
func TestFeedIsReadBack(t *testing.T) {
	p, owed := reader(t, present.Chinese)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var b bytes.Buffer
	if err := p.Feed(&b, owed, "320812", at); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d octets, want at most 75, ended by CRLF: %q", len(line), line)
		}
	}
	feed, err := ics.ParseCalendar(&b)
	if err != nil {
		t.Fatal(err)
	}
	events := feed.Events()
	if len(events) != len(owed) || len(owed) < 15 {
		t.Fatalf("want %d events, got %d", len(owed), len(events))
	}
	ids := map[string]bool{}
	for i, event := range events {
		start, err := event.GetStartAt()
		if err != nil || !start.Equal(owed[i].Deadline) {
			t.Errorf("event %d: want it at %v, got %v, %v", i, owed[i].Deadline, start, err)
		}
		if stamp, err := event.GetDtStampTime(); err != nil || !stamp.Equal(at) {
			t.Errorf("event %d: stamped %v, %v", i, stamp, err)
		}
		if len(event.Alarms()) != 1 || ids[event.Id()] {
			t.Errorf("event %s: %d alarms, seen before: %v", event.Id(), len(event.Alarms()), ids[event.Id()])
		}
		ids[event.Id()] = true
		status := event.GetProperty(ics.ComponentPropertyStatus).Value
		if want := map[bool]string{true: "TENTATIVE", false: "CONFIRMED"}[len(owed[i].HolidaysMissing) > 0]; status != want {
			t.Errorf("event %s: status %s, want %s", event.Id(), status, want)
		}
	}
	if !ids["sti-annual.2025.320812@320800.citytally"] {
		t.Errorf("ids are %v", ids)
	}
	if got, want := events[0].GetProperty(ics.ComponentPropertySummary).Value, "清江浦区：科技创新年报（2025年）报送截止"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

func TestCoverageInBothLanguages(t *testing.T) {
	deadline := time.Date(2026, 2, 14, 10, 0, 0, 0, time.UTC)
	rows := []coverage.Row{
		{Area: "320812", Dataset: "sti-annual", Period: "2025", Deadline: deadline, State: coverage.Late, Complete: true, Owed: 44, Received: 44, Missing: []string{}, LateSeconds: 90 * 60, CompleteAt: &deadline},
		{Area: "320804", Dataset: "sti-annual", Period: "2025", Deadline: deadline, State: coverage.Overdue, Owed: 44, Received: 40, Missing: []string{"gdp", "hnte_new", "hnte_valid", "ipo_new"}, Refused: 1, Held: 17, LateSeconds: 3 * 24 * 60 * 60},
	}
	half := decimal.RequireFromString("12.5")
	scores := []inquiry.Score{{Area: "320812", Year: 2025, Due: 8, InTime: 7, Late: 1, Timeliness: decimal.RequireFromString("87.5"), RefusedShare: &half}}
	for language, want := range map[present.Language][]string{
		present.Chinese: {"迟报，已报齐", "逾期", "40/44", "待核实", "17", "2 小时", "3 天", "地区生产总值、新认定高新技术企业、", "+1", "及时率 %", "87.5", "12.5"},
		present.English: {"complete, late", "overdue", "2 hours", "3 days", "gross domestic product", "timeliness %"},
	} {
		p, _ := reader(t, language)
		var b bytes.Buffer
		for _, format := range []string{present.FormatTable, present.FormatCSV, present.FormatJSON} {
			if err := p.Coverage(&b, rows, format); err != nil {
				t.Fatal(err)
			}
			if err := p.Scores(&b, scores, format); err != nil {
				t.Fatal(err)
			}
		}
		for _, text := range append(want, "sti-annual,320804,2025,2026-02-14T10:00:00Z,overdue,44,40,17,1,,259200,0,0,0,gdp hnte_new hnte_valid ipo_new\n", `"state": "late"`, "320812,2025,8,7,1,0,87.5,0,0,0,12.5,0,\n") {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s: %q is missing in\n%s", language, text, &b)
			}
		}
	}
}

// A period that is locked says so, and by whom.
func TestLocksAreTold(t *testing.T) {
	p, owed := reader(t, present.English)
	at := time.Date(2026, 5, 1, 0, 10, 0, 0, p.Catalogue.Zone())
	p.Locks = map[catalogue.Period]*event.Decision{owed[0].Period: {
		Kind: event.Lock, Period: owed[0].Period.String(), At: at.UnixMilli(), Person: event.Person{Name: "close", Role: event.RoleSchedule, Way: event.WaySchedule},
	}}
	var table, json strings.Builder
	if err := errors.Join(p.Obligations(&table, owed, "", present.FormatTable, at), p.Obligations(&json, owed, "", present.FormatJSON, at)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(table.String(), "(locked 2026-05-01 00:10 by close)"); n != 1 || strings.Count(json.String(), `"role": "schedule"`) != 1 {
		t.Errorf("want one lock:\n%s%s", &table, &json)
	}
}

// Several reports that are due are one sentence and one letter, which names the overdue ones and all
// that is missing.
func TestDigestInWords(t *testing.T) {
	p, _ := reader(t, present.Chinese)
	deadline := time.Date(2026, 2, 6, 18, 0, 0, 0, p.Catalogue.Zone())
	d := &remind.Digest{Area: "320812", Overdue: 1, Reminders: []remind.Reminder{
		{Area: "320812", Dataset: "sti-annual", Period: "2025", Deadline: deadline, Overdue: true, Owed: 40, Missing: []string{"gdp", "rd_expenditure"}},
		{Area: "320812", Dataset: "sti-monthly", Period: "2026-01", Deadline: deadline, Owed: 9, Missing: []string{"gdp"}},
	}}
	sentence, letter := p.Reminder(d)
	if want := "逾期提醒：清江浦区有 2 张报表待报，其中 1 张已逾期：《科技创新年报》（2025年）、《科技创新月报》（2026年1月）"; sentence != want {
		t.Errorf("%s\nwant %s", sentence, want)
	}
	if strings.Count(letter, "清江浦区") != 1 || strings.Count(letter, "尚缺：") != 2 || strings.Count(letter, "地区生产总值") != 2 {
		t.Errorf("letter:\n%s", letter)
	}
}
