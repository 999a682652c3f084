package ingest_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

func (h *house) with(secret string) int {
	h.t.Helper()
	return h.do("GET", "/v1/areas", "", map[string]string{"Authorization": "bearer " + secret}, "").status
}

func TestTokensAreReadAgain(t *testing.T) {
	h := open(t)
	old, other := h.token("320812"), h.token("320804")
	const fresh = "a-new-token-for-the-district"
	replace := func(text string) {
		temp := h.path + ".new"
		check(t, os.WriteFile(temp, []byte(text), 0o600))
		check(t, os.Rename(temp, h.path))
	}
	if got := h.with(old); got != http.StatusOK {
		t.Fatalf("want the old token in, got %d", got)
	}
	replace("tokens: [{area: \"320812\", token: " + fresh + "}, {area: \"320804\", token: " + other + "}]\n")
	if h.with(fresh) != 200 || h.with(old) != 401 || h.with(other) != 200 {
		t.Error("want the new token in, the old one out and the other as before")
	}
	replace("tokens: [{area: \"320804\", token: " + other + "}, {broken")
	if h.with(fresh) != 401 || h.with(other) != 200 {
		t.Error("want what a broken file no longer has to be out, and the other as before")
	}
	check(t, os.Remove(h.path))
	if got := h.with(other); got != http.StatusServiceUnavailable {
		t.Errorf("want 503 while nobody knows what the file says, got %d", got)
	}
	if p := h.do("GET", "/v1/areas", "", map[string]string{"Authorization": "Bearer " + other}, "").problem(t); strings.Contains(p.Detail, h.path) {
		t.Errorf("a client sees a path of the server: %s", p.Detail)
	}
	if err := h.gateway.Serving(); err == nil || !strings.Contains(err.Error(), h.path) {
		t.Errorf("the gateway is ready without the file: %v", err)
	}
}

func TestRevokedTokenIsOutAtOnce(t *testing.T) {
	broker := natsdtest.Start(t)
	h := enter(t, broker, t.TempDir()+"/tokens.yaml")
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(t, err)
	by := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	secret, issued, err := token.Create(t.Context(), h.log, cat, token.Holder{Name: "n", Role: token.Analyst, Area: "320812"}, by, time.Now())
	check(t, err)
	h.eventually("the new token is in", func() bool { return h.with(secret) == http.StatusOK })
	header := map[string]string{"Authorization": "Bearer " + secret, "Content-Type": "application/json"}
	if a := h.do("POST", "/v1/submissions", "", header, figure("320812", "1")); a.status != http.StatusForbidden {
		t.Errorf("want an analyst to send nothing, got %d %s", a.status, a.body)
	}
	sender, sent, err := token.Create(t.Context(), h.log, cat, token.Holder{Name: "s", Role: token.District, Area: "320812"}, by, time.Now())
	check(t, err)
	h.eventually("the sender is in", func() bool { return h.with(sender) == http.StatusOK })
	var slow []func() int
	for path, body := range map[string]string{
		"/v1/submissions": figure("320812", "7"), "/v1/submissions/" + strings.Repeat("0", 32) + "/explanations": `{"text":"because"}`,
	} {
		slow = append(slow, h.begin(path, sender, body))
	}
	before := h.stored(stream.Submissions)
	_, err = token.Revoke(t.Context(), h.log, nil, sent.ID, "left", by, time.Now())
	check(t, err)
	h.eventually("the sender is out", func() bool { return h.with(sender) == http.StatusUnauthorized })
	for _, finish := range slow {
		if got := finish(); got != http.StatusUnauthorized {
			t.Errorf("want what was begun before the token ended refused, got %d", got)
		}
	}
	if got := h.stored(stream.Submissions); got != before {
		t.Errorf("%d submissions were stored with a token that had ended", got-before)
	}
	_, err = token.Revoke(t.Context(), h.log, nil, issued.ID, "left", by, time.Now())
	check(t, err)
	h.eventually("the revoked token is out", func() bool { return h.with(secret) == http.StatusUnauthorized })
	check(t, broker.Close())
	h.eventually("nobody is let in on a guess", func() bool { return h.with(h.token("*")) == http.StatusServiceUnavailable })
	p := h.do("GET", "/v1/areas", "*", nil, "").problem(t)
	if !strings.Contains(p.Detail, "cannot be told now") || p.DetailZH == "" {
		t.Errorf("want 503 that says why, got %+v", p)
	}
}

// begin sends a request of which all has arrived but the last byte of its body. The function returned sends
// that, and returns the status of the answer.
func (h *house) begin(path, secret, body string) (finish func() int) {
	h.t.Helper()
	read, write := io.Pipe()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.base+path, read)
	check(h.t, err)
	request.ContentLength = int64(len(body))
	request.Header.Set("Authorization", "Bearer "+secret)
	request.Header.Set("Content-Type", "application/json")
	status := make(chan int, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			status <- 0
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	_, err = io.WriteString(write, body[:len(body)-1])
	check(h.t, err)
	return func() int {
		_, err := io.WriteString(write, body[len(body)-1:])
		check(h.t, errors.Join(err, write.Close()))
		return <-status
	}
}

func TestFailedAttemptsAreSlowed(t *testing.T) {
	h := open(t)
	var slowed answer
	h.eventually("the address is slowed", func() bool {
		slowed = h.do("GET", "/v1/areas", "", map[string]string{"Authorization": "Bearer wrong"}, "")
		return slowed.status == http.StatusTooManyRequests
	})
	if p := slowed.problem(t); slowed.header.Get("Retry-After") == "" || !strings.HasSuffix(p.Type, "too-many-requests") {
		t.Errorf("want Retry-After and a problem, got %v %+v", slowed.header, p)
	}
	if got := h.with(h.token("320812")); got != http.StatusOK {
		t.Errorf("want those with a token in from the same address, got %d", got)
	}
}
