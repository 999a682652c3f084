package ingest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform"
)

// transform runs the stage that judges, until the test ends.
func (h *house) transform(options ...transform.Option) {
	h.t.Helper()
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(h.t, err)
	stage, err := transform.New(h.log, cat, nil, transform.DefaultConfig(), quiet, time.Now, options...)
	check(h.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- stage.Run(ctx) }()
	h.t.Cleanup(func() { cancel(); check(h.t, <-done) })
	h.eventually("the transform stage answers", func() bool {
		return h.do("POST", "/v1/submissions?dry_run=true", "320812", asJSON, figure("320812", "1")).status == http.StatusOK
	})
}

func TestDryRun(t *testing.T) {
	h := open(t)
	h.transform()
	dry := func(area, body string) (d ingest.DryRun, a answer) {
		t.Helper()
		a = h.do("POST", "/v1/submissions?dry_run=true", area, asJSON, body)
		check(t, json.Unmarshal(a.body, &d))
		return d, a
	}
	d, a := dry("320812", figure("320812", "120"))
	if a.status != http.StatusOK || !d.DryRun || d.Understood == nil || len(d.Verdicts) != 1 || d.Verdicts[0].Outcome != event.AllAccepted || d.Verdicts[0].CountOf(event.New) != 1 {
		t.Fatalf("want the verdict that it would get, got %d %s", a.status, a.body)
	}
	if len(d.Totals) == 0 || d.Totals[0].Period != "2021" || d.Totals[0].From != nil || d.Totals[0].To.Value != "120" || d.Totals[0].To.Have != 1 || d.Totals[0].To.Expected != 2 {
		t.Errorf("want the total that would move, got %+v", d.Totals)
	}
	if n := h.stored(stream.Submissions); n != 0 {
		t.Fatalf("the dry run has stored %d submissions", n)
	}
	real := h.do("POST", "/v1/submissions?dry_run=false", "320812", map[string]string{"Prefer": "wait=30"}, figure("320812", "120")).receipt(t)
	if real.Verdict == nil || real.ID != d.Verdicts[0].Submission {
		t.Fatalf("want the same submission, got %+v", real)
	}
	d, a = dry("320812", figure("320812", "130"))
	if len(d.Verdicts[0].Changes) != 1 || d.Verdicts[0].Changes[0].From.Value != "120" || d.Basis != real.Verdict.AcceptedSequence || d.Totals[0].From.Value != "120" || d.Totals[0].To.Value != "130" {
		t.Errorf("want from 120 to 130 at place %d, got %s", real.Verdict.AcceptedSequence, a.body)
	}
	if d, a = dry("320812", figure("320812", "12O")); d.Verdicts[0].Outcome != event.Rejected || len(d.Verdicts[0].Findings) != 1 || len(d.Totals) != 0 {
		t.Errorf("want the finding, got %s", a.body)
	}
	got, err := h.client("320812").DryRun(soon(t), sender.Upload{Content: strings.NewReader(figure("320812", "130"))})
	check(t, err)
	if got.Verdicts[0].Outcome != event.AllAccepted {
		t.Errorf("by the client: %+v", got)
	}
	if n := h.stored(stream.Submissions); n != 1 {
		t.Errorf("the dry runs have stored %d submissions", n-1)
	}
}

// What an upload is refused for, a dry run is refused for.
func TestDryRunRefuses(t *testing.T) {
	h := open(t)
	for _, test := range []struct {
		path, area, body string
		status           int
	}{
		{"?dry_run=true", "", figure("320812", "1"), http.StatusUnauthorized},
		{"?dry_run=true", "320804", figure("320812", "1"), http.StatusForbidden},
		{"?dry_run=yes", "320812", figure("320812", "1"), http.StatusBadRequest},
		{"?dryRun=true", "320812", figure("320812", "1"), http.StatusBadRequest},
		{"?dry_run=true", "320812", "%PDF-1.7", http.StatusUnsupportedMediaType},
		// No transform stage runs.
		{"?dry_run=true", "320812", figure("320812", "1"), http.StatusServiceUnavailable},
	} {
		a := h.do("POST", "/v1/submissions"+test.path, test.area, asJSON, test.body)
		if a.status != test.status || a.problem(t).DetailZH == "" {
			t.Errorf("%s of %s: want %d, got %d %s", test.path, test.area, test.status, a.status, a.body)
		}
		if a.status == http.StatusServiceUnavailable && (a.header.Get("Retry-After") == "" || !strings.Contains(string(a.body), "transform")) {
			t.Errorf("want Retry-After and who is away, got %v %s", a.header, a.body)
		}
	}
	if n := h.stored(stream.Submissions); n != 0 {
		t.Errorf("%d submissions were stored", n)
	}
}
