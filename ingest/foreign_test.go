package ingest_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
)

// Whether an area has sent a content that another one guesses, from which the submission's id
// follows, nobody tells: what is another area's is answered as what does not exist, on every
// address, and without a look into the log, of which the time would tell.
func TestSubmissionsOfOthersAreUnknown(t *testing.T) {
	h := open(t)
	judged, waiting := h.post("320804", figure("320804", "1")).receipt(t), h.post("320804", figure("320804", "2")).receipt(t)
	check(t, h.publishVerdict(event.Verdict{
		Submission: judged.ID, Area: judged.Area, Dataset: judged.Dataset, Sequence: judged.Sequence, ReceivedAt: judged.ReceivedAt,
		DecidedAt: judged.ReceivedAt, Rows: 1, Outcome: event.AllAccepted, Accepted: 1, Findings: []event.Finding{},
	}))
	h.eventually("the verdict is known", func() bool {
		return h.do("GET", "/v1/submissions/"+judged.ID, "320804", nil, "").receipt(t).Verdict != nil
	})
	unknown, err := event.ParseSubmissionID(judged.ID)
	check(t, err)
	unknown[0]++
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	cookie := h.session(client, h.token("320812"))
	ask := func(path, id string) string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.base+path, nil)
		check(t, err)
		request.Header.Set("Authorization", "Bearer "+h.token("320812"))
		request.AddCookie(cookie)
		response, err := client.Do(request)
		check(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		check(t, err)
		body = bytes.ReplaceAll(body, []byte(id), []byte("ID"))
		return response.Status + " " + string(regexp.MustCompile(`[A-Z2-7]{26}`).ReplaceAll(body, nil)) // the ids of requests
	}
	for _, r := range [][2]string{
		{"/v1/submissions/", ""}, {"/v1/submissions/", "?format=xlsx"}, {"/v1/submissions/", "/original"},
		{"/v1/submissions/", "?place=" + judged.Place}, {"/v1/submissions/", "?place=" + waiting.Place},
		{"/v1/submissions/", "?place=other.1.1"}, {"/v1/submissions/", "?place=wrong"},
		{"/submissions/", ""}, {"/submissions/", "/marked"}, {"/submissions/", "/original"}, {"/submissions/", "/verdict"},
	} {
		// The number of messages that go to the broker, the least of three tries: others go there too.
		load := func(id string) (answer string, least uint64) {
			least = 1 << 62
			for range 3 {
				before := h.nc.Stats().OutMsgs
				for range 10 {
					answer = ask(r[0]+id+r[1], id)
				}
				least = min(least, h.nc.Stats().OutMsgs-before)
			}
			return answer, least
		}
		want, messages := load(unknown.String())
		for _, of := range []string{judged.ID, waiting.ID} {
			if got, reads := load(of); got != want || reads > messages+5 {
				t.Errorf("%s: another area's is answered with %.300s after %d messages,\nand one that does not exist with %.300s after %d", r, got, reads, want, messages)
			}
		}
	}
}

// Guesses count against their address also while nobody can tell which tokens are in force.
func TestGuessesCountWhileNobodyCanTell(t *testing.T) {
	h := open(t)
	secret := h.token("320812")
	away := h.path + ".away"
	check(t, os.Rename(h.path, away))
	for range 30 {
		if got := h.with(secret); got != http.StatusServiceUnavailable {
			t.Fatalf("want 503 while nobody can tell, got %d", got)
		}
	}
	check(t, os.Rename(away, h.path))
	began := time.Now()
	if got := h.with("wrong"); got != http.StatusTooManyRequests && time.Since(began) < time.Second {
		t.Errorf("want the guesses of before counted, got %d", got)
	}
	if got := h.with(secret); got != http.StatusOK {
		t.Errorf("want whoever has a token in, got %d", got)
	}
}
