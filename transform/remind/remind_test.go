package remind

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/transform/internal/fixture"
)

const key = "a secret of tests"

// receiver takes requests of webhooks, each path in its own way.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	good   bool                // paths that were bad are good
	taken  map[string][]string // ids that were taken, by path
	asked  map[string]int      // requests, by path
	before func(path string)   // is called with each request
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{taken: map[string][]string{}, asked: map[string]int{}, before: func(string) {}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	var told Digest
	if err != nil || json.Unmarshal(body, &told) != nil ||
		request.Header.Get(headerSignature) != signature([]byte(key), request.Header.Get(headerTimestamp), body) || request.Header.Get(headerDelivery) != told.ID {
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	r.mu.Lock()
	good, before := r.good, r.before
	r.asked[request.URL.Path]++
	r.mu.Unlock()
	before(request.URL.Path)
	switch {
	case request.URL.Path == "/huge":
		defer func() { _ = recover() }() // the client hangs up
		for range 1 << 20 {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				break
			}
		}
	case request.URL.Path == "/moved":
		http.Redirect(w, request, "/well", http.StatusPermanentRedirect)
		return
	case good || request.URL.Path == "/well":
	case request.URL.Path == "/hangs":
		<-request.Context().Done()
		return
	case request.URL.Path == "/fails":
		http.Error(w, strings.Repeat("no", 1<<20), http.StatusInternalServerError)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken[request.URL.Path] = append(r.taken[request.URL.Path], told.Area+" "+told.ID)
}

func (r *receiver) become(good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.good = good
}

func (r *receiver) hook(path, area string) Webhook {
	return Webhook{Name: strings.TrimPrefix(path, "/"), URL: r.URL + path, Secret: key, Area: area, AllowLocal: true}
}

// Bad receivers keep nobody else from being told, are told when they are good again, and those
// who were told are told no more.
func TestWebhooksHostileThenGood(t *testing.T) {
	log, js := fixture.Broker(t)
	receiver := newReceiver(t)
	config := DefaultConfig()
	config.Attempts = 2
	t.Setenv("HOOK_SECRET", key)
	config.Webhooks = []Webhook{receiver.hook("/hangs", ""), receiver.hook("/fails", "100002"), receiver.hook("/moved", "100002"), receiver.hook("/huge", "100002"), receiver.hook("/well", "100002")}
	config.Webhooks[4].Secret = "${HOOK_SECRET}"
	local := receiver.hook("/well", "100002")
	local.Name, local.AllowLocal = "local", false
	config.Webhooks = append(config.Webhooks, local)
	w := newWorld(t, log, config)
	w.config.Timeout = 100 * time.Millisecond
	heard, err := js.Conn().SubscribeSync("reminders.100002.*")
	if err != nil {
		t.Fatal(err)
	}
	first := w.run(t.Context())
	for _, says := range []string{"webhook hangs", "webhook fails: it answers 500", "webhook moved", "leads elsewhere", "allow_local", "did not answer earlier"} {
		if !strings.Contains(first.Problem, says) {
			t.Errorf("the run does not say %q: %s", says, first.Problem)
		}
	}
	if strings.Contains(first.Problem, key) || strings.Contains(first.Problem, receiver.URL) {
		t.Errorf("the run tells a secret or an address: %s", first.Problem)
	}
	if diff := cmp.Diff(map[string]Outcome{"event": Told, "log": Told, "hangs": Waiting, "fails": Waiting, "moved": Refused, "huge": Told, "well": Told, "local": Waiting}, w.outcomes("100002")); diff != "" {
		t.Errorf("after the first run (-want +got):\n%s", diff)
	}
	if len(first.Did) != 3 || receiver.asked["/hangs"] != config.Attempts || receiver.asked["/fails"] != config.Attempts {
		t.Errorf("reminded %v; asked %v", first.Did, receiver.asked)
	}
	m, err := heard.NextMsg(5 * time.Second)
	var event Digest
	if err != nil || json.Unmarshal(m.Data, &event) != nil || event.Area != "100002" || len(event.Reminders) != 1 || !slices.Equal(event.Reminders[0].Missing, []string{"income", "people"}) || event.TextZH == "" || event.Overdue > 0 {
		t.Errorf("event %+v, %v", event, err)
	}

	receiver.become(true)
	second := w.run(t.Context())
	if len(second.Did) != 3 || !strings.Contains(strings.Join(second.Did, "\n"), "reminded 100002 of annual 2021, 3-working-days-before: webhook hangs, webhook fails") {
		t.Errorf("the second run did %q", second.Did)
	}
	w.config.Webhooks[5].AllowLocal = true
	if third := w.run(t.Context()); third.Problem != "" || len(third.Did) != 1 {
		t.Errorf("the third run: %+v", third)
	}
	if last := w.run(t.Context()); last.Problem != "" || len(last.Did) > 0 {
		t.Errorf("everybody had been told: %+v", last)
	}
	for path, ids := range receiver.taken {
		if slices.Sort(ids); len(slices.Compact(slices.Clone(ids))) != len(ids) && path != "/well" {
			t.Errorf("%s was told twice: %v", path, ids)
		}
	}
	if n := len(receiver.taken["/hangs"]); n != 3 {
		t.Errorf("/hangs took %d reminders, want those of three areas", n)
	}
}

// Steps follow working days, the newest one counts, and whoever has reported is left in peace.
func TestStepsComeOnce(t *testing.T) {
	w := newWorld(t, fixture.Log(t), DefaultConfig())
	reminded := func() (told []string) {
		for _, did := range w.run(t.Context()).Did {
			told = append(told, strings.Fields(did)[1]+" "+strings.Fields(did)[5])
		}
		return told
	}
	all := func(step string) []string {
		return []string{"100000 " + step + ":", "100002 " + step + ":", "100071 " + step + ":"}
	}
	for _, row := range []struct {
		now  string
		want []string
	}{
		{"2022-01-28 08:59", nil},
		{"2022-01-28 09:00", all("3-working-days-before")}, // Saturday and Sunday after it are worked
		{"2022-01-29 12:00", nil},
		{"2022-01-30 09:30", all("1-working-day-before")},
		{"2022-02-06 18:00", nil},
		{"2022-02-11 09:00", nil}, // nobody was there within three days
		{"2022-02-07 10:00", all("1-working-day-after")},
		{"2022-02-08 10:00", nil},
	} {
		w.clock = at(t, row.now)
		if diff := cmp.Diff(row.want, reminded()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.now, diff)
		}
	}
	records := w.records("100071")
	if len(records) != 3 || records[0].Overdue || !records[2].Overdue || len(records[0].ID) != 24 || records[0].ID == records[1].ID {
		t.Errorf("records: %+v", records)
	}
}

// A run that dies while it tells leaves the rest to another, and who was told is not told again.
func TestRunThatDiesIsTakenOver(t *testing.T) {
	log := fixture.Log(t)
	receiver := newReceiver(t)
	config := DefaultConfig()
	config.Webhooks = []Webhook{receiver.hook("/well", "")}
	one := newWorld(t, log, config)
	ctx, die := context.WithCancel(t.Context())
	n := 0
	receiver.before = func(string) {
		if n++; n == 2 {
			die()
			panic(http.ErrAbortHandler) // the second reminder does not get through
		}
	}
	if run := one.run(ctx); run.Problem == "" {
		t.Fatalf("the run went on: %+v", run)
	}
	other := newWorld(t, log, config)
	if run := other.run(t.Context()); run.Problem != "" || len(run.Did) != 2 {
		t.Errorf("the other's run: %+v", run)
	}
	areas := []string{}
	for _, taken := range receiver.taken["/well"] {
		areas = append(areas, strings.Fields(taken)[0])
	}
	if diff := cmp.Diff([]string{"100000", "100002", "100071"}, areas); diff != "" {
		t.Errorf("reminded (-want +got):\n%s", diff)
	}
	for _, r := range other.records("") {
		if !r.over() {
			t.Errorf("%+v", r)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	good := func() Config {
		c := DefaultConfig()
		c.Webhooks = []Webhook{{Name: "bureau", URL: "https://bureau.example/hook", Secret: "0123456789abcdef"}}
		c.Mail = Mail{Server: "smtp.example:587", Security: startTLS, From: "统计局 <tally@example.org>", To: []Recipient{{Addresses: []string{"a@example.org"}}}}
		return c
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*Config){
		"remind.steps[0]":                 func(c *Config) { c.Steps[0] = "8th working day" },
		"remind.steps[1]: another":        func(c *Config) { c.Steps[1] = "3 working days before the deadline at 10:00" },
		"remind.timeout":                  func(c *Config) { c.Timeout = time.Hour },
		"remind.attempts":                 func(c *Config) { c.Attempts = 0 },
		"remind.webhooks[0].name":         func(c *Config) { c.Webhooks[0].Name = "a b" },
		"remind.webhooks[1].name":         func(c *Config) { c.Webhooks = append(c.Webhooks, c.Webhooks[0]) },
		"remind.webhooks[0].url":          func(c *Config) { c.Webhooks[0].URL = "ftp://geheim" },
		"remind.webhooks[0].secret":       func(c *Config) { c.Webhooks[0].Secret = "geheim" },
		"remind.mail.server: want host:":  func(c *Config) { c.Mail.Server = "smtp.example" },
		"remind.mail.server: want":        func(c *Config) { c.Mail.Server = "" },
		"remind.mail.security":            func(c *Config) { c.Mail.Security = "ssl" },
		"plain text":                      func(c *Config) { c.Mail.Security, c.Mail.User, c.Mail.Password = plainText, "u", "geheim" },
		"remind.mail.user":                func(c *Config) { c.Mail.User = "u" },
		"remind.mail.from":                func(c *Config) { c.Mail.From = "a@b\r\nBcc: c@d" },
		"remind.mail.to[0].addresses[0]":  func(c *Config) { c.Mail.To[0].Addresses[0] = "a@b\r\nBcc: c@d" },
		"remind.mail.to[0].addresses: wa": func(c *Config) { c.Mail.To[0].Addresses = nil },
		"remind.mail.to[0].language":      func(c *Config) { c.Mail.To[0].Language = "de" },
	} {
		c := good()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(fmt.Sprint(err), "geheim") {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}
