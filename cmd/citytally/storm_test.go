package main

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/tally"
)

// Every message of every stream is delivered to its stage again, more than once,
// as if the broker had forgotten all acknowledgements. No answer changes, and no
// figure, verdict or total is there twice.
func TestRedeliveryStorm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir)
	for round := range 3 {
		for i, area := range []string{"320803", "320804", "320812", "320813"} {
			must(t, "submit", "--dir", dir, "--wait", "0", "--area", area, "--dataset", "sti-annual",
				csvFile(t, fmt.Sprintf("indicator,period,value\ngdp,2020,%d\ngdp,2021,%d\nrd_expenditure,2021,%d\nnonsense,2021,1\n", 500+round, 600+round*i, 9+i)))
		}
	}
	settled(t, attach(t, dir))
	before := answers(t, dir)
	p.stop(t, syscall.SIGTERM)
	for storm := range 2 {
		forgetAcknowledgements(t, filepath.Join(dir, "nats"))
		p = startRun(t, dir)
		log := attach(t, dir)
		settled(t, log)
		if diff := cmp.Diff(before, answers(t, dir)); diff != "" {
			t.Errorf("after storm %d (-before +after):\n%.3000s", storm+1, diff)
		}
		if last, err := log.LastSequence(t.Context(), stream.Dead); err != nil || last != 0 {
			t.Errorf("%d messages in DEAD (%v), want none", last, err)
		}
		p.stop(t, syscall.SIGTERM)
	}
}

// answers is what the views show, but for when and how often a total was
// computed.
func answers(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := projection(t, dir)
	delete(all, "totals")
	all["totals_latest"] = must(t, "sql", "--dir", dir, "--format", "csv",
		"SELECT * EXCEPT (basis, trigger, computed_at, sequence) FROM totals_latest ORDER BY indicator, period")
	all["totals shown twice"] = must(t, "sql", "--dir", dir, "--format", "csv", "SELECT count() - uniqExact(indicator, period, basis, sequence) AS n FROM totals")
	return all
}

// stageConsumers are the stages' places: streams, and names of their consumers.
var stageConsumers = [][2]string{
	{stream.Submissions, judge.Consumer}, {stream.Accepted, tally.Consumer}, {stream.Accepted, sink.AcceptedConsumer},
	{stream.Verdicts, sink.VerdictsConsumer}, {stream.Totals, sink.TotalsConsumer}, {stream.Releases, sink.ReleasesConsumer},
}

// forgetAcknowledgements deletes, in a broker that rests, the record of what its
// readers have acknowledged.
func forgetAcknowledgements(t testing.TB, dir string) {
	t.Helper()
	nc, rest := wakeBroker(t, dir)
	defer rest()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for _, consumer := range stageConsumers {
		if err := js.DeleteConsumer(t.Context(), consumer[0], consumer[1]); err != nil {
			t.Fatalf("%v: %v", consumer, err)
		}
	}
}

// wakeBroker runs the broker of a pipeline that rests, alone, until rest is called.
func wakeBroker(t testing.TB, dir string) (nc *nats.Conn, rest func()) {
	t.Helper()
	broker, err := natsd.Start(t.Context(), natsd.Config{Dir: dir, Port: natsd.NoPort, Account: access.Core,
		Access: "accounts { " + access.Core + " { jetstream: enabled, users: [{user: test, password: test}] } }"}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	nc, err = nats.Connect("", broker.InProcess(), nats.UserInfo("test", "test"))
	if err != nil {
		t.Fatal(err)
	}
	return nc, func() {
		nc.Close()
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	}
}
