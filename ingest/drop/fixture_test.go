package drop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/drop"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

const maxBody = 64 << 10

// house is a running gateway with a folder for each area.
type house struct {
	*testing.T
	dir     string
	log     *stream.Log
	gateway *ingest.Gateway
}

func open(t *testing.T) *house {
	t.Helper()
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	check(t, err)
	t.Cleanup(nc.Close)
	h := &house{T: t, dir: t.TempDir()}
	h.log, err = stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	check(t, err)
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(t, err)
	tokens, _, err := token.Open(filepath.Join(t.TempDir(), "tokens.yaml"), cat)
	check(t, err)
	config := ingest.DefaultConfig()
	config.Address, config.MaxBody = "127.0.0.1:0", maxBody
	h.gateway, err = ingest.New(h.log, cat, tokens, config, zerolog.Nop())
	check(t, err)
	h.keep(h.gateway.Run)
	h.keep(h.judge)
	<-h.gateway.Ready()
	for _, area := range []string{"320812", "320804", "320800"} {
		check(t, os.Mkdir(filepath.Join(h.dir, area), 0o770))
	}
	return h
}

// keep runs work until the test ends.
func (h *house) keep(work func(context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	stop = func() error {
		cancel()
		err := <-done
		done <- err
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
	h.Cleanup(func() { _ = stop() })
	return stop
}

// judge takes the place of the transform stage: it rejects values below zero.
func (h *house) judge(ctx context.Context) error {
	return h.log.Work(ctx, stream.WorkConfig{
		Stage: "validate", What: "judge", Batch: 10, Logger: zerolog.Nop(),
		Consumer: stream.ConsumerConfig{Stream: stream.Submissions, Name: "validate", AckWait: 5 * time.Second, MaxPending: 20},
	}, stream.NewBatchTask(10, func(ctx context.Context, batch []stream.Delivery) error {
		for _, d := range batch {
			s, err := event.DecodeSubmission(d.Body)
			if err != nil {
				return err
			}
			v := event.Verdict{
				Submission: s.ID(), Area: s.Area, Dataset: s.Dataset, Sequence: d.Sequence, ReceivedAt: d.StoredAt, File: s.File, Rows: len(s.Observations),
				Via: d.Header(event.ViaHeader), By: d.Header(event.ByHeader), Outcome: event.AllAccepted, Accepted: len(s.Observations),
			}
			if strings.HasPrefix(string(s.Observations[0].Value), "-") {
				v.Outcome, v.Accepted, v.RejectedRows = event.Rejected, 0, v.Rows
				v.Findings = []event.Finding{{Code: "VALUE_OUT_OF_RANGE", Severity: event.Reject, Row: 2, Column: "value", Cell: "C2", MessageZH: "数值为负", MessageEN: "below zero"}}
			}
			body, err := json.Marshal(v)
			if err != nil {
				return err
			}
			if _, err := h.log.Publish(ctx, stream.Message{
				Subject: "verdicts." + s.Area + "." + s.Dataset, ID: fmt.Sprintf("verdict.%d", d.Sequence), Body: body,
				Header: map[string]string{event.SubmissionHeader: v.Submission, event.OutcomeHeader: string(v.Outcome)},
			}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// watcher returns a watcher of the folders.
func (h *house) watcher(instance string, options ...drop.Option) *drop.Watcher {
	h.Helper()
	w, err := drop.New(h.gateway, drop.Config{Dir: h.dir, Every: 100 * time.Millisecond, Settle: 50 * time.Millisecond}, maxBody, instance,
		func(w io.Writer, r *ingest.Receipt, english bool) { fmt.Fprintf(w, "%t %s\n", english, r.Status) }, zerolog.Nop(), time.Now, options...)
	check(h.T, err)
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes a file elsewhere and renames it into an area's folder.
func (h *house) put(path, content string) {
	h.Helper()
	elsewhere := filepath.Join(h.dir, ".elsewhere")
	check(h.T, os.WriteFile(elsewhere, []byte(content), 0o660))
	check(h.T, os.Rename(elsewhere, filepath.Join(h.dir, path)))
}

// figure is a CSV of one figure.
func figure(value string) string {
	return "dataset,indicator,period,value\nsti-annual,hnte_valid,2021," + value + "\n"
}

// ended waits until there are so many files with a name in a folder, besides their verdicts, and
// returns their paths.
func (h *house) ended(folder, stem string, count int) (paths []string) {
	h.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		paths = nil
		matches, err := filepath.Glob(filepath.Join(h.dir, folder, stem+".*"))
		check(h.T, err)
		for _, m := range matches {
			if !strings.Contains(m, ".verdict") {
				paths = append(paths, m)
			}
		}
		if len(paths) == count {
			return paths
		}
		if time.Now().After(deadline) {
			h.Fatalf("%s has %v of %s, want %d", folder, paths, stem, count)
		}
	}
}

// verdict returns the text beside a file.
func (h *house) verdict(path string) string {
	h.Helper()
	text, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".verdict.txt")
	check(h.T, err)
	return string(text)
}

// submissions returns how often each file's name is in SUBMISSIONS.
func (h *house) submissions() map[string]int {
	h.Helper()
	counts := map[string]int{}
	last, err := h.log.LastSequence(h.Context(), stream.Submissions)
	check(h.T, err)
	for sequence := uint64(1); sequence <= last; sequence++ {
		m, err := h.log.Get(h.Context(), stream.Submissions, sequence)
		check(h.T, err)
		s, err := event.DecodeSubmission(m.Data)
		check(h.T, err)
		if m.Header.Get(event.ViaHeader) != drop.Way || m.Header.Get(event.ByHeader) != s.Area {
			h.Errorf("%s came by %s from %s", s.File, m.Header.Get(event.ViaHeader), m.Header.Get(event.ByHeader))
		}
		counts[s.File]++
	}
	return counts
}
