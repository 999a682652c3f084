package ingest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

func TestClient(t *testing.T) {
	h := open(t)
	h.judge()
	client := h.client("*")
	client.Via = "cli"
	got, err := client.Submit(t.Context(), sender.Upload{
		Content: strings.NewReader("area,indicator,period,value\n320812,hnte_valid,2021,1\n320804,hnte_valid,2021,2\n"), ContentType: "text/csv",
		Dataset: "sti-annual", File: "区县 figures.csv", Reason: "年报 & more", Wait: 30 * time.Second,
	})
	check(t, err)
	if len(got) != 2 || got[0].Area != "320812" || got[1].Area != "320804" || got[1].Verdict == nil || got[0].Verdict.Via != "cli" {
		t.Fatalf("want two receipts with verdicts, got %+v", got)
	}
	m, err := h.log.Get(t.Context(), stream.Submissions, got[0].Sequence)
	check(t, err)
	if s, err := event.DecodeSubmission(m.Data); err != nil || s.File != "区县 figures.csv" || s.Reason != "年报 & more" {
		t.Errorf("want file and reason to arrive, got %s (%v)", m.Data, err)
	}
	again, err := client.Receipt(t.Context(), got[1].ID, got[1].Place)
	check(t, err)
	if again.Verdict == nil || again.Sequence != got[1].Sequence {
		t.Errorf("want the receipt, got %+v", again)
	}
}

func TestClientReturnsProblems(t *testing.T) {
	h := open(t)
	_, err := h.client("320804").Submit(t.Context(), sender.Upload{Content: strings.NewReader(figure("320812", "1")), ContentType: "application/json"})
	if p, ok := errors.AsType[*ingest.Problem](err); !ok || p.Status != http.StatusForbidden || p.Code() != "other-area" || !strings.Contains(err.Error(), "320804") {
		t.Errorf("want the problem, got %v", err)
	}
	huge := strings.NewReader(figure("320804", strings.Repeat("9", 30<<20)))
	_, err = h.client("320804").Submit(soon(t), sender.Upload{Content: huge, ContentType: "application/json"})
	if p, ok := errors.AsType[*ingest.Problem](err); !ok || p.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("want 413, got %.300v", err)
	}
	_, err = h.client("320804").Receipt(t.Context(), "unknown", "")
	if p, ok := errors.AsType[*ingest.Problem](err); !ok || p.Status != http.StatusNotFound {
		t.Errorf("want 404, got %v", err)
	}
}

func TestClientGivesUpWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, listener.Close())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	client := &sender.Client{BaseURL: "http://" + listener.Addr().String()}
	_, err = client.Submit(ctx, sender.Upload{Content: strings.NewReader("{}"), ContentType: "application/json"})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("want the deadline and its cause, got %v", err)
	}
}

// A gateway that takes nothing, does not exist or never answers is tried for as long as it was
// said, and no longer.
func TestClientGivesUpAfterRetryFor(t *testing.T) {
	away, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, away.Close())
	unavailable := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":503,"title":"Service Unavailable","detail":"the broker is away","detail_zh":"消息服务暂不可用"}`)
	}))
	defer unavailable.Close()
	for name, test := range map[string]struct{ base, want string }{
		"away":        {"http://" + away.Addr().String(), "refused"},
		"unavailable": {unavailable.URL, "the broker is away"},
	} {
		for _, retryFor := range []time.Duration{time.Nanosecond, 300 * time.Millisecond} {
			client := &sender.Client{BaseURL: test.base, RetryFor: retryFor}
			_, err := client.Submit(soon(t), sender.Upload{Content: strings.NewReader("{}"), ContentType: "application/json"})
			gaveUp, ok := errors.AsType[*sender.UnavailableError](err)
			if !ok || gaveUp.BaseURL != test.base || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %s: want an UnavailableError with %q, got %v", name, retryFor, test.want, err)
			}
		}
	}
}
