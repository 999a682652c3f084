package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// hostile is a message that nobody who means well sends.
type hostile struct {
	subject string
	header  nats.Header
	body    []byte
}

// hostileMessages returns messages of every kind for every stream: empty, not the
// layout, on a wrong subject, with negative and huge numbers, with control
// characters, as large as the broker takes and one byte less, and such that grow
// when they are written again.
func hostileMessages(largest int) map[string]hostile {
	const subject = "submissions.320812.sti-annual"
	messages := map[string]hostile{}
	add := func(name, subject string, body []byte) { messages[name] = hostile{subject: subject, body: body} }
	observations := func(rows ...string) []byte { return []byte(`{"observations":[` + strings.Join(rows, ",") + `]}`) }
	repeated := func(n int, row func(i int) string) []byte {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = row(i)
		}
		return observations(rows...)
	}
	// padded is a submission of the size whose one row is sound but for its note.
	padded := func(size int, note string) []byte {
		const begin, end = `{"observations":[{"indicator":"gdp","period":"2021","value":"1","note":"`, `"}]}`
		n := (size - len(begin) - len(end)) / len(note)
		text := begin + strings.Repeat(note, n) + end
		return []byte(text + strings.Repeat(" ", size-len(text)))
	}
	row := `{"indicator":"gdp","period":"2021","value":"1"}`

	for _, s := range []struct{ stream, subject string }{
		{stream.Direct, "direct.320812.sti-annual"}, {stream.Submissions, subject}, {stream.Accepted, "accepted.320812.sti-annual"}, {stream.Verdicts, "verdicts.320812.sti-annual"},
		{stream.Totals, "totals.2021"}, {stream.Totals + " runs", "runs.nightly"}, {stream.Releases, "releases.hostile"},
		{stream.Commands, "commands.recompute"}, {stream.Dead, "dead.sink"},
	} {
		first, _, _ := strings.Cut(s.subject, ".")
		add(s.stream+": empty", s.subject, nil)
		add(s.stream+": garbage", s.subject, bytes.Repeat([]byte{0xff, 0x00, 0x80}, 100))
		add(s.stream+": garbage as large as the broker takes", s.subject+"x", bytes.Repeat([]byte{0xfe}, largest))
		add(s.stream+": garbage one byte smaller", s.subject+"x", bytes.Repeat([]byte{0xfe}, largest-1))
		add(s.stream+": JSON of something else", s.subject, []byte(`{"hello":[1,{"world":null}]}`))
		add(s.stream+": a JSON array", s.subject, []byte(`[]`))
		add(s.stream+": negative numbers", s.subject, []byte(`{"sequence":-1,"rows":-1,"cells":-5,"row":-1,"id":"n","findings":[{"row":-1}],"observations":[{"row":-1}]}`))
		add(s.stream+": huge numbers", s.subject, []byte(`{"sequence":99999999999999999999,"rows":1e99,"cells":99999999999,"id":"h"}`))
		add(s.stream+": control characters", s.subject, []byte("{\"id\":\"\x00\x1b[31m\",\"file\":\"\\u0000\\u001b[31m\\u202e\"}"))
		add(s.stream+": too few tokens", first, []byte(`{}`))
		add(s.stream+": too many tokens", s.subject+".a.b.c", []byte(`{}`))
		add(s.stream+": a wildcard for a token", first+".*.sti-annual", []byte(`{}`))
		add(s.stream+": a layout of no version", s.subject, []byte{0, 1, 2})
		add(s.stream+": a known layout of nonsense", s.subject, []byte{2, 0xbf, 0x01, 0x81})
	}

	add("SUBMISSIONS: of nobody", "submissions.nobody.nothing", observations(row))
	add("SUBMISSIONS: another area in the body", subject, []byte(`{"area":"320804","observations":[`+row+`]}`))
	add("SUBMISSIONS: an unknown field", subject, []byte(`{"layout":9,"observations":[`+row+`]}`))
	add("SUBMISSIONS: 19,000 negative rows", subject, repeated(19_000, func(i int) string {
		return fmt.Sprintf(`{"indicator":"gdp","period":"2021","value":"abc%d","row":-1}`, i)
	}))
	add("SUBMISSIONS: millions of rows that are none", subject, []byte(`{"observations":[`+strings.Repeat("1,", 3_900_000)+`1]}`))
	var fields strings.Builder
	for i := range largest / 12 {
		fmt.Fprintf(&fields, `,"%x":1`, i)
	}
	add("DIRECT: hundreds of thousands of fields", "direct.320812.sti-annual", observations(`{"indicator":"gdp"`+fields.String()+`}`))
	add("DIRECT: a subject like a pattern", "direct.320812.>", observations(row))
	add("SUBMISSIONS: a row beyond 32 bits", subject, observations(`{"indicator":"gdp","period":"2021","value":"1","row":4294967297}`))
	add("SUBMISSIONS: a row beyond 64 bits", subject, observations(`{"indicator":"gdp","period":"2021","value":"1","row":99999999999999999999}`))
	add("SUBMISSIONS: huge figures", subject, observations(
		`{"indicator":"gdp","period":"2021","value":"9e999999999"}`, `{"indicator":"gdp","period":"2020","value":`+strings.Repeat("9", 400)+`}`,
		`{"indicator":"gdp","period":"99999999999","value":"1"}`, `{"indicator":"gdp","period":"2019","value":"-99999999999999999999999999"}`))
	add("SUBMISSIONS: 40,000 equal rows", subject, repeated(40_000, func(int) string { return `{"indicator":"hnte_valid","period":"2021","value":"5"}` }))
	add("SUBMISSIONS: control characters in every text", subject, []byte(`{"file":"\u0000\u001b[31m","reason":"\r\n\u202e","observations":[{"indicator":"\u0000","period":"\u001b","value":"\u0007","note":"\u0000"}]}`))
	add("SUBMISSIONS: a note that fills the message", subject, padded(largest, "x"))
	add("SUBMISSIONS: one byte under max_payload", subject, padded(largest-1, "x"))
	add("SUBMISSIONS: a note that grows", subject, padded(largest, "<"))
	add("SUBMISSIONS: a note in Chinese", subject, padded(largest-4, "淮"))
	add("SUBMISSIONS: a file name that grows", subject, []byte(`{"file":"`+strings.Repeat("<", 1_500_000)+`","observations":[`+row+`]}`))
	add("SUBMISSIONS: a reason of a megabyte", subject, []byte(`{"reason":"`+strings.Repeat("<", 1<<20)+`","observations":[`+row+`]}`))
	for name, size := range map[string]int{"60 kB": 30_000, "a megabyte": 1 << 19} {
		messages["SUBMISSIONS: headers of "+name] = hostile{subject: subject, header: nats.Header{
			event.ViaHeader: {strings.Repeat("v", size)}, event.ByHeader: {strings.Repeat("b", size)},
		}, body: observations(row)}
	}

	forged := event.AcceptedSubmission{ID: strings.Repeat("ab", 16), Area: "320812", Dataset: "sti-annual", Sequence: 1 << 62, ReceivedAt: -1 << 62}
	forged.Add(event.AcceptedObservation{Indicator: "hnte_valid", Unit: "furlong"})
	if body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: []event.AcceptedSubmission{forged}}); err == nil {
		add("ACCEPTED: times and periods of no calendar", "accepted.320812.sti-annual", body)
	}
	for name, batch := range map[string]event.TotalsBatch{
		"one part of a flush that never comes": {Period: "2021", Basis: 1, Part: 1, Parts: 90_000, Totals: []event.Total{{Indicator: "x", Value: "1", Missing: []string{}}}},
		"a total no column holds":              {Period: "2021", Basis: 1, Part: 1, Parts: 1, Totals: []event.Total{{Indicator: "x", Value: "1e9999"}}},
		"a period of no calendar":              {Period: "soon", Basis: 1, Part: 1, Parts: 1, Totals: []event.Total{{Indicator: "x", Value: "1"}}},
		"negative counts":                      {Period: "2021", Basis: 1, Part: -1, Parts: -1, Totals: []event.Total{{Indicator: "x", Value: "1", Expected: -1}}},
	} {
		if body, err := event.EncodeTotals(&batch); err == nil {
			add("TOTALS: "+name, "totals.2021", body)
		}
	}
	add("VERDICTS: one that grows", "verdicts.320812.sti-annual", []byte(`{"file":"`+strings.Repeat("<", largest-20)+`"}`))
	add("VERDICTS: negative rows of findings", "verdicts.320812.sti-annual", []byte(
		`{"submission":"x","area":"320812","dataset":"sti-annual","received_at":"2022-01-01T00:00:00Z","decided_at":"2022-01-01T00:00:00Z","findings":[{"row":-1}]}`))
	for name, body := range map[string]string{
		"without an id": `{"period":"2021"}`, "nothing": `{}`, "a schedule of two words": `{"id":"x1","schedule":"a b"}`,
		"a schedule of two tokens": `{"id":"x2","schedule":"a.b"}`, "a wildcard": `{"id":"*","schedule":">"}`, "no period": `{"id":"x3","schedule":"s","period":"soon"}`,
		"an id of a megabyte": `{"id":"` + strings.Repeat("i", 1<<20) + `","schedule":"s"}`, "an acknowledgement": `{"stream":"SUBMISSIONS","seq":5}`,
	} {
		add("COMMANDS: "+name, "commands.recompute", []byte(body))
	}
	add("COMMANDS: release", "commands.release", []byte(`{}`))
	return messages
}

// Whatever anybody with the broker's credentials publishes, the next honest
// submission comes through within seconds; the hostile message has a verdict or a
// letter, or was never stored; and the books balance or say why not.
func TestHostileThenGood(t *testing.T) {
	dir := t.TempDir()
	startRun(t, dir)
	publisher, letters := newHostile(t, dir, access.Repair), newHostile(t, dir, access.Sink)
	log := attach(t, dir)
	eventually(t, "everything is ready", func() bool { ready, _ := readiness(t, dir); return ready })
	honest := newHonest(t, dir)
	honest.passes(t) // what is read and compiled for the first time
	type place struct {
		stream   string
		sequence uint64
	}
	stored := map[place]string{}
	for name, m := range hostileMessages(int(publisher.Conn().MaxPayload())) {
		t.Run(name, func(t *testing.T) {
			from := publisher
			if strings.HasPrefix(m.subject, "dead.") {
				from = letters
			}
			if where, ok := from.publish(t, m); ok {
				stored[place{where.Stream, where.Sequence}] = name
			}
			honest.passes(t)
		})
	}
	settled(t, log)
	put, err := log.Letters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dead := map[place]bool{}
	for _, l := range put {
		dead[place{l.Stream, l.Sequence}] = true
	}
	verdicts := must(t, "sql", "--dir", dir, "--format", "csv", "SELECT sequence FROM submissions")
	for where, name := range stored {
		if where.stream == stream.Submissions && !dead[where] && !strings.Contains(verdicts, fmt.Sprintf("\n%d\n", where.sequence)) {
			t.Errorf("%s has neither a verdict nor a letter", name)
		}
	}
	if stuck := log.Stuck(); len(stuck) != 0 {
		t.Errorf("stuck: %v", stuck)
	}
	if ready, parts := readiness(t, dir); !ready {
		t.Errorf("not ready: %+v", parts)
	}
	var s present.Status
	decode(t, strings.NewReader(must(t, "status", "--dir", dir, "--format", "json")), &s)
	if s.Conservation == nil || s.Conservation.Balanced == (len(s.Conservation.Imbalances) > 0) {
		t.Errorf("the books neither balance nor say why not: %+v", s.Conservation)
	}
	for _, imbalance := range s.Conservation.Imbalances {
		if imbalance.Dead == 0 {
			t.Errorf("the books do not say why not: %s", imbalance)
		}
	}
	must(t, "release", "list", "--dir", dir)
	t.Logf("the slowest honest submission took %s; %d of the hostile messages were stored, %d letters", honest.slowest, len(stored), len(put))
}

// What a later version wrote stops the stage that meets it, says what to do, and
// leaves the other stages at work. Once a person has had it skipped, everything goes on
// from the next start on.
func TestNewerLayoutStopsItsStageAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		subject string
		stages  []string
	}{
		stream.Totals:   {"totals.2021", []string{app.StageSink}},
		stream.Releases: {"releases.x", []string{app.StageSink}},
		stream.Accepted: {"accepted.320812.sti-annual", []string{app.StageSink, app.StageTransform}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := startRun(t, dir)
			eventually(t, "everything is ready", func() bool { ready, _ := readiness(t, dir); return ready })
			log := attach(t, dir)
			body := []byte{30, 1, 2, 3}
			if name == stream.Releases {
				body = packed(t, body)
			}
			newer, err := log.Publish(t.Context(), stream.Message{Subject: tt.subject, Body: body})
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "readyz names the stage and what to do", func() bool {
				ready, parts := readiness(t, dir)
				for _, stage := range tt.stages {
					if why := parts["stage "+stage].Why; ready || !strings.Contains(why, fmt.Sprintf("message %d of %s", newer[0].Sequence, name)) || !strings.Contains(why, "citytally skip") {
						return false
					}
				}
				return true
			})
			newHonest(t, dir).sends(t) // the gateway is still there

			must(t, "skip", "--dir", dir, strings.ToLower(name), fmt.Sprint(newer[0].Sequence), "--reason", "a test of the next version")
			p.stop(t, syscall.SIGTERM)
			startRun(t, dir)
			eventually(t, "everything is ready", func() bool { ready, _ := readiness(t, dir); return ready })
			newHonest(t, dir).passes(t)
		})
	}
}

func packed(t testing.TB, body []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(body, nil)
}

// hostilePublisher publishes as one of the broker's users, with a client of its own.
type hostilePublisher struct {
	jetstream.JetStream
	denied chan error
}

func newHostile(t testing.TB, dir, user string) *hostilePublisher {
	t.Helper()
	nc := connectAs(t, dir, user)
	p := &hostilePublisher{denied: make(chan error, 1)}
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { p.denied <- err })
	var err error
	if p.JetStream, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return p
}

// publish reports where the message was stored, if it was.
func (p *hostilePublisher) publish(t testing.TB, m hostile) (*jetstream.PubAck, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		select {
		case <-p.denied:
			cancel()
		case <-answered:
		}
	}()
	var refused *jetstream.APIError
	ack, err := p.PublishMsg(ctx, &nats.Msg{Subject: m.subject, Header: m.header, Data: m.body}, jetstream.WithRetryAttempts(0))
	switch {
	case errors.Is(err, context.Canceled) && t.Context().Err() == nil:
		return nil, false
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, nats.ErrBadSubject), errors.Is(err, nats.ErrMaxPayload):
		return nil, false
	case errors.As(err, &refused) && refused.Code == http.StatusBadRequest:
		return nil, false
	case err != nil:
		t.Fatalf("publish on %s: %v", m.subject, err)
	}
	return ack, true
}

// honest is a district that means well.
type honest struct {
	dir     string
	url     string
	token   string
	figure  int
	slowest time.Duration
}

func newHonest(t testing.TB, dir string) *honest {
	t.Helper()
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := token.Load(filepath.Join(dir, "tokens.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	token, ok := tokens.Plain("320812")
	if !ok {
		t.Fatal("320812 has no token")
	}
	return &honest{dir: dir, url: i.HTTP, token: token, figure: 1000}
}

// How long an honest submission may take, on a machine that is busy with the tests
// of other packages, from its upload until analysts see it.
const honestWithin = 5 * time.Second

// sends uploads a figure that nobody has sent.
func (h *honest) sends(t testing.TB) {
	t.Helper()
	h.figure++
	body := fmt.Sprintf(`{"area":"320812","dataset":"sti-annual","observations":[{"indicator":"hnte_valid","period":"2020","value":"%d"}]}`, h.figure)
	ctx, cancel := context.WithTimeout(t.Context(), honestWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/v1/submissions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+h.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("the honest submission: %v", err)
	}
	var answer json.RawMessage
	decode(t, response.Body, &answer)
	response.Body.Close()
	if response.StatusCode/100 != 2 {
		t.Fatalf("the honest submission: %s %s", response.Status, answer)
	}
}

// passes sends a figure and waits until the city's total of it is in ClickHouse.
func (h *honest) passes(t testing.TB) {
	t.Helper()
	began := time.Now()
	h.sends(t)
	want := fmt.Sprintf("%d", h.figure)
	for {
		_, out, _ := citytally(t, "sql", "--dir", h.dir, "--format", "csv",
			"SELECT toString(value) AS v FROM totals_latest WHERE indicator = 'hnte_valid' AND period = '2020'")
		if strings.TrimSpace(strings.TrimPrefix(out, "v\n")) == want {
			break
		}
		if time.Since(began) > honestWithin {
			t.Fatalf("the honest submission is not visible after %s, but %q", honestWithin, out)
		}
	}
	h.slowest = max(h.slowest, time.Since(began))
}
