package pull_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/internal/fixture"
	"github.com/citytally/citytally/ingest/pull"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var check = fixture.Check

// puller returns a puller of sources that are due once a year.
func puller(h *fixture.House, instance string, sources ...pull.Source) *pull.Puller {
	h.Helper()
	c := pull.DefaultConfig()
	for _, s := range sources {
		if s.Cron == "" {
			s.Cron = "@yearly"
		}
		s.Area, s.Dataset = "320812", "sti-annual"
		c.Sources = append(c.Sources, s)
	}
	p, err := pull.New(h.Log, h.Gateway, c, fixture.MaxBody, time.UTC, instance, zerolog.Nop(), time.Now, pull.NewMetrics(nil))
	check(h.T, err)
	return p
}

// await waits for a condition on a source's record.
func await(h *fixture.House, name string, done func(*pull.Record) bool) *pull.Record {
	h.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		r, err := pull.Look(h.Context(), h.Log, name)
		check(h.T, err)
		if done(&r) {
			return &r
		}
		if time.Now().After(deadline) {
			h.Fatalf("%s: %+v", name, r)
		}
	}
}

// ask has a source fetched and returns the run.
func ask(h *fixture.House, name string) pull.Run {
	h.Helper()
	asked, err := pull.Ask(h.Context(), h.Log, name, time.Now())
	check(h.T, err)
	return *await(h, name, func(r *pull.Record) bool { return r.RunAsked(asked) != nil }).RunAsked(asked)
}

// site is a web site of a district.
type site struct {
	mu       sync.Mutex
	text     string
	requests int
	secrets  map[string]bool
}

func (s *site) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.secrets[r.Header.Get("Authorization")] = true
	switch r.URL.Path {
	case "/away":
		http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
	case "/broken":
		http.Error(w, "down", http.StatusBadGateway)
	case "/moved":
		http.Redirect(w, r, "/figures.csv", http.StatusFound)
	case "/plain.csv":
		fmt.Fprint(w, s.text)
	default:
		tag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(s.text)))
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, s.text)
	}
}

// What a source has is sent when it is new and not again; what cannot be had is told, and other
// sources go on.
func TestSources(t *testing.T) {
	t.Setenv("SOURCE_SECRET", "s3cret")
	h := fixture.Open(t)
	of := &site{text: fixture.Figure("1"), secrets: map[string]bool{}}
	server := httptest.NewServer(of)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	put := func(name, text string) {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		check(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
	put("a.csv", fixture.Figure("21"))
	put("b.csv", fixture.Figure("-2"))
	put(".hidden.csv", fixture.Figure("23"))
	put("c.txt", fixture.Figure("24"))
	secret := filepath.Join(t.TempDir(), "secret.csv")
	check(t, os.WriteFile(secret, []byte(fixture.Figure("25")), 0o600))
	check(t, os.Symlink(secret, filepath.Join(dir, "link.csv")))
	stop := h.Keep(puller(h, "one",
		pull.Source{Name: "site", URL: server.URL + "/figures.csv", AllowLocal: true, Headers: []string{"Authorization: Bearer ${SOURCE_SECRET}"}},
		pull.Source{Name: "moved", URL: server.URL + "/moved", AllowLocal: true},
		pull.Source{Name: "plain", URL: server.URL + "/plain.csv", AllowLocal: true},
		pull.Source{Name: "local", URL: server.URL + "/figures.csv"},
		pull.Source{Name: "away", URL: server.URL + "/away", AllowLocal: true},
		pull.Source{Name: "broken", URL: server.URL + "/broken", AllowLocal: true},
		pull.Source{Name: "missing", URL: server.URL + "/figures.csv", AllowLocal: true, Headers: []string{"X-Key: ${NO_SUCH_VARIABLE}"}},
		pull.Source{Name: "dir", URL: filepath.Join(dir, "*.csv")},
		pull.Source{Name: "gone", URL: filepath.Join(dir, "gone", "x.csv")},
	).Run)
	first := func(name string) pull.Run {
		return await(h, name, func(r *pull.Record) bool { return len(r.Runs) > 0 && r.Running == nil }).Runs[0]
	}
	for name, want := range map[string]pull.Outcome{"site": pull.Sent, "moved": pull.Sent, "plain": pull.Sent, "dir": pull.Refused} {
		if run := first(name); run.Outcome != want {
			t.Errorf("%s: %+v", name, run)
		}
	}
	for name, why := range map[string]string{
		"local": "allow_local", "away": "another origin", "broken": "502", "missing": "${NO_SUCH_VARIABLE} is not set", "gone": "no such file",
	} {
		if run := first(name); run.Outcome != pull.Failed || !strings.Contains(run.Why, why) {
			t.Errorf("%s: %+v, want %q", name, run, why)
		}
	}
	if run := first("dir"); len(run.Files) != 2 || run.Files[0].Status != "accepted" || run.Files[1].Status != "rejected" {
		t.Errorf("dir: %+v", run)
	}
	before := h.Submissions(pull.Way)
	for _, name := range []string{"site", "plain", "dir"} {
		if run := ask(h, name); run.Outcome != pull.Unchanged {
			t.Errorf("%s again: %+v", name, run)
		}
	}
	if got := h.Submissions(pull.Way); !maps.Equal(got, before) {
		t.Errorf("submissions %v, want %v", got, before)
	}
	of.set(fixture.Figure("2"))
	put("b.csv", fixture.Figure("22"))
	for _, name := range []string{"site", "plain", "dir"} {
		if run := ask(h, name); run.Outcome != pull.Sent || len(run.Files) != 1 || run.Files[0].Status == "" {
			t.Errorf("%s changed: %+v", name, run)
		}
	}
	of.set(strings.Repeat("x", fixture.MaxBody+1))
	if run := ask(h, "site"); run.Outcome != pull.Refused || !strings.Contains(run.Files[0].Why, "too large") {
		t.Errorf("too large: %+v", run)
	}
	if run := ask(h, "site"); run.Outcome != pull.Unchanged {
		t.Errorf("too large again: %+v", run)
	}
	check(t, stop())
	if want := map[string]bool{"": true, "Bearer s3cret": true}; !maps.Equal(of.secrets, want) {
		t.Errorf("the header came as %v", of.secrets)
	}
}

// Of several processes one carries out each slot.
func TestOneRunForASlot(t *testing.T) {
	h := fixture.Open(t)
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, fixture.Figure(fmt.Sprint(requests.Add(1))))
	}))
	t.Cleanup(server.Close)
	for i := range 3 {
		h.Keep(puller(h, fmt.Sprint(i), pull.Source{Name: "often", URL: server.URL, AllowLocal: true, Cron: "@every 1s"}).Run)
	}
	record := await(h, "often", func(r *pull.Record) bool { return len(r.Runs) >= 3 })
	slots := map[time.Time]bool{}
	for _, run := range record.Runs {
		if slots[run.Slot] || run.Outcome != pull.Sent {
			t.Errorf("run %+v", run)
		}
		slots[run.Slot] = true
	}
	if most := int32(len(record.Runs) + 1); requests.Load() > most {
		t.Errorf("%d requests for %d runs", requests.Load(), len(record.Runs))
	}
}

// A run that was killed after it had sent its file goes on without sending it again.
func TestKilledRunGoesOn(t *testing.T) {
	h := fixture.Open(t)
	of := &site{text: fixture.Figure("5"), secrets: map[string]bool{}}
	server := httptest.NewServer(of)
	t.Cleanup(server.Close)
	place, err := h.Gateway.NextPlace(t.Context())
	check(t, err)
	deliver := func(value, file string) {
		_, err := h.Gateway.Deliver(t.Context(), ingest.Delivery{Content: []byte(fixture.Figure(value)), Area: "320812", File: file, Way: pull.Way})
		check(t, err)
	}
	deliver("5", "figures.csv")
	deliver("6", "another.csv")
	check(t, pull.Begin(t.Context(), h.Log, "site", pull.Running{ID: "killed", By: "one", Started: time.Now(), Slot: time.Now(), Since: place}))
	h.Keep(puller(h, "one", pull.Source{Name: "site", URL: server.URL + "/figures.csv", AllowLocal: true}).Run)
	run := await(h, "site", func(r *pull.Record) bool { return len(r.Runs) == 1 }).Runs[0]
	if run.ID != "killed" || run.Outcome != pull.Sent || len(run.Files) != 1 || run.Files[0].Status != "accepted" {
		t.Errorf("run %+v", run)
	}
	if got := h.Submissions(pull.Way); !maps.Equal(got, map[string]int{"figures.csv": 1, "another.csv": 1}) {
		t.Errorf("submissions %v", got)
	}
}

// Settings that cannot work, or that would hold a secret, are mistakes that do not show it.
func TestConfigValidate(t *testing.T) {
	for _, test := range []struct {
		source pull.Source
		want   string
	}{
		{pull.Source{Name: "a b"}, "pull.sources[0].name"},
		{pull.Source{Name: "a", Cron: "often"}, "pull.sources[0].cron"},
		{pull.Source{Name: "a", URL: "ftp://x.example/hunter2"}, "pull.sources[0].url: want http://"},
		{pull.Source{Name: "a", URL: "https://me:hunter2@x.example/"}, "want no password"},
		{pull.Source{Name: "a", URL: "https://x.example/", Headers: []string{"Authorization: Bearer hunter2"}}, "variable of the environment"},
		{pull.Source{Name: "a", URL: "https://x.example/", Headers: []string{"hunter2"}}, "headers[0]: want Name: value"},
		{pull.Source{Name: "a", URL: "https://x.example/", Headers: []string{"Host: hunter2"}}, "Host is set by the program"},
		{pull.Source{Name: "a", URL: "/srv/[", Headers: nil}, "pattern"},
	} {
		c := pull.DefaultConfig()
		c.Sources = []pull.Source{test.source}
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v, want %q", test.source, err, test.want)
		}
	}
}
