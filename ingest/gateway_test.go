package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func TestSubmitIsDurableBeforeTheAnswer(t *testing.T) {
	h := open(t)
	a := h.post("320812", figure("320812", "120"))
	r := a.receipt(t)
	if a.status != http.StatusAccepted || r.Status != ingest.Received || r.Sequence != 1 || r.Rows != 1 || r.Repeated || r.Area != "320812" || r.Dataset != "sti-annual" {
		t.Fatalf("want 202 and the first receipt, got %d %s", a.status, a.body)
	}
	if got := a.header.Get("Location"); got != "/v1/submissions/"+r.ID {
		t.Errorf("want the receipt's Location, got %q", got)
	}
	m, err := h.log.Get(t.Context(), stream.Submissions, 1)
	check(t, err)
	s, err := stream.DecodeSubmission(m.Data)
	check(t, err)
	if m.Subject != "submissions.320812.sti-annual" || s.ID() != r.ID || s.Observations[0].Value != "120" {
		t.Errorf("want the submission in the log, got %s %s", m.Subject, m.Data)
	}
	for key, want := range map[string]string{
		"Nats-Msg-Id": r.ID, stream.SubmissionHeader: r.ID, stream.ViaHeader: "http", stream.ByHeader: "清江浦区",
	} {
		if got := m.Header.Get(key); got != want {
			t.Errorf("want %s %q, got %q", key, want, got)
		}
	}
	if !m.Time.Equal(r.ReceivedAt) {
		t.Errorf("want the broker's time %s, got %s", m.Time, r.ReceivedAt)
	}
}

func TestSubmitWaitsForTheVerdict(t *testing.T) {
	h := open(t)
	h.judge()
	a := h.do("POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Prefer": "respond-async, wait=30"}, figure("320812", "120"))
	r := a.receipt(t)
	if a.status != http.StatusOK || r.Status != "accepted" || r.Verdict == nil || r.Verdict.Accepted != 1 || r.Repeated {
		t.Fatalf("want 200 with the verdict, got %d %s", a.status, a.body)
	}
	if got := a.header.Get("Preference-Applied"); got != "wait=30" {
		t.Errorf("want Preference-Applied: wait=30, got %q", got)
	}
	again := h.do("GET", a.header.Get("Location"), "320812", nil, "").receipt(t)
	if diff := cmp.Diff(r, again); diff != "" {
		t.Errorf("the same receipt by GET (-want +got)\n%s", diff)
	}
	repeated := h.post("320812", figure("320812", "120"))
	r.Repeated = true
	if diff := cmp.Diff(r, repeated.receipt(t)); diff != "" || repeated.status != http.StatusOK {
		t.Errorf("the first receipt for the same content (-want +got)\n%s", diff)
	}
	if n := h.stored(stream.Submissions); n != 1 {
		t.Errorf("want nothing stored again, got %d messages", n)
	}
}

func TestSubmitWaitEnds(t *testing.T) {
	h := open(t, func(c *ingest.Config, _ *[]ingest.Option) { c.MaxWait = time.Second })
	a := h.do("POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Prefer": `wait="100"`}, figure("320812", "1"))
	if a.status != http.StatusAccepted || a.header.Get("Preference-Applied") != "wait=1" || a.receipt(t).Status != ingest.Received {
		t.Fatalf("want 202 after the capped wait, got %d %v %s", a.status, a.header, a.body)
	}
	first := a.receipt(t)
	first.Repeated = true
	if diff := cmp.Diff(first, h.post("320812", figure("320812", "1")).receipt(t)); diff != "" {
		t.Errorf("a pending submission is known as well (-want +got)\n%s", diff)
	}
}

func TestRejectedContentIsJudgedAnew(t *testing.T) {
	h := open(t)
	h.judge()
	wait := map[string]string{"Content-Type": "application/json", "Prefer": "wait=30"}
	first := h.do("POST", "/v1/submissions", "320812", wait, figure("320812", "-1")).receipt(t)
	if first.Status != "rejected" || first.Sequence != 1 {
		t.Fatalf("want a rejection, got %+v", first)
	}
	second := h.do("POST", "/v1/submissions", "320812", wait, figure("320812", "-1")).receipt(t)
	if second.ID != first.ID || second.Sequence != 2 || second.Repeated || second.Verdict == nil || second.Verdict.Sequence != 2 {
		t.Fatalf("want the second message's verdict, got %+v", second)
	}
	m, err := h.log.Get(t.Context(), stream.Submissions, 2)
	check(t, err)
	if got := m.Header.Get("Nats-Msg-Id"); got != first.ID+".1" {
		t.Errorf("want an id after the verdict's sequence, got %q", got)
	}
	if got := h.do("GET", "/v1/submissions/"+first.ID, "320812", nil, "").receipt(t); got.Sequence != 2 {
		t.Errorf("want the newest verdict, got %+v", got)
	}
}

func TestCSV(t *testing.T) {
	h := open(t)
	csv := map[string]string{"Content-Type": "text/csv; charset=utf-8"}
	one := h.do("POST", "/v1/submissions?dataset=sti-annual&file=f.csv", "320812", csv, "indicator,period,value\nhnte_valid,2021,1\nbad\n")
	if r := one.receipt(t); one.status != http.StatusAccepted || r.Rows != 2 || r.File != "f.csv" || r.Area != "320812" {
		t.Fatalf("want one receipt for the token's area, got %d %s", one.status, one.body)
	}
	const two = "area,dataset,indicator,period,value\n320812,sti-annual,hnte_valid,2021,5\n320804,sti-annual,hnte_valid,2021,6\n320812,sti-annual,hnte_valid,2020,4\n"
	a := h.do("POST", "/v1/submissions", "*", csv, two)
	var list ingest.Receipts
	check(t, json.Unmarshal(a.body, &list))
	if a.status != http.StatusAccepted || len(list.Submissions) != 2 || list.Submissions[0].Rows != 2 || list.Submissions[1].Area != "320804" || a.header.Get("Location") != "" {
		t.Fatalf("want two receipts, got %d %s", a.status, a.body)
	}
	refused := h.do("POST", "/v1/submissions", "320812", csv, strings.ReplaceAll(two, ",5", ",7"))
	if refused.status != http.StatusForbidden || h.stored(stream.Submissions) != 3 {
		t.Errorf("want all refused when one is not permitted, got %d, %d messages", refused.status, h.stored(stream.Submissions))
	}
}

func gzipped(t *testing.T, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	check(t, errors.Join(err, w.Close()))
	return b.String()
}

func TestProblems(t *testing.T) {
	h := open(t, maxBody(4096))
	long := figure("320812", strings.Repeat("9", 5000))
	tests := map[string]struct {
		method, path, area string
		header             map[string]string
		body               string
		status             int
		code, en           string
	}{
		"no token":          {"POST", "/v1/submissions", "", asJSON, figure("320812", "1"), 401, "unauthorized", "Authorization: Bearer"},
		"unknown token":     {"POST", "/v1/submissions", "", map[string]string{"Authorization": "Bearer nonsense"}, "", 401, "unauthorized", "unknown"},
		"basic auth":        {"GET", "/v1/catalogue", "", map[string]string{"Authorization": "Basic eDp5"}, "", 401, "unauthorized", "missing"},
		"another's area":    {"POST", "/v1/submissions", "320804", asJSON, figure("320812", "1"), 403, "other-area", "of 320804 (淮阴区) and may not submit for 320812"},
		"no content type":   {"POST", "/v1/submissions", "320812", nil, "{}", 415, "unsupported-media-type", `got ""`},
		"spreadsheet":       {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/vnd.ms-excel"}, "{}", 415, "unsupported-media-type", "ms-excel"},
		"other charset":     {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "text/csv; charset=gb18030"}, "", 415, "unsupported-media-type", "utf-8"},
		"other encoding":    {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "text/csv", "Content-Encoding": "br"}, "", 415, "unsupported-media-type", "gzip"},
		"broken gzip":       {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "text/csv", "Content-Encoding": "gzip"}, "plain", 400, "malformed", "compression broken"},
		"cut gzip":          {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzipped(t, figure("320812", "1"))[:60], 400, "malformed", "incomplete"},
		"broken JSON":       {"POST", "/v1/submissions", "320812", asJSON, `{"area":`, 400, "malformed", "cannot be read"},
		"unknown column":    {"POST", "/v1/submissions?dataset=sti-annual", "320812", map[string]string{"Content-Type": "text/csv"}, "indicator,period,value,colour\n", 422, "unprocessable", `"colour", is unknown`},
		"empty body":        {"POST", "/v1/submissions", "320812", asJSON, "", 422, "unprocessable", "empty"},
		"too large":         {"POST", "/v1/submissions", "320812", asJSON, long, 413, "too-large", "at most 4096 bytes"},
		"too large inside":  {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzipped(t, long), 413, "too-large", "after decompression"},
		"unknown area":      {"POST", "/v1/submissions", "*", asJSON, figure("320813", "1"), 422, "unprocessable", `area "320813" is not in the catalogue; did you mean "320812"? Known: 320800 淮安市`},
		"area by name":      {"POST", "/v1/submissions", "*", asJSON, figure("清江浦区", "1"), 422, "unprocessable", `did you mean "320812"?`},
		"no area":           {"POST", "/v1/submissions", "*", asJSON, figure("", "1"), 422, "unprocessable", "no area is given"},
		"unknown dataset":   {"POST", "/v1/submissions", "320812", asJSON, `{"dataset":"sti-anual","observations":[{}]}`, 422, "unprocessable", `did you mean "sti-annual"?`},
		"no observations":   {"POST", "/v1/submissions", "320812", asJSON, `{"dataset":"sti-annual"}`, 422, "unprocessable", "send at least one row"},
		"parameters differ": {"POST", "/v1/submissions?area=320804", "*", asJSON, figure("320812", "1"), 422, "unprocessable", "make them agree"},
		"unknown id":        {"GET", "/v1/submissions/" + strings.Repeat("0", 32), "320812", nil, "", 404, "not-found", "no submission has this id"},
		"no id at all":      {"GET", "/v1/submissions/1", "320812", nil, "", 404, "not-found", "no submission has this id"},
		"wrong method":      {"PUT", "/v1/submissions", "320812", nil, "", 405, "method-not-allowed", "POST only"},
		"wrong path":        {"GET", "/v2", "", nil, "", 404, "not-found", "/v1/submissions"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := h.do(test.method, test.path, test.area, test.header, test.body)
			p := a.problem(t)
			if a.status != test.status || p.Status != test.status || p.Type != "urn:citytally:problem:"+test.code {
				t.Errorf("want %d %s, got %d %s", test.status, test.code, a.status, a.body)
			}
			if !strings.Contains(p.Detail, test.en) || p.DetailZH == "" || p.Title == "" || p.RequestID == "" {
				t.Errorf("want %q and all members, got %s", test.en, a.body)
			}
			if path, _, _ := strings.Cut(test.path, "?"); p.Instance != path {
				t.Errorf("want instance %s, got %s", path, p.Instance)
			}
			if a.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer realm=") {
				t.Errorf("want a challenge, got %v", a.header)
			}
			if a.status == 405 && a.header.Get("Allow") != "POST" {
				t.Errorf("want Allow: POST, got %v", a.header)
			}
			if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("want the security headers and no CORS, got %v", a.header)
			}
		})
	}
	if n := h.stored(stream.Submissions); n != 0 {
		t.Errorf("want nothing stored, got %d messages", n)
	}
	both := h.post("*", `{"area":"x","dataset":"y"}`).problem(t)
	if len(both.Errors) != 3 || !strings.HasPrefix(both.Detail, "3 mistakes") {
		t.Errorf("want all mistakes at once, got %+v", both)
	}
}

func TestGzip(t *testing.T) {
	h := open(t)
	a := h.do("POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzipped(t, figure("320812", "1")))
	if r := a.receipt(t); r.ID != h.post("320812", figure("320812", "1")).receipt(t).ID {
		t.Errorf("want the same submission packed and plain, got %+v", r)
	}
}

func TestReceiptsArePrivate(t *testing.T) {
	h := open(t)
	h.judge()
	location := h.post("320812", figure("320812", "1")).header.Get("Location")
	for area, status := range map[string]int{"320812": 200, "*": 200, "320804": 404, "": 401} {
		if got := h.do("GET", location, area, nil, "").status; got != status {
			t.Errorf("token of %q: want %d, got %d", area, status, got)
		}
	}
}

func TestParallelUploadsAreAllDurable(t *testing.T) {
	h := open(t)
	h.judge()
	const uploads = 200
	receipts := make([]ingest.Receipt, uploads)
	var group errgroup.Group
	client := h.client("320812")
	client.HTTP = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: uploads}}
	defer client.HTTP.CloseIdleConnections()
	for i := range uploads {
		group.Go(func() error {
			got, err := client.Submit(t.Context(), ingest.Upload{
				Content: strings.NewReader(figure("320812", fmt.Sprint(i))), ContentType: "application/json", Wait: 30 * time.Second,
			})
			if err == nil {
				receipts[i] = got[0]
			}
			return err
		})
	}
	check(t, group.Wait())
	ids, sequences := map[string]bool{}, map[uint64]bool{}
	for i, r := range receipts {
		ids[r.ID], sequences[r.Sequence] = true, true
		m, err := h.log.Get(t.Context(), stream.Submissions, r.Sequence)
		check(t, err)
		if !strings.Contains(string(m.Data), fmt.Sprintf(`"value":"%d"`, i)) || m.Header.Get(stream.SubmissionHeader) != r.ID {
			t.Fatalf("receipt %d refers to %s", i, m.Data)
		}
		if r.Verdict == nil || r.Verdict.Submission != r.ID {
			t.Fatalf("want each its own verdict, got %+v", r)
		}
	}
	if len(ids) != uploads || len(sequences) != uploads || h.stored(stream.Submissions) != uploads {
		t.Errorf("want %d ids and places, got %d and %d in %d messages", uploads, len(ids), len(sequences), h.stored(stream.Submissions))
	}
}

func TestTheSameContentInParallelIsStoredOnce(t *testing.T) {
	h := open(t)
	var group errgroup.Group
	for range 20 {
		group.Go(func() error {
			if r := h.post("320812", figure("320812", "1")).receipt(t); r.Sequence != 1 {
				return fmt.Errorf("want the first receipt, got %+v", r)
			}
			return nil
		})
	}
	check(t, group.Wait())
	if n := h.stored(stream.Submissions); n != 1 {
		t.Errorf("want one message, got %d", n)
	}
}

func TestReceiptsSurviveARestart(t *testing.T) {
	dir, tokens := t.TempDir(), filepath.Join(t.TempDir(), "tokens.yaml")
	broker := natsdtest.Start(t, natsdtest.Dir(dir))
	h := enter(t, broker, tokens)
	h.judge()
	accepted := h.do("POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Prefer": "wait=30"}, figure("320812", "1")).receipt(t)
	check(t, h.stop())

	h = enter(t, broker, tokens)
	if diff := cmp.Diff(accepted, h.do("GET", "/v1/submissions/"+accepted.ID, "320812", nil, "").receipt(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if r := h.post("320812", figure("320812", "1")).receipt(t); !r.Repeated || r.Sequence != 1 {
		t.Errorf("want the first receipt after a restart, got %+v", r)
	}
}

func TestSubmissionsOfOthersHaveReceipts(t *testing.T) {
	h := open(t)
	_, err := h.log.Publish(t.Context(), stream.Message{Subject: "submissions.320812.sti-annual", Body: []byte(figure("320812", "1"))})
	check(t, err)
	h.judge()
	s, err := stream.DecodeSubmission([]byte(figure("320812", "1")))
	check(t, err)
	path := "/v1/submissions/" + s.ID()
	h.eventually("receipt of a direct publish", func() bool { return h.do("GET", path, "320812", nil, "").status == 200 })
	if r := h.do("GET", path, "320812", nil, "").receipt(t); r.Status != "accepted" || r.Sequence != 1 || r.Rows != 1 {
		t.Errorf("want a receipt from the verdict, got %+v", r)
	}
	if r := h.post("320812", figure("320812", "1")).receipt(t); !r.Repeated || h.stored(stream.Submissions) != 1 {
		t.Errorf("want the content recognised, got %+v", r)
	}
}

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

	// The client waits the outage out.
	type result struct {
		receipts []ingest.Receipt
		err      error
	}
	done := make(chan result, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		r, err := h.client("320812").Submit(ctx, ingest.Upload{Content: strings.NewReader(figure("320812", "2")), ContentType: "application/json"})
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
