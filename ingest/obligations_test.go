package ingest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// withDeadlines gives a gateway a calendar: the districts owe every year by 20 January.
func withDeadlines(t testing.TB) setting {
	t.Helper()
	c, err := catalogue.Parse([]byte(catalogueText))
	check(t, err)
	owed, err := calendar.Parse("calendar", []byte(`obligations: [{dataset: sti-annual, periods: [year], deadline: "day 20 of the next month"}]`), c)
	check(t, err)
	return func(_ *ingest.Config, options *[]ingest.Option) {
		*options = append(*options, ingest.WithCalendar(func(*catalogue.Catalogue) (*calendar.Calendar, error) { return owed, nil }, func(w io.Writer, owed []calendar.Obligation, area, language string, _ time.Time) error {
			for _, o := range owed {
				if _, err := fmt.Fprintf(w, "%s:%s %s %s\n", area, language, o.Area, o.Period); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// A district is told what it owes, by when, and what of it is there.
func TestObligations(t *testing.T) {
	h := open(t, withDeadlines(t))
	h.transform()
	h.accepted("320812", `{"area":"320812","dataset":"sti-annual","observations":[{"indicator":"hnte_valid","period":"2020","value":"87"}]}`)
	a := h.do("GET", "/v1/obligations?from=2021-01-01&to=2022-01-20", "320812", nil, "")
	var told ingest.Owed
	if err := json.Unmarshal(a.body, &told); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	if told.Area != "320812" || told.Basis == 0 || len(told.Obligations) != 2 {
		t.Fatalf("want two obligations, got %s", a.body)
	}
	for i, want := range []struct {
		period, deadline string
		complete         bool
	}{{"2020", "2021-01-21T00:00:00+08:00", true}, {"2021", "2022-01-21T00:00:00+08:00", false}} {
		o := told.Obligations[i]
		if o.Period.String() != want.period || o.Deadline.Format(time.RFC3339) != want.deadline || o.Owed != 1 || o.Complete != want.complete || o.Overdue == want.complete || len(o.Missing) == o.Received {
			t.Errorf("%s: got %+v", want.period, o)
		}
	}
	for path, status := range map[string]int{
		"?area=320804":                   http.StatusForbidden,
		"?area=1":                        http.StatusUnprocessableEntity,
		"?from=soon":                     http.StatusBadRequest,
		"?from=2021-01-02&to=2020-01-01": http.StatusBadRequest,
		"?from=2011-01-02&to=2020-01-01": http.StatusBadRequest,
		"?form=2021-01-01":               http.StatusBadRequest,
	} {
		if a := h.do("GET", "/v1/obligations"+path, "320812", nil, ""); a.status != status || a.problem(t).DetailZH == "" {
			t.Errorf("%s: want %d, got %d %s", path, status, a.status, a.body)
		}
	}
}

// What is still owed is told however old it is: until it has come, or its period is locked.
func TestOldObligationsAreStillOwed(t *testing.T) {
	h := open(t, withDeadlines(t))
	h.transform()
	periods := func() (owed []string) {
		h.t.Helper()
		var told ingest.Owed
		h.into("/v1/obligations", "320812", &told)
		for _, o := range told.Obligations {
			if o.Overdue && time.Since(o.Deadline) > 61*24*time.Hour {
				owed = append(owed, o.Period.String())
			}
		}
		return owed
	}
	last := time.Now().Year() - 2
	year := func(ago int) string { return strconv.Itoa(last - ago) }
	if got := periods(); len(got) < 5 || !slices.Contains(got, year(0)) || !slices.Contains(got, year(3)) {
		t.Fatalf("nothing has come: %v", got)
	}
	h.accepted("320812", `{"area":"320812","dataset":"sti-annual","observations":[{"indicator":"hnte_valid","period":"`+year(0)+`","value":"87"}]}`)
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Lock, Period: year(3), Reason: "公报", By: "王某", At: time.Now().UnixMilli(), Person: event.Person{Name: "王某", Role: event.RoleOperator, Way: event.WayLocal}}}})
	check(t, err)
	_, err = h.log.Publish(t.Context(), stream.Message{Subject: "accepted.decisions", Body: body})
	check(t, err)
	h.eventually("what has come and what is locked are owed no more", func() bool {
		got := periods()
		return slices.Contains(got, year(1)) && !slices.Contains(got, year(0)) && !slices.Contains(got, year(3))
	})
}

// The feed is the token's own area's, for a program that sends the token as a password too.
func TestCalendarFeed(t *testing.T) {
	h := open(t, withDeadlines(t))
	a := h.do("GET", "/v1/calendar.ics?lang=en", "320812", nil, "")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/calendar; charset=utf-8" || !strings.HasPrefix(string(a.body), "320812:en 320812 ") || strings.Contains(string(a.body), "320804") {
		t.Errorf("with a token: %d %v %s", a.status, a.header, a.body)
	}
	basic := func(password string) map[string]string {
		return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+password))}
	}
	if a := h.do("GET", "/v1/calendar.ics", "", basic(h.token("320804")), ""); a.status != http.StatusOK || !strings.HasPrefix(string(a.body), "320804:zh 320804 ") {
		t.Errorf("with a password: %d %s", a.status, a.body)
	}
	if a := h.do("GET", "/v1/calendar.ics", "", basic("wrong"), ""); a.status != http.StatusUnauthorized || !strings.Contains(strings.Join(a.header.Values("WWW-Authenticate"), ", "), "Basic ") {
		t.Errorf("with a wrong password: %d %v", a.status, a.header)
	}
	if a := h.do("GET", "/v1/calendar.ics?area=320804", "320812", nil, ""); a.status != http.StatusForbidden {
		t.Errorf("another area: %d", a.status)
	}
	if a := h.do("GET", "/v1/submissions/x", "", basic(h.token("320804")), ""); a.status != http.StatusUnauthorized {
		t.Errorf("a password elsewhere: %d, want 401", a.status)
	}
	if a := h.do("GET", "/v1/calendar.ics", "*", nil, ""); a.status != http.StatusOK || !strings.Contains(string(a.body), ":zh 320804 ") || !strings.Contains(string(a.body), ":zh 320812 ") {
		t.Errorf("the bureau: %d %s", a.status, a.body)
	}
}
