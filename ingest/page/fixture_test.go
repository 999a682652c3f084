package page_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/rules"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if chrome.close != nil {
		chrome.close()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// holdRules hold what is ten times the year before, until the district explains it, and what is
// a hundred times, until the bureau decides.
const holdRules = `rules:
  - id: tenfold
    severity: hold
    released_by: district
    expression: year_before > 0 && value > year_before * 10
    let: {against: reference_period, known: reference}
    message_zh: "{value} 是上年 {year_before} 的十倍以上"
    message_en: "{value} is more than ten times {year_before}"
    pass: [{value: "5", year_before: "1"}]
    fail: [{value: "11", year_before: "1"}]
  - id: hundredfold
    severity: hold
    expression: year_before > 0 && value > year_before * 100
    message_zh: "{value} 是上年 {year_before} 的百倍以上，疑似单位有误"
    message_en: "{value} is more than a hundred times {year_before}; another unit?"
    pass: [{value: "5", year_before: "1"}]
    fail: [{value: "101", year_before: "1"}]
`

// city is a gateway and the stage that judges, on a broker that only the test uses, with the
// catalogue of 淮安.
type city struct {
	t      testing.TB
	log    *stream.Log
	cat    *catalogue.Catalogue
	base   string
	tokens *token.File
	path   string // of the tokens file
}

func open(t testing.TB) *city {
	t.Helper()
	broker := natsdtest.Start(t)
	nc, err := nats.Connect("", broker.InProcess())
	check(t, err)
	t.Cleanup(nc.Close)
	logger := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), logger)
	check(t, err)
	text, err := os.ReadFile("../../configs/catalogue.yaml")
	check(t, err)
	cat, err := catalogue.Parse(text)
	check(t, err)
	c := &city{t: t, log: log, cat: cat, path: filepath.Join(t.TempDir(), "tokens.yaml")}
	c.tokens, _, err = token.Open(c.path, cat)
	check(t, err)
	set, err := rules.Parse("rules", []byte(holdRules), cat)
	check(t, err)
	stage, err := transform.New(log, cat, nil, transform.DefaultConfig(), logger, time.Now, transform.WithRules(set))
	check(t, err)
	config := ingest.DefaultConfig()
	config.Address = "127.0.0.1:0"
	owed, err := calendar.Parse("calendar", []byte(`obligations: [{dataset: sti-monthly, periods: [month], deadline: "day 20 of the next month"}]`), cat)
	check(t, err)
	// Nobody asks for the feed.
	deadlines := ingest.WithCalendar(func(*catalogue.Catalogue) (*calendar.Calendar, error) { return owed, nil }, nil)
	gateway, err := ingest.New(log, cat, c.tokens, config, logger, deadlines)
	check(t, err)
	check(t, gateway.Listen(t.Context()))
	c.base = "http://" + gateway.Addr()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{stage.Run, gateway.Run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	<-stage.Ready()
	<-gateway.Ready()
	eventually(t, "the tokens are known", func() bool { return gateway.Serving() == nil })
	return c
}

func (c *city) token(area string) string {
	c.t.Helper()
	secret, ok := c.tokens.Plain(area)
	if !ok {
		c.t.Fatalf("no token of %s", area)
	}
	return secret
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// visitor is a browser without a screen.
type visitor struct {
	*city
	client *http.Client
	header http.Header
}

func (c *city) visitor(languages string) *visitor {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	check(c.t, err)
	v := &visitor{city: c, client: &http.Client{Jar: jar, Transport: &http.Transport{}}, header: http.Header{"Accept-Language": {languages}}}
	c.t.Cleanup(v.client.CloseIdleConnections)
	return v
}

// shown is a page as it was answered.
type shown struct {
	status int
	path   string
	header http.Header
	text   string
}

func (v *visitor) do(method, path, contentType string, body io.Reader) shown {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, body)
	check(v.t, err)
	r.Header = v.header.Clone()
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := v.client.Do(r)
	check(v.t, err)
	defer func() { check(v.t, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	check(v.t, err)
	return shown{answer.StatusCode, answer.Request.URL.RequestURI(), answer.Header, string(text)}
}

func (v *visitor) get(path string) shown { return v.do(http.MethodGet, path, "", nil) }

func (v *visitor) post(path string, form url.Values) shown {
	return v.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (v *visitor) signIn(area string) *visitor {
	v.t.Helper()
	v.post("/sign-in", url.Values{"token": {v.token(area)}}).wants(v.t, http.StatusOK, `action="/sign-out"`)
	return v
}

// link returns the first address of a page that begins so.
func (v *visitor) link(s shown, prefix string) string {
	v.t.Helper()
	_, after, ok := strings.Cut(s.text, `href="`+prefix)
	if !ok {
		v.t.Fatalf("no link to %s in\n%s", prefix, s.text)
	}
	end, _, _ := strings.Cut(after, `"`)
	return prefix + end
}

// drop has a file looked at.
func (v *visitor) drop(name, content string, fields map[string]string) shown {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, value := range fields {
		check(v.t, form.WriteField(field, value))
	}
	part, err := form.CreateFormFile("file", name)
	check(v.t, err)
	_, err = part.Write([]byte(content))
	check(v.t, err)
	check(v.t, form.Close())
	return v.do(http.MethodPost, "/check", form.FormDataContentType(), &body)
}

// confirm sends the file that a page shows.
func (v *visitor) confirm(s shown, more url.Values) shown {
	v.t.Helper()
	form := url.Values{"held": {strings.TrimPrefix(s.path, "/check/")}}
	for name, values := range more {
		form[name] = values
	}
	return v.post("/send", form)
}

func (s shown) wants(t testing.TB, status int, texts ...string) shown {
	t.Helper()
	if s.status != status {
		t.Fatalf("%s: want %d, got %d:\n%s", s.path, status, s.status, s.text)
	}
	for _, text := range texts {
		if !strings.Contains(s.text, text) {
			t.Errorf("%s: want %q in\n%s", s.path, text, s.text)
		}
	}
	return s
}

func csv(rows ...string) string {
	return fmt.Sprintf("indicator,period,value\n%s\n", strings.Join(rows, "\n"))
}
