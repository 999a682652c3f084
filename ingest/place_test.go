package ingest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// A receipt names its place in its log. One of a log that was replaced, or that went back to an
// older state, says so; and one whose submission is no longer there as it came says what remains.
func TestReceiptOfALogThatWentBack(t *testing.T) {
	h := open(t)
	first, second := h.post("320812", figure("320812", "1")).receipt(t), h.post("320812", figure("320812", "2")).receipt(t)
	check(t, h.publishVerdict(event.Verdict{
		Submission: first.ID, Area: first.Area, Dataset: first.Dataset, Sequence: first.Sequence, ReceivedAt: first.ReceivedAt,
		DecidedAt: first.ReceivedAt, Rows: 1, Outcome: event.AllAccepted, Accepted: 1, Findings: []event.Finding{},
	}))
	place, err := stream.ParsePlace(first.Place)
	check(t, err)
	if place.Sequence != first.Sequence || place.Log.Generation != 1 {
		t.Fatalf("the first is at %q", first.Place)
	}
	at := func(change func(*stream.Place)) string {
		changed := place
		change(&changed)
		return changed.String()
	}
	for _, c := range []struct {
		what, id, place string
		status          int
		code, says      string
	}{
		{"its own place", first.ID, first.Place, http.StatusOK, "", ""},
		{"after a restore that kept it", first.ID, at(func(p *stream.Place) { p.Log.Generation = 7 }), http.StatusOK, "", ""},
		{"another log", first.ID, at(func(p *stream.Place) { p.Log.ID = "another" }), http.StatusGone, "other-log", "replaced"},
		{"a log that ends before", strings.Repeat("0", 32), at(func(p *stream.Place) { p.Sequence = 99 }), http.StatusGone, "lost", "ends before"},
		{"a log that went on", strings.Repeat("0", 32), second.Place, http.StatusGone, "lost", "another submission"},
		{"the same content sent again", first.ID, second.Place, http.StatusGone, "lost", "another submission"},
		{"no place at all", first.ID, "42", http.StatusBadRequest, "malformed", "place"},
	} {
		a := h.do("GET", "/v1/submissions/"+c.id+"?place="+c.place, "320812", nil, "")
		if a.status != c.status {
			t.Errorf("%s: %d %s", c.what, a.status, a.body)
		} else if c.code != "" {
			if p := a.problem(t); p.Code() != c.code || !strings.Contains(p.Detail, c.says) || p.DetailZH == "" {
				t.Errorf("%s: %s", c.what, a.body)
			}
		}
	}

	check(t, h.stop())
	check(t, h.js().DeleteStream(t.Context(), stream.Submissions))
	h = serve(t, h.broker, h.nc, h.path)
	a := h.do("GET", "/v1/submissions/"+first.ID+"/original", "320812", nil, "")
	if a.status != http.StatusGone {
		t.Fatalf("the original of a SUBMISSIONS that was lost: %d %s", a.status, a.body)
	}
	if p := a.problem(t); p.Code() != "lost" || !strings.Contains(p.Detail, stream.Submissions) {
		t.Errorf("the original of a SUBMISSIONS that was lost: %s", a.body)
	}
	if again := h.do("GET", "/v1/submissions/"+first.ID+"?place="+first.Place, "320812", nil, "").receipt(t); again.Verdict == nil || !strings.Contains(again.Place, ".2.") {
		t.Errorf("its receipt: %+v", again)
	}
	if p := h.do("GET", "/v1/submissions/"+strings.Repeat("0", 32), "320812", nil, "").problem(t); !strings.Contains(p.Detail, "created anew") {
		t.Errorf("one that is unknown: %s", p.Detail)
	}
}
