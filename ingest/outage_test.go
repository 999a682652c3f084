package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/ingest"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
)

func TestBrokerAway(t *testing.T) {
	dir := t.TempDir()
	broker, err := natsd.Start(t.Context(), natsd.Config{Dir: dir}, quiet)
	check(t, err)
	nc, err := nats.Connect(broker.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	check(t, err)
	t.Cleanup(nc.Close)
	port := portOf(t, broker.ClientURL())
	h := serve(t, broker, nc, filepath.Join(t.TempDir(), "tokens.yaml"))
	first := h.post("320812", figure("320812", "1")).receipt(t)
	check(t, broker.Close())
	h.eventually("disconnected", func() bool { return !nc.IsConnected() })

	for _, a := range []answer{
		h.post("320812", figure("320812", "2")), h.do("GET", "/v1/submissions/"+first.ID, "320812", nil, ""), h.do("GET", "/readyz", "", nil, ""),
	} {
		if p := a.problem(t); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || p.Code() != "unavailable" {
			t.Errorf("want 503 with Retry-After, got %d %s", a.status, a.body)
		}
	}
	if a := h.do("GET", "/healthz", "", nil, ""); a.status != 200 {
		t.Errorf("want the gateway itself alive, got %d", a.status)
	}

	// The client retries until the outage is over.
	type result struct {
		receipts []ingest.Receipt
		err      error
	}
	done := make(chan result, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		r, err := h.client("320812").Submit(ctx, sender.Upload{Content: strings.NewReader(figure("320812", "2")), ContentType: "application/json"})
		done <- result{r, err}
	}()
	broker, err = natsd.Start(t.Context(), natsd.Config{Dir: dir, Port: port}, quiet)
	check(t, err)
	t.Cleanup(func() { check(t, errors.Join(h.stop(), broker.Close())) })
	got := <-done
	check(t, got.err)
	if r := got.receipts[0]; r.Sequence != 2 || h.stored(stream.Submissions) != 2 {
		t.Errorf("want the second submission stored once, got %+v", r)
	}
	if r := h.do("GET", "/v1/submissions/"+first.ID, "320812", nil, "").receipt(t); r.Sequence != 1 {
		t.Errorf("want the first receipt again, got %+v", r)
	}
}

// An upload for a broker whose disk is full gets 503 that says so, without a grant that nobody needs
// and without a path of the server, and so it goes on until there is room.
func TestFullDiskOfTheBrokerIsNamed(t *testing.T) {
	dir := t.TempDir()
	broker, err := natsd.Start(t.Context(), natsd.Config{Dir: dir, Port: natsd.NoPort, MaxStore: 1 << 20}, quiet)
	check(t, err)
	t.Cleanup(func() { check(t, broker.Close()) })
	h := enter(t, broker, filepath.Join(t.TempDir(), "tokens.yaml"))
	for n := 0; ; n++ {
		if _, err := h.log.KeepOriginal(t.Context(), []byte(strings.Repeat(strconv.Itoa(n%10), 64<<10+n))); err != nil {
			break
		}
		if n > 32 {
			t.Fatal("2 MiB went into 1 MiB")
		}
	}
	a := h.post("320812", figure("320812", "2"))
	for n := 3; a.status == http.StatusAccepted && n < 1000; n++ { // a small one may have found room
		a = h.post("320812", figure("320812", strconv.Itoa(n)))
	}
	p := a.problem(t)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "disk is full") || !strings.Contains(p.DetailZH, "磁盘已满") || strings.Contains(string(a.body), dir) {
		t.Errorf("want 503 that names the full disk, got %d %s", a.status, a.body)
	}
}

func TestStopAnswersThoseWhoWait(t *testing.T) {
	h := open(t)
	answers := make(chan answer, 1)
	go func() {
		answers <- h.do("POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Prefer": "wait=60"}, figure("320812", "1"))
	}()
	h.eventually("stored", func() bool { return h.stored(stream.Submissions) == 1 })
	began := time.Now()
	check(t, h.stop())
	if a := <-answers; a.status != http.StatusAccepted || a.receipt(t).Sequence != 1 {
		t.Errorf("want the receipt without a verdict, got %d %s", a.status, a.body)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("want a prompt stop, took %s", took)
	}
}

func TestReadinessAsksTheRest(t *testing.T) {
	var cause error
	h := open(t, func(_ *ingest.Config, o *[]ingest.Option) {
		*o = append(*o, ingest.WithReadiness(func(context.Context) error { return cause }))
	})
	cause = errors.New("ClickHouse is away")
	if a := h.do("GET", "/readyz", "", nil, ""); a.status != 503 || !strings.Contains(a.problem(t).Detail, "ClickHouse is away") {
		t.Errorf("want 503 with the cause, got %d %s", a.status, a.body)
	}
}

func TestPanicsAreProblems(t *testing.T) {
	h := open(t, func(_ *ingest.Config, o *[]ingest.Option) {
		*o = append(*o, ingest.WithReadiness(func(ctx context.Context) error {
			if ctx.Value(http.ServerContextKey) != nil && armed.Load() {
				panic("boom")
			}
			return nil
		}))
	})
	armed.Store(true)
	defer armed.Store(false)
	if a := h.do("GET", "/readyz", "", map[string]string{"X-Request-Id": "mine-1"}, ""); a.status != 500 || a.problem(t).RequestID != "mine-1" || strings.Contains(string(a.body), "boom") {
		t.Errorf("want 500 with the request's id and no insides, got %d %s", a.status, a.body)
	}
}

func TestCatalogue(t *testing.T) {
	h := open(t)
	a := h.do("GET", "/v1/catalogue", "320812", nil, "")
	var c struct {
		Version, City string
		Indicators    []struct{ ID string }
	}
	check(t, json.Unmarshal(a.body, &c))
	if c.Version == "" || c.City != "320800" || len(c.Indicators) != 1 {
		t.Errorf("want the catalogue, got %s", a.body)
	}
	if got := h.do("GET", "/v1/catalogue", "320812", map[string]string{"If-None-Match": a.header.Get("ETag")}, "").status; got != 304 {
		t.Errorf("want 304 for the same version, got %d", got)
	}
	if got := h.do("GET", "/v1/areas", "320812", nil, ""); !strings.Contains(string(got.body), "清江浦区") {
		t.Errorf("want the areas, got %s", got.body)
	}
}
