package remind

import (
	"encoding/json"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// Of several reports that are due at once an area is told in one letter, one request and one line, and
// in one event for each dataset. What a receiver missed comes in one of its own, and the records still
// tell of each report by itself.
func TestManyDueAtOnceAreOneMessage(t *testing.T) {
	log, js := fixture.Broker(t)
	receiver := newReceiver(t)
	box, address, known := startMail(t)
	config := DefaultConfig()
	config.Attempts = 1
	config.Webhooks = []Webhook{receiver.hook("/well", "100002"), receiver.hook("/fails", "100002")}
	config.Mail = Mail{Server: address, Security: startTLS, User: "tally", Password: key, From: "统计局 <tally@example.org>", To: []Recipient{{Area: "100002", Addresses: []string{"a@example.org"}, Language: "zh"}}}
	w := newWorld(t, log, config)
	w.source.TLS = known
	w.source.Calendar = func(c *catalogue.Catalogue) (*calendar.Calendar, error) {
		return calendar.Parse("calendar", []byte("obligations:\n"+
			"  - {dataset: annual, periods: [year], valid_from: 2021-01-01, deadline: February 6 of the next year at 18:00}\n"+
			"  - {dataset: other, periods: [year], valid_from: 2021-01-01, deadline: February 6 of the next year at 18:00}\n"), c)
	}
	heard, err := js.Conn().SubscribeSync("reminders.100002.*")
	if err != nil {
		t.Fatal(err)
	}
	first := w.run(t.Context())
	if len(box.letters) != 1 {
		t.Fatalf("%d letters: %q; %s", len(box.letters), box.letters, first.Problem)
	}
	letter, err := netmail.ReadMessage(strings.NewReader(box.letters[0]))
	if err != nil {
		t.Fatal(err)
	}
	records := w.records("100002")
	if len(records) != 2 {
		t.Fatalf("records: %+v", records)
	}
	var reminders []Reminder
	for _, r := range records {
		reminders = append(reminders, r.Reminder)
		for _, d := range r.Deliveries {
			if want := map[bool]Outcome{true: Waiting, false: Told}[d.To == "fails"]; d.Outcome != want || d.Attempts != 1 {
				t.Errorf("%s %s: %+v", r.Dataset, r.Period, d)
			}
		}
	}
	id := newDigest(reminders...).ID
	if letter.Header.Get("Message-ID") != "<"+id+"@example.org>" || slices.ContainsFunc(reminders, func(r Reminder) bool { return r.ID == id }) {
		t.Errorf("the letter's id is %s, the digest's %s", letter.Header.Get("Message-ID"), id)
	}
	if told := receiver.taken["/well"]; len(told) != 1 || told[0] != "100002 "+id {
		t.Errorf("the webhook took %v", told)
	}
	byDataset := map[string]int{}
	for range 2 {
		m, err := heard.NextMsg(5 * time.Second)
		var d Digest
		if err != nil || json.Unmarshal(m.Data, &d) != nil || d.TextZH == "" || d.TextEN == "" {
			t.Fatalf("event %+v, %v", d, err)
		}
		byDataset[m.Subject] = len(d.Reminders)
	}
	if byDataset["reminders.100002.annual"] != 1 || byDataset["reminders.100002.other"] != 1 {
		t.Errorf("events %v", byDataset)
	}

	receiver.become(true)
	second := w.run(t.Context())
	if told := receiver.taken["/fails"]; second.Problem != "" || len(told) != 1 || told[0] != "100002 "+id || len(box.letters) != 1 {
		t.Errorf("the second run told %v and wrote %d letters: %+v", told, len(box.letters), second)
	}
}
