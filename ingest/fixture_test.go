package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

const catalogueText = `
city: "320800"
programmes: [{id: sti, name_zh: 科技创新, name_en: Innovation}]
areas:
  - {code: "320800", name_zh: 淮安市, name_en: Huai'an, kind: city}
  - {code: "320812", name_zh: 清江浦区, name_en: Qingjiangpu, kind: district}
  - {code: "320804", name_zh: 淮阴区, name_en: Huaiyin, kind: district}
datasets: [{id: sti-annual, name_zh: 科技年报, name_en: Annual, periods: [year]}]
indicators:
  - {id: hnte_valid, name_zh: 高企, name_en: High-tech firms, programme: sti, unit: 家, kind: stock, datasets: [sti-annual]}
`

// house is a running gateway, with a broker that only the test uses.
type house struct {
	t       testing.TB
	broker  *natsd.Server
	nc      *nats.Conn
	log     *stream.Log
	tokens  *token.File
	path    string
	gateway *ingest.Gateway
	base    string
	stop    func() error
}

type setting func(*ingest.Config, *[]ingest.Option)

func maxBody(n int64) setting {
	return func(c *ingest.Config, _ *[]ingest.Option) { c.MaxBody = n }
}

func open(t testing.TB, settings ...setting) *house {
	t.Helper()
	return enter(t, natsdtest.Start(t), filepath.Join(t.TempDir(), "tokens.yaml"), settings...)
}

// enter starts a gateway with a broker that runs already.
func enter(t testing.TB, broker *natsd.Server, tokens string, settings ...setting) *house {
	t.Helper()
	nc, err := nats.Connect("", broker.InProcess())
	check(t, err)
	t.Cleanup(nc.Close)
	return serve(t, broker, nc, tokens, settings...)
}

func serve(t testing.TB, broker *natsd.Server, nc *nats.Conn, tokens string, settings ...setting) *house {
	t.Helper()
	return serveCity(t, broker, nc, tokens, catalogueText, settings...)
}

// serveCity starts a gateway of the city that a catalogue describes.
func serveCity(t testing.TB, broker *natsd.Server, nc *nats.Conn, tokens, city string, settings ...setting) *house {
	t.Helper()
	h := &house{t: t, broker: broker, nc: nc, path: tokens}
	logger := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel)
	var err error
	h.log, err = stream.Open(t.Context(), nc, stream.DefaultConfig(), logger)
	check(t, err)
	cat, err := catalogue.Parse([]byte(city))
	check(t, err)
	h.tokens, _, err = token.Open(tokens, cat)
	check(t, err)
	config := ingest.DefaultConfig()
	config.Address = "127.0.0.1:0"
	var options []ingest.Option
	for _, set := range settings {
		set(&config, &options)
	}
	h.gateway, err = ingest.New(h.log, cat, h.tokens, config, logger, options...)
	check(t, err)
	check(t, h.gateway.Listen(t.Context()))
	h.base = "http://" + h.gateway.Addr()

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.gateway.Run(ctx) }()
	h.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		check(t, h.stop())
		http.DefaultClient.CloseIdleConnections()
	})
	h.eventually("ready", func() bool { return h.do("GET", "/readyz", "", nil, "").status == http.StatusOK })
	return h
}

func (h *house) js() jetstream.JetStream {
	h.t.Helper()
	js, err := jetstream.New(h.nc)
	check(h.t, err)
	return js
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func (h *house) eventually(what string, done func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			h.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (h *house) token(area string) string {
	h.t.Helper()
	token, ok := h.tokens.Plain(area)
	if !ok {
		h.t.Fatalf("no token for %s", area)
	}
	return token
}

func (h *house) client(area string) *sender.Client {
	return &sender.Client{BaseURL: h.base, Token: h.token(area)}
}

// answer is an answer of the gateway.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) problem(t testing.TB) ingest.Problem {
	t.Helper()
	var p ingest.Problem
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("want a problem, got %d %s: %s", a.status, got, a.body)
	}
	check(t, json.Unmarshal(a.body, &p))
	return p
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

func (a answer) receipt(t testing.TB) ingest.Receipt {
	t.Helper()
	var r ingest.Receipt
	if err := json.Unmarshal(a.body, &r); err != nil || a.status/100 != 2 {
		t.Fatalf("want a receipt, got %d %s (%v)", a.status, a.body, err)
	}
	return r
}

// do makes a request with the area's token, or none when area is "".
func (h *house) do(method, path, area string, header map[string]string, body string) answer {
	h.t.Helper()
	request, err := http.NewRequest(method, h.base+path, strings.NewReader(body))
	check(h.t, err)
	if area != "" {
		request.Header.Set("Authorization", "Bearer "+h.token(area))
	}
	for key, value := range header {
		request.Header.Set(key, value)
	}
	response, err := http.DefaultClient.Do(request)
	check(h.t, err)
	defer func() { check(h.t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	check(h.t, err)
	a := answer{response.StatusCode, response.Header, text}
	conforms(h.t, request, a)
	return a
}

var asJSON = map[string]string{"Content-Type": "application/json"}

func (h *house) post(area, body string) answer {
	h.t.Helper()
	return h.do("POST", "/v1/submissions", area, asJSON, body)
}

// figure is a submission of one figure.
func figure(area, value string) string {
	return fmt.Sprintf(`{"area":%q,"dataset":"sti-annual","observations":[{"indicator":"hnte_valid","period":"2021","value":%q}]}`, area, value)
}

// judge takes the place of the transform stage: it gives every submission a verdict. It
// rejects values below zero.
func (h *house) judge() {
	h.t.Helper()
	consumer, err := h.log.Consume(h.t.Context(), stream.ConsumerConfig{Stream: stream.Submissions, Name: "judge", AckWait: 5 * time.Second, MaxPending: 100})
	check(h.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		for {
			batch, err := consumer.Batch(ctx, 50)
			if err != nil {
				done <- err
				return
			}
			for i := range batch {
				if err := h.give(&batch[i]); err != nil {
					done <- err
					return
				}
			}
		}
	}()
	h.t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			h.t.Error(err)
		}
		consumer.Stop()
	})
}

func (h *house) give(d *stream.Delivery) error {
	s, err := event.DecodeSubmission(d.Body)
	if err != nil {
		return err
	}
	v := event.Verdict{
		Submission: s.ID(), Area: s.Area, Dataset: s.Dataset, Sequence: d.Sequence, ReceivedAt: d.StoredAt, DecidedAt: time.Now().UTC(),
		Via: d.Header(event.ViaHeader), By: d.Header(event.ByHeader), Rows: len(s.Observations),
		Outcome: event.AllAccepted, Accepted: len(s.Observations), Findings: []event.Finding{},
	}
	if strings.HasPrefix(string(s.Observations[0].Value), "-") {
		v.Outcome, v.Accepted, v.RejectedRows = event.Rejected, 0, v.Rows
	}
	if err := h.publishVerdict(v); err != nil {
		return err
	}
	return d.Ack()
}

func (h *house) publishVerdict(v event.Verdict) error {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(v); err != nil {
		return err
	}
	_, err := h.log.Publish(context.Background(), stream.Message{
		Subject: "verdicts." + v.Area + "." + v.Dataset, ID: event.VerdictID(v.Sequence), Body: body.Bytes(),
		Header: map[string]string{event.SubmissionHeader: v.Submission, event.OutcomeHeader: string(v.Outcome), event.RepeatedHeader: strconv.FormatBool(v.Repeated)},
	})
	return err
}

// stored returns the sequence of a stream's newest message.
func (h *house) stored(name string) uint64 {
	h.t.Helper()
	last, err := h.log.LastSequence(h.t.Context(), name)
	check(h.t, err)
	return last
}

var (
	quiet = zerolog.Nop()
	// armed makes the readiness check panic. Before it is set, the fixture calls the check
	// too.
	armed atomic.Bool
)

func portOf(t testing.TB, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	check(t, err)
	port, err := strconv.Atoi(u.Port())
	check(t, err)
	return port
}

// soon is the context of everything that a test waits for.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
