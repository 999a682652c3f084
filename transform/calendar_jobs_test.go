package transform

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/closing"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/remind"
	"github.com/citytally/citytally/transform/schedule"
)

// post is an SMTP server and a webhook in one.
type post struct {
	mu                sync.Mutex
	letters, requests []string
}

func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (p *post) Reset()                                      {}
func (p *post) Logout() error                               { return nil }
func (p *post) Mail(string, *smtp.MailOptions) error        { return nil }
func (p *post) Rcpt(string, *smtp.RcptOptions) error        { return nil }

func (p *post) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, string(text))
	return err
}

func (p *post) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var d remind.Digest
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && json.Unmarshal(body, &d) == nil {
		p.requests = append(p.requests, d.Area)
	}
}

// open returns the settings of reminders that reach it.
func (p *post) open(t *testing.T) remind.Config {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mailbox, hook := smtp.NewServer(p), httptest.NewServer(p)
	var serving sync.WaitGroup
	serving.Go(func() { _ = mailbox.Serve(listener) })
	t.Cleanup(func() { mailbox.Close(); hook.Close(); serving.Wait() })
	config := remind.DefaultConfig()
	config.Webhooks = []remind.Webhook{{Name: "office", URL: hook.URL, Secret: "a secret of tests", AllowLocal: true}}
	config.Mail = remind.Mail{Server: listener.Addr().String(), Security: "none", From: "tally@example.org", To: []remind.Recipient{{Area: "902", Addresses: []string{"b@example.org"}}}}
	return config
}

// A slot comes: of two schedulers one asks for each job, and of two processes one carries it out. Who owes
// what is overdue is reminded by letter and request, once; the period whose date has come is locked
// for both. A figure that is in keeps its area from being reminded.
func TestSlotsRemindAndClose(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	nine := time.Date(2022, 2, 7, 9, 0, 0, 0, c.Zone())
	// The clock stands until the schedulers have begun, and then comes to the slot.
	var began atomic.Pointer[time.Time]
	now := func() time.Time {
		before := nine.Add(-300 * time.Millisecond)
		if at := began.Load(); at != nil {
			return before.Add(time.Since(*at))
		}
		return before
	}
	box := &post{}
	reminders := box.open(t)
	source := remind.Source{
		Calendar: func(c *catalogue.Catalogue) (*calendar.Calendar, error) {
			return calendar.Parse("calendar", []byte("obligations: [{dataset: annual, periods: [year], valid_from: 2021-01-01, deadline: February 6 of the next year at 18:00, lock: February 7 of the next year at 08:00}]\n"), c)
		},
		Tell: func(_ *catalogue.Catalogue, d *remind.Digest, language string) (sentence, letter string) {
			return language + " " + d.Area, d.Area + " owes " + strings.Join(d.Reminders[0].Missing, " ")
		},
	}
	body, err := event.EncodeAccepted(fixture.Accepted(1, "901", everything(c)...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Publish(t.Context(), stream.Message{Subject: "accepted.901.annual", Body: body}); err != nil {
		t.Fatal(err)
	}
	var ledgers []*ledger.Ledger
	for range 2 {
		l, replayed := ledger.New(c), make(chan struct{})
		fixture.Run(t, func(ctx context.Context) error {
			return l.Follow(ctx, log, fixture.Logger(t), func() { close(replayed) })
		})
		<-replayed
		reminding, err := remind.New(log, l, source, reminders, fixture.Logger(t), now, remind.NewMetrics(nil))
		if err != nil {
			t.Fatal(err)
		}
		for name, job := range map[string]schedule.Job{schedule.Remind: reminding, schedule.Close: closing.New(log, l, source.Calendar, fixture.Logger(t), now)} {
			fixture.Run(t, schedule.NewRunner(log, name, job, time.Minute, fixture.Logger(t), now, schedule.NewRunMetrics(nil)).Run)
		}
		ledgers = append(ledgers, l)
	}
	schedules := []schedule.Schedule{{Name: "reminders", Job: schedule.Remind, Cron: "0 9 * * *"}, {Name: "close", Job: schedule.Close, Cron: "0 9 * * *"}}
	for range 2 {
		scheduler, err := schedule.NewScheduler(log, schedules, c.Zone(), fixture.Logger(t), now)
		if err != nil {
			t.Fatal(err)
		}
		fixture.Run(t, scheduler.Run)
		<-scheduler.Ready()
	}
	start := time.Now()
	began.Store(&start)

	runs := map[string][]event.Run{}
	fixture.Await(t, log, stream.Totals, "runs of both jobs", func(d stream.Delivery) bool {
		var run event.Run
		if strings.HasPrefix(d.Subject, "runs.") && json.Unmarshal(d.Body, &run) == nil {
			runs[run.Schedule] = append(runs[run.Schedule], run)
		}
		return len(runs["reminders"]) > 0 && len(runs["close"]) > 0
	})
	for _, name := range []string{"reminders", "close"} {
		run := runs[name][0]
		if len(runs[name]) != 1 || run.Problem != "" || !run.Slot.Equal(nine) || run.Trigger != event.BySchedule {
			t.Errorf("%s: %+v", name, runs[name])
		}
	}
	if last, err := log.LastSequence(t.Context(), stream.Commands); err != nil || last != 3 {
		t.Errorf("%d commands, %v; want one of each schedule, and the recomputation of what was locked", last, err)
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.letters) != 1 || !strings.Contains(box.letters[0], "902 owes gdp") {
		t.Errorf("letters: %q", box.letters)
	}
	told := strings.Join(box.requests, " ")
	if strings.Contains(told, "901") || strings.Count(told, "902") != 1 {
		t.Errorf("requests about %s", told)
	}
	for _, l := range ledgers {
		last, err := log.LastSequence(t.Context(), stream.Accepted)
		if err == nil {
			err = l.Wait(t.Context(), last)
		}
		if err != nil || !l.Locked(fixture.Period("2021")) {
			t.Errorf("2021 is not locked, %v", err)
		}
	}
}

// everything returns all that an area owes for 2021.
func everything(c *catalogue.Catalogue) (rows []event.AcceptedObservation) {
	for i := range c.Indicators {
		if ind := &c.Indicators[i]; ind.Total == catalogue.SumRule {
			o := fixture.AcceptedFigure(ind.ID, fixture.Period("2021"), 5)
			o.Unit, o.Row = ind.UnitName, i+1
			rows = append(rows, o)
		}
	}
	return rows
}
