package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// What was put aside can be looked at, processed again and dropped, and nothing
// is there twice for it, however often it is processed.
func TestDead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	must(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2021,600\nrd_expenditure,2021,15\n"))
	log := attach(t, dir)
	asSink, err := log.Over(connectAs(t, dir, access.Sink))
	if err != nil {
		t.Fatal(err)
	}
	publish := func(subject string, body []byte) uint64 {
		t.Helper()
		from := log
		if subject == "dead.sink" {
			from = asSink
		}
		published, err := from.Publish(t.Context(), stream.Message{Subject: subject, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		return published[0].Sequence
	}
	list := func() (letters []struct {
		Number        uint64
		Stage, Stream string
		Sequence      uint64
		Error         string
	}) {
		t.Helper()
		decode(t, strings.NewReader(must(t, "dead", "list", "--dir", dir, "--format", "json")), &letters)
		return letters
	}
	if out := must(t, "dead", "list", "--dir", dir, "--lang", "zh"); !strings.Contains(out, "没有无法处理的消息") {
		t.Errorf("in Chinese: %s", out)
	}
	if out := must(t, "dead", "list", "--dir", dir, "--lang", "en"); !strings.Contains(out, "nothing was put aside") {
		t.Errorf("an empty DEAD is listed as %s", out)
	}

	// Messages that nobody can read: one is put aside by each of its readers.
	publish("accepted.320812.sti-annual", []byte("garbage"))
	publish("verdicts.320812.sti-annual", []byte("{"))
	publish("commands.recompute", []byte("{}"))
	eventually(t, "all is put aside", func() bool { return len(list()) == 4 })
	for _, letter := range list() {
		number := fmt.Sprint(letter.Number)
		if out := must(t, "dead", "show", number, "--dir", dir); !strings.Contains(out, letter.Error[:10]) || !strings.Contains(out, `"message"`) {
			t.Errorf("show %s says %s", number, out)
		}
		code, _, stderr := citytally(t, "dead", "replay", number, "--dir", dir)
		if code != exitFailure || !strings.Contains(stderr, "cannot read the message either") {
			t.Errorf("replay of what nobody can read: exit code %d, %s", code, stderr)
		}
	}
	must(t, "dead", "discard", "--all", "--dir", dir)
	if rest := list(); len(rest) != 0 {
		t.Errorf("after discarding all there is %+v", rest)
	}
	code, _, stderr := citytally(t, "dead", "discard", "1", "--dir", dir)
	if code != exitFailure || !strings.Contains(stderr, "dead list") {
		t.Errorf("discarding what is not there: exit code %d, %s", code, stderr)
	}

	// Messages that were put aside though they had their effect.
	shown := func() string {
		text := ""
		for _, view := range []string{
			"SELECT * FROM submissions ORDER BY sequence", "SELECT * EXCEPT accepted_sequence FROM observations ORDER BY indicator",
			"SELECT indicator, value, change, inputs FROM totals_latest ORDER BY indicator", "SELECT id, schedule FROM runs WHERE id = 'r'",
		} {
			text += must(t, "sql", "--dir", dir, "--format", "csv", view)
		}
		return text
	}
	run, err := json.Marshal(event.Run{ID: "r", Schedule: "nightly", StartedAt: time.Now(), FinishedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	publish("runs.nightly", run)
	settled(t, log)
	before := shown()
	for round := range 2 {
		for _, name := range []string{stream.Accepted, stream.Verdicts, stream.Totals} {
			m, err := log.Get(t.Context(), name, 1)
			if err != nil {
				t.Fatal(err)
			}
			letter, err := json.Marshal(event.DeadLetter{Stage: "sink", Stream: name, Sequence: 1, Subject: m.Subject, Body: m.Data, Error: "forced"})
			if err != nil {
				t.Fatal(err)
			}
			publish("dead.sink", letter)
			publish("dead.sink", letter) // a burial whose acknowledgement was lost
		}
		if letters := list(); len(letters) != 3 {
			t.Errorf("letters = %+v, want one for each message", letters)
		}
		out := must(t, "dead", "replay", "--all", "--dir", dir)
		if strings.Count(out, "replayed") != 3 || len(list()) != 0 {
			t.Errorf("round %d: %s, still there: %+v", round, out, list())
		}
		settled(t, log)
		if after := shown(); after != before {
			t.Errorf("round %d changed answers:\n%s\nbefore:\n%s", round, after, before)
		}
	}
}

// connectAs connects to the broker of the instance on the directory as a user of it.
func connectAs(t testing.TB, dir, user string) *nats.Conn {
	t.Helper()
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := credentials.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	login, ok := access.Login(store, user)
	if !ok {
		t.Fatalf("no secret of %s in %s", user, dir)
	}
	nc, err := nats.Connect(i.NATS, login)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// attach connects to the broker of the instance on the directory as who may publish everything that stages do.
func attach(t testing.TB, dir string) *stream.Log {
	t.Helper()
	log, err := stream.Attach(connectAs(t, dir, access.Repair), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// settled waits until no stage has anything left to do.
func settled(t testing.TB, log *stream.Log) {
	t.Helper()
	quiet := 0
	eventually(t, "every stage has nothing left to do", func() bool {
		statuses, err := log.Statuses(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if quiet++; !atRest(statuses) {
			quiet = 0
		}
		return quiet > 3
	})
}

// atRest reports whether every stage has begun and has nothing left to do.
func atRest(statuses []stream.Status) bool {
	begun := map[[2]string]bool{}
	for _, s := range statuses {
		for name, position := range s.Consumers {
			if position.Pending+position.Delivered > 0 {
				return false
			}
			begun[[2]string{s.Stream, name}] = true
		}
	}
	return !slices.ContainsFunc(stageConsumers, func(c [2]string) bool { return !begun[c] })
}
