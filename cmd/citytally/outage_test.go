package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/bench"
	"github.com/citytally/citytally/cmd/citytally/bench/load"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb/libchdb"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/tally"
)

var outageFigures = flag.Int("figures", 60_000, "how many figures TestOutage has accepted while ClickHouse is away")

// sinkMemory is the most memory that a backlog of any length may cost the sink.
const sinkMemory = 1024 // MiB

// ClickHouse is killed and stays away while areas report, and revise what they
// reported. Everything is judged and tallied meanwhile and waits in the log; the
// sink says so once and its memory stays bounded. When ClickHouse is back the
// backlog drains by itself, readers who look all the while see a total and the
// change that follows from it together or not at all, nothing is in DEAD, and in
// the end every figure and total is exact.
//
//	go test ./cmd/citytally -run Outage -figures 3000000 -timeout 30m -v
func TestOutage(t *testing.T) {
	t.Parallel()
	o := newOutage(t, *outageFigures)
	for _, r := range o.roles {
		r.want(true)
	}
	o.consumers()
	o.engine.want(false)
	eventually(t, "ClickHouse is away", func() bool { return o.engine.pid() == 0 })
	began := time.Now()
	o.publish()
	o.waitFor("the backlog is judged and tallied", [][2]string{{stream.Submissions, judge.Consumer}, {stream.Accepted, tally.Consumer}})
	t.Logf("%d figures judged and tallied in %s; waiting: %d messages of ACCEPTED, %d of TOTALS", o.figures(), time.Since(began).Round(time.Millisecond),
		o.waiting(stream.Accepted, sink.AcceptedConsumer), o.waiting(stream.Totals, sink.TotalsConsumer))
	if o.waiting(stream.Accepted, sink.AcceptedConsumer) == 0 {
		t.Error("nothing waits for a ClickHouse that is away")
	}
	o.memory("while ClickHouse was away")
	if n := o.said(o.sink, "waiting to try again"); n < 1 || n > 3 {
		t.Errorf("%d lines say that the sink waits, want one for each stream", n)
	}

	began = time.Now()
	o.engine.want(true)
	looked, stop := o.look()
	o.waitFor("the backlog is in ClickHouse", [][2]string{
		{stream.Accepted, sink.AcceptedConsumer}, {stream.Verdicts, sink.VerdictsConsumer}, {stream.Totals, sink.TotalsConsumer}})
	t.Logf("drained in %s", time.Since(began).Round(time.Millisecond))
	stop()
	if looks := <-looked; looks == 0 {
		t.Error("nobody looked while the backlog drained")
	} else {
		t.Logf("%d looks at totals_latest", looks)
	}
	o.memory("after all")
	o.compare()
	if last, err := o.log.LastSequence(t.Context(), stream.Dead); err != nil || last != 0 {
		t.Errorf("%d messages in DEAD (%v), want none", last, err)
	}
	if n := o.said(o.sink, "recovered"); n < 1 || n > 3 {
		t.Errorf("%d lines say that the sink goes on, want one for each stream", n)
	}
}

// The pipeline starts while its ClickHouse is away: districts push and have their
// verdicts, and the rows follow when there is one.
func TestRunStartsWithoutClickHouse(t *testing.T) {
	t.Parallel()
	library, err := libchdb.Fetch(t.Context(), libchdb.Config{Progress: libchdb.PrintProgress(os.Stderr)})
	if err != nil {
		t.Fatal(err)
	}
	dir, port := t.TempDir(), strconv.Itoa(freePort(t))
	p := start(t, []string{"CITYTALLY_CLICKHOUSE_DSN=clickhouse://default@127.0.0.1:" + port + "/citytally", "CITYTALLY_SINK_RETRY_TO=500ms"},
		append([]string{"run"}, anyPorts(dir)...)...)
	eventually(t, "the pipeline serves", func() bool { _, err := app.FindInstance(dir); return err == nil })
	out := must(t, "submit", "--dir", dir, "--area", "320812", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2021,600\n"))
	if !strings.Contains(out, "accepted, 1 of 1 rows") {
		t.Errorf("submit says %s", out)
	}
	if ready, parts := readiness(t, dir); ready || parts["clickhouse"].Ready || parts[app.StageSink].Ready || !parts["gateway"].Ready || !parts["tally"].Ready {
		t.Errorf("without ClickHouse: ready %v, %+v", ready, parts)
	}
	newRole(t, t.TempDir(), "clickhouse", roleClickHouse, nil, filepath.Join(dir, "elsewhere"), port, library).want(true)
	eventually(t, "the row is there", func() bool {
		code, out, _ := citytally(t, "sql", "--dir", dir, "--format", "csv", "SELECT count() FROM observations")
		return code == 0 && strings.HasSuffix(out, "\n1\n")
	})
	eventually(t, "everything is ready", func() bool { ready, _ := readiness(t, dir); return ready })
	p.stop(t, syscall.SIGTERM)
	if n := strings.Count(p.output.String(), "waiting to try again"); n != 1 {
		t.Errorf("%d lines say that it is waited for, want 1:\n%s", n, p.output)
	}
}

// outage is the stages, each a process, and what areas report to them.
type outage struct {
	t                       *testing.T
	dir, dsn                string
	roles                   []*role
	engine, transform, sink *role
	log                     *stream.Log
	datasets, vintages      int
}

// outageYears are reported: a revision of one year changes the totals of the next.
const outageYears = 4

func newOutage(t *testing.T, figures int) *outage {
	dir := t.ArtifactDir()
	library, err := libchdb.Fetch(t.Context(), libchdb.Config{Progress: libchdb.PrintProgress(os.Stderr)})
	if err != nil {
		t.Fatal(err)
	}
	o := &outage{t: t, dir: dir, datasets: min(max(figures/24_000, 2), load.Datasets)}
	o.vintages = max(2, figures/(load.Figures*load.Areas*outageYears*o.datasets))
	brokerPort, clickhousePort := strconv.Itoa(freePort(t)), strconv.Itoa(freePort(t))
	url := "nats://127.0.0.1:" + brokerPort
	o.dsn = "clickhouse://default@127.0.0.1:" + clickhousePort + "/citytally"
	catalogue, err := load.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	settings, catalogueFile := filepath.Join(dir, "citytally.yaml"), filepath.Join(dir, "catalogue.yaml")
	for name, text := range map[string]string{
		catalogueFile: string(catalogue),
		// However few the figures are, there are some inserts to come in the middle of.
		settings: fmt.Sprintf("catalogue: %q\nrules: none\nlog: {level: info}\noperations: {address: \"\"}\nnats: {url: %q}\nclickhouse: {dsn: %q}\nsink: {batch_rows: %d, retry_to: 500ms}\n",
			catalogueFile, url, o.dsn, min(figures/3, sink.DefaultConfig().BatchRows)),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	add := func(name, kind string, args ...string) *role {
		r := newRole(t, dir, name, kind, nil, args...)
		o.roles = append(o.roles, r)
		return r
	}
	add("broker", roleBroker, filepath.Join(dir, "nats"), brokerPort)
	o.engine = add("clickhouse", roleClickHouse, filepath.Join(dir, "clickhouse"), clickhousePort, library)
	o.transform = add("transform", "the program", "run", "--config", settings, "--dir", filepath.Join(dir, "transform"), "--only", app.StageTransform)
	o.sink = add("sink", "the program", "run", "--config", settings, "--dir", filepath.Join(dir, "sink"), "--only", app.StageSink)
	nc, err := app.ConnectBroker(&configs.Settings{}, url, zerolog.Nop(), nats.RetryOnFailedConnect(true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if o.log, err = stream.Attach(nc, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *outage) figures() int { return o.vintages * o.perVintage() * load.Figures }

func (o *outage) perVintage() int { return load.Areas * o.datasets * outageYears }

// submission is the n-th of a vintage: each area's report of each dataset, year
// after year.
func (o *outage) submission(vintage, n int) event.Submission {
	year, rest := n/(load.Areas*o.datasets), n%(load.Areas*o.datasets)
	return load.Set{Seed: uint64(vintage)}.Submission(year*load.Areas*load.Datasets + rest)
}

func (o *outage) publish() {
	o.t.Helper()
	const publishChunk = 1000
	var messages []stream.Message
	for vintage := range o.vintages {
		for n := range o.perVintage() {
			s := o.submission(vintage, n)
			body, err := json.Marshal(&s)
			if err != nil {
				o.t.Fatal(err)
			}
			messages = append(messages, stream.Message{Subject: "submissions." + s.Area + "." + s.Dataset, Body: body})
			if len(messages) == publishChunk || n == o.perVintage()-1 {
				if _, err := o.log.Publish(o.t.Context(), messages...); err != nil {
					o.t.Fatal(err)
				}
				messages = messages[:0]
			}
		}
	}
}

// consumers returns when every stage is at work.
func (o *outage) consumers() {
	o.waitFor("the stages are at work", [][2]string{{stream.Submissions, judge.Consumer}, {stream.Accepted, tally.Consumer},
		{stream.Accepted, sink.AcceptedConsumer}, {stream.Verdicts, sink.VerdictsConsumer}, {stream.Totals, sink.TotalsConsumer}})
}

// waitFor returns when the consumers have nothing left to do, however large the
// backlog is, as long as it shrinks.
func (o *outage) waitFor(what string, consumers [][2]string) {
	o.t.Helper()
	least, since := -1, time.Now()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for ; ; <-again.C {
		left := 0
		for _, c := range consumers {
			left += o.waiting(c[0], c[1])
		}
		switch {
		case left == 0:
			return
		case least < 0 || left < least:
			least, since = left, time.Now()
		case time.Since(since) > time.Minute:
			o.t.Fatalf("not, and no step nearer for a minute: %s; %d messages wait", what, left)
		}
	}
}

// waiting is how many messages a consumer has yet to deal with; very many where
// there is no consumer.
func (o *outage) waiting(of, consumer string) int {
	position, err := o.log.Position(o.t.Context(), of, consumer)
	last, err2 := o.log.LastSequence(o.t.Context(), of)
	if errors.Join(err, err2) != nil {
		return 1 << 40
	}
	return int(last - position.AckFloor)
}

// memory logs the peak memory of the processes and compares the sink's with its
// bound.
func (o *outage) memory(when string) {
	o.t.Helper()
	for _, r := range o.roles {
		if _, peak, ok := bench.ResidentMemory(r.pid()); ok {
			o.t.Logf("%s: %s took %.0f MiB at the most", when, r.name, peak)
			if r == o.sink && peak > sinkMemory {
				o.t.Errorf("%s: the sink took %.0f MiB, want at most %d", when, peak, sinkMemory)
			}
		}
	}
}

// said counts the lines of a role that hold the text.
func (o *outage) said(r *role, text string) int {
	o.t.Helper()
	log, err := os.ReadFile(r.output.Name())
	if err != nil {
		o.t.Fatal(err)
	}
	return strings.Count(string(log), text)
}

// tornTotals selects totals whose change does not follow from the totals shown beside
// them.
const tornTotals = `SELECT sum(arrayCount(c -> c.3 IS NOT NULL AND NOT ifNull(c.2 - m[c.1 - 1] = c.3, false), cells)) FROM (
	SELECT groupArray((year, value, change_absolute)) AS cells, mapFromArrays(groupArray(year), groupArray(value)) AS m
	FROM totals_latest WHERE change_kind = 'percent' GROUP BY indicator)`

// look asks for torn totals again and again until it is stopped, and then sends
// how often it did.
func (o *outage) look() (looked <-chan int, stop func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	count := make(chan int, 1)
	go func() {
		looks := 0
		defer func() { count <- looks }()
		store, err := sink.Open(ctx, o.dsn, sink.DefaultConfig(), zerolog.Nop())
		if err != nil {
			return
		}
		defer store.Close()
		for ctx.Err() == nil {
			var answer strings.Builder
			if err := store.Query(ctx, tornTotals, false, &answer, "csv"); err != nil {
				continue
			}
			looks++
			if torn := strings.Fields(answer.String()); torn[len(torn)-1] != "0" {
				o.t.Errorf("look %d: %s totals are shown beside others that they do not follow from", looks, torn[len(torn)-1])
				return
			}
		}
	}()
	return count, cancel
}

// compare holds what ClickHouse shows against what was sent.
func (o *outage) compare() {
	t := o.t
	sums, all, latest := map[string]*big.Int{}, new(big.Int), new(big.Int)
	for vintage := range o.vintages {
		for n := range o.perVintage() {
			s := o.submission(vintage, n)
			for i := range s.Observations {
				row := &s.Observations[i]
				value, ok := new(big.Rat).SetString(string(row.Value))
				if !ok || !value.Mul(value, big.NewRat(100, 1)).IsInt() {
					t.Fatalf("value %s", row.Value)
				}
				hundredths := value.Num()
				all.Add(all, hundredths)
				if vintage == o.vintages-1 {
					key := row.Indicator + "," + row.Period
					if sums[key] == nil {
						sums[key] = new(big.Int)
					}
					sums[key].Add(sums[key], hundredths)
					latest.Add(latest, hundredths)
				}
			}
		}
	}
	ask := func(sql string) []string {
		t.Helper()
		lines := strings.Split(strings.TrimSpace(must(t, "sql", "--dsn", o.dsn, "--dir", o.dir, "--format", "csv", sql)), "\n")
		return lines[1:]
	}
	for _, question := range []struct{ sql, want string }{
		{"SELECT count(), uniqExact(sequence, indicator), toString(toInt128(sum(value) * 100)) FROM observations", fmt.Sprintf("%d,%[1]d,%s", o.figures(), all)},
		{"SELECT count(), toString(toInt128(sum(value) * 100)) FROM observations_latest", fmt.Sprintf("%d,%s", o.figures()/o.vintages, latest)},
		{"SELECT count(), sum(accepted) FROM submissions WHERE outcome = 'accepted'", fmt.Sprintf("%d,%d", o.figures()/load.Figures, o.figures())},
	} {
		if got := ask(question.sql); len(got) != 1 || got[0] != question.want {
			t.Errorf("%s: %s, want %s", question.sql, got, question.want)
		}
	}
	got, want := map[string]string{}, map[string]string{}
	for _, line := range ask("SELECT indicator, period, toString(toInt128(value * 100)) FROM totals_latest WHERE change_kind = 'percent'") {
		at := strings.LastIndexByte(line, ',')
		got[line[:at]] = line[at+1:]
	}
	for key, sum := range sums {
		want[key] = sum.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("totals (-sent +ClickHouse):\n%.2000s", diff)
	}
}
