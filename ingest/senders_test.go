package ingest_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/inquiry"
)

// Uploads of one token that trickle in hold no slot that others need.
func TestSlowUploadsKeepNobodyOut(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := open(t, func(c *ingest.Config, options *[]ingest.Option) {
		c.MaxInFlight = 4
		*options = append(*options, ingest.WithMetrics(ingest.NewMetrics(registry)))
	})
	slow := make([]net.Conn, 12)
	for i := range slow {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.base, "http://"))
		check(t, err)
		slow[i] = conn
		_, err = fmt.Fprintf(conn, "POST /v1/submissions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", h.token("320812"))
		check(t, err)
	}
	h.eventually("the slow uploads are under way", func() bool { return inFlight(t, registry) == 12 })
	began := time.Now()
	for i := range 20 {
		if a := h.post("320804", figure("320804", fmt.Sprint(i))); a.status != http.StatusAccepted {
			t.Fatalf("want another district served, got %d %s", a.status, a.body)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("another district waited %s", took)
	}
	for _, conn := range slow {
		check(t, conn.Close())
	}
}

// Uploads of one token whose work goes on and on leave slots for those of others; dry runs, of which nobody
// answers the last question, are such.
func TestLongWorkKeepsNobodyOut(t *testing.T) {
	h := open(t, func(c *ingest.Config, _ *[]ingest.Option) { c.MaxInFlight = 4 })
	asked := make(chan struct{}, 100)
	subscription, err := h.nc.Subscribe(inquiry.DryRunSubject, func(*nats.Msg) { asked <- struct{}{} })
	check(t, err)
	check(t, h.nc.Flush())
	ctx, leave := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	for i := range 4 {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+"/v1/submissions?dry_run=true", strings.NewReader(figure("320812", fmt.Sprint(i))))
		check(t, err)
		request.Header.Set("Authorization", "Bearer "+h.token("320812"))
		request.Header.Set("Content-Type", "application/json")
		ended.Go(func() {
			if response, err := http.DefaultClient.Do(request); err == nil {
				_ = response.Body.Close()
			}
		})
	}
	for range 2 {
		<-asked
	}
	for i := range 20 {
		if a := h.post("320804", figure("320804", fmt.Sprint(i))); a.status != http.StatusAccepted {
			t.Fatalf("want another district served, got %d %s", a.status, a.body)
		}
	}
	leave()
	ended.Wait()
	check(t, subscription.Unsubscribe())
}

// inFlight returns how many requests are under way.
func inFlight(t testing.TB, registry *prometheus.Registry) float64 {
	t.Helper()
	families, err := registry.Gather()
	check(t, err)
	for _, family := range families {
		if family.GetName() == "citytally_gateway_requests_in_flight" {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}

func TestRateIsPerToken(t *testing.T) {
	h := open(t, func(c *ingest.Config, _ *[]ingest.Option) { c.MaxRate = 1 })
	var refused answer
	h.eventually("the token is slowed", func() bool {
		refused = h.post("320812", figure("320812", "1"))
		return refused.status == http.StatusTooManyRequests
	})
	if p := refused.problem(t); refused.header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "1 uploads each second") {
		t.Errorf("got %v %+v", refused.header, p)
	}
	if a := h.post("320804", figure("320804", "1")); a.status != http.StatusAccepted {
		t.Errorf("want another token served, got %d %s", a.status, a.body)
	}
}
