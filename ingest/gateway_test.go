package ingest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
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
	s, err := event.DecodeSubmission(m.Data)
	check(t, err)
	if m.Subject != "submissions.320812.sti-annual" || s.ID() != r.ID || s.Observations[0].Value != "120" {
		t.Errorf("want the submission in the log, got %s %s", m.Subject, m.Data)
	}
	for key, want := range map[string]string{
		"Nats-Msg-Id": r.ID, event.SubmissionHeader: r.ID, event.ViaHeader: "http", event.ByHeader: "清江浦区",
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
	if r.Understood == nil || r.Understood.EN != "plain ASCII; JSON, one submission; 1 figure." {
		t.Errorf("want the answer to say what was understood, got %+v", r.Understood)
	}
	again := h.do("GET", a.header.Get("Location"), "320812", nil, "").receipt(t)
	r.Understood = nil
	if diff := cmp.Diff(r, again); diff != "" {
		t.Errorf("the same receipt by GET (-want +got)\n%s", diff)
	}
	repeated := h.post("320812", figure("320812", "120"))
	r.Repeated = true
	of := repeated.receipt(t)
	of.Understood = nil
	if diff := cmp.Diff(r, of); diff != "" || repeated.status != http.StatusOK {
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
	// The first verdict stays readable.
	if r := h.do("GET", "/v1/submissions/"+first.ID, "320812", nil, "").receipt(t); r.Sequence != 2 || len(r.Earlier) != 1 || r.Earlier[0].Sequence != 1 || r.Earlier[0].Verdict.Sequence != 1 {
		t.Errorf("want the second receipt with the first, got %+v", r)
	}
	if got := h.listed("320812"); got != "2  rejected false, 1  rejected false" {
		t.Errorf("want both in the list, got %s", got)
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

// What was sent first is listed with its own file, time and verdict, and the same content again
// under another name as a repetition of it, until it has a verdict of its own.
func TestTheSameContentAgainInTheList(t *testing.T) {
	h := open(t)
	send := func(file, value string) ingest.Receipt {
		return h.do("POST", "/v1/submissions?dataset=sti-annual&file="+file, "320812", map[string]string{"Content-Type": "text/csv"}, "indicator,period,value\nhnte_valid,2021,"+value+"\n").receipt(t)
	}
	judged := func(r ingest.Receipt, outcome event.Outcome, repeated bool, findings ...event.Finding) {
		t.Helper()
		check(t, h.publishVerdict(event.Verdict{
			Submission: r.ID, Area: r.Area, Dataset: r.Dataset, File: r.File, Outcome: outcome, Repeated: repeated, Sequence: r.Sequence, ReceivedAt: r.ReceivedAt,
			DecidedAt: time.Now().UTC(), Rows: 1, Findings: append([]event.Finding{}, findings...),
		}))
	}
	judged(send("f1.csv", "120"), event.AllAccepted, false)
	judged(send("f2.csv", "1290"), event.AllHeld, false)
	again := send("f1-again.csv", "120")
	wants := func(want string) {
		t.Helper()
		h.eventually("list "+want, func() bool { return h.listed("320812") == want })
	}
	wants("3 f1-again.csv received false, 2 f2.csv held false, 1 f1.csv accepted false")
	judged(again, event.AllAccepted, true)
	wants("1 f1.csv accepted true, 2 f2.csv held false, 1 f1.csv accepted false")
	judged(send("f3.csv", "3"), event.AllAccepted, false)
	refused := send("f1-late.csv", "120")
	judged(refused, event.Rejected, false, event.Finding{Code: "SUPERSEDED", Severity: event.Reject, Row: 1})
	wants("5 f1-late.csv rejected false, 4 f3.csv accepted false, 2 f2.csv held false, 1 f1.csv accepted false")
	if r := h.do("GET", "/v1/submissions/"+refused.ID, "320812", nil, "").receipt(t); r.File != "f1-late.csv" || len(r.Earlier) != 1 || r.Earlier[0].File != "f1.csv" || r.Earlier[0].Status != "accepted" {
		t.Errorf("want the refusal with the first receipt, got %+v", r)
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
	if r := refused.receipt(t); refused.status != http.StatusAccepted || r.Area != "320812" || r.Rows != 3 || h.stored(stream.Submissions) != 4 {
		t.Errorf("want the rows of another area refused by themselves, got %d %s", refused.status, refused.body)
	}
	others := h.do("POST", "/v1/submissions", "320804", csv, "area,dataset,indicator,period,value\n320812,sti-annual,hnte_valid,2021,5\n")
	if others.status != http.StatusForbidden || h.stored(stream.Submissions) != 4 {
		t.Errorf("want a file without own figures refused, got %d, %d messages", others.status, h.stored(stream.Submissions))
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
			got, err := client.Submit(t.Context(), sender.Upload{
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
		if !strings.Contains(string(m.Data), fmt.Sprintf(`"value":"%d"`, i)) || m.Header.Get(event.SubmissionHeader) != r.ID {
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
	accepted.Understood = nil // said once, in the answer to the upload
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
	s, err := event.DecodeSubmission([]byte(figure("320812", "1")))
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

// Anyone who may publish can write any id into a header. Such an id neither hides nor
// replaces another area's content.
func TestForgedIDsLoseNothing(t *testing.T) {
	h := open(t)
	body := figure("320812", "1")
	s, err := event.DecodeSubmission([]byte(body))
	check(t, err)
	_, err = h.log.Publish(t.Context(), stream.Message{
		Subject: "submissions.320804.sti-annual", ID: s.ID(), Body: []byte(figure("320804", "9")), Header: map[string]string{event.SubmissionHeader: s.ID()},
	})
	check(t, err)
	for _, repeated := range []bool{false, true} {
		a := h.post("320812", body)
		if r := a.receipt(t); r.Sequence != 2 || r.Area != "320812" || r.Repeated != repeated || r.ID != s.ID() {
			t.Errorf("want the content stored once, repeated %t, got %s", repeated, a.body)
		}
	}
	if n := h.stored(stream.Submissions); n != 2 {
		t.Errorf("want two messages, got %d", n)
	}
}
