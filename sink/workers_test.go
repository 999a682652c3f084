package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

func one(t testing.TB, area string, sequence uint64) stream.Message {
	return acceptedMessage(t, submission(area, sequence, event.AcceptedObservation{
		Indicator: "i", Period: period(t, "2021"), Value: catalogue.Value{Coefficient: int64(sequence)}, Stage: catalogue.Final, Status: catalogue.Normal,
	}))
}

func TestWorkersStoreAllStreams(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	accepted, verdicts, totals := everything(t)
	stop := runWorkers(t, log, s, testConfig())
	publish(t, log, verdicts...)
	for _, name := range []string{"公报", "flash"} {
		if err := log.PublishRelease(t.Context(), release(name)); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, log, s, publish(t, log, accepted...), publish(t, log, totals...))
	within(t, "verdicts stored", func() bool { return query(t, s, "SELECT count() AS n FROM submissions") == "n\n2\n" })
	within(t, "releases stored", func() bool { return query(t, s, "SELECT count() AS n FROM releases") == "n\n4\n" })
	stop()
	counts, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{"submissions": 2, "findings": 2, "observations": 4, "observations_latest": 3, "entities": 0, "totals": 2, "totals_latest": 2, "runs": 2, "releases": 4, "areas": 0, "indicators": 0, "datasets": 0}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("counts %v, want %v", counts, want)
	}
	at, err := s.LastComputed(t.Context())
	if err != nil || !at.Equal(receivedAt) {
		t.Errorf("last computed %v, %v, want %v", at, err, receivedAt)
	}
}

// within waits for a condition for which there is no event to wait on.
func within(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not within 30s: " + what)
		}
	}
}

// When only one message at a time is delivered, the parts of a flush never come together;
// they are inserted together all the same.
func TestFlushGoesInWhole(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	config := testConfig()
	config.BatchMessages, config.BatchRows = 1, 1
	const parts = 3
	var messages []stream.Message
	for part := 1; part <= parts; part++ {
		messages = append(messages, totalsMessage(t, event.TotalsBatch{Basis: 5, Part: part, Parts: parts, Period: fmt.Sprint(2018 + part),
			Totals: []event.Total{{Indicator: "i", Value: fmt.Sprint(part)}}}))
	}
	last := publish(t, log, messages...)
	runWorkers(t, log, s, config)
	// The first acknowledgement comes after the first insert.
	settle(t, log, s, 0, 1)
	if got := query(t, s, "SELECT count() AS n, uniqExact(_part) AS inserts FROM totals_data WHERE sequence <= 3 GROUP BY _part LIMIT 1"); got != "n,inserts\n3,1\n" {
		t.Errorf("first insert: %s", got)
	}
	settle(t, log, s, 0, last)
	if got := query(t, s, "SELECT period, value FROM totals ORDER BY period"); got != "period,value\n2019,1\n2020,2\n2021,3\n" {
		t.Errorf("totals: %s", got)
	}
}

// Readers that query without pause never see a part of a flush alone.
func TestReadersNeverSeeHalfAFlush(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	config := testConfig()
	config.BatchRows = 1
	runWorkers(t, log, s, config)
	flushAt := func(basis uint64) uint64 {
		var messages []stream.Message
		for part := 1; part <= 4; part++ {
			messages = append(messages, totalsMessage(t, event.TotalsBatch{Basis: basis, Part: part, Parts: 4, Period: fmt.Sprint(2017 + part),
				Totals: []event.Total{{Indicator: "i", Value: fmt.Sprint(basis)}}}))
		}
		return publish(t, log, messages...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	readers.Go(func() {
		for ctx.Err() == nil {
			var n uint64
			err := s.conn.QueryRow(context.WithoutCancel(ctx), "SELECT uniqExact(basis) FROM totals_latest").Scan(&n)
			if err != nil || n > 1 {
				t.Errorf("totals of %d bases at once, %v", n, err)
				return
			}
		}
	})
	var last uint64
	for basis := range uint64(25) {
		last = flushAt(basis + 1)
	}
	settle(t, log, s, 0, last)
	cancel()
	readers.Wait()
	if got := query(t, s, "SELECT DISTINCT value FROM totals_latest"); got != "value\n25\n" {
		t.Errorf("latest: %s", got)
	}
}

func TestFlushWhoseRestIsGoneIsShownWithoutIt(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	last := publish(t, log, totalsMessage(t, event.TotalsBatch{Basis: 5, Part: 3, Parts: 4, Period: "2021", Totals: []event.Total{{Indicator: "i", Value: "1"}}}),
		totalsMessage(t, event.TotalsBatch{Basis: 6, Part: 1, Parts: 2, Period: "2021", Totals: []event.Total{{Indicator: "j", Value: "2"}}}))
	runWorkers(t, log, s, testConfig())
	settle(t, log, s, 0, last)
	if got := query(t, s, "SELECT indicator FROM totals ORDER BY indicator"); got != "indicator\ni\nj\n" {
		t.Errorf("totals: %s", got)
	}
}

// Parts of flushes that come again without the others, as after many redeliveries, do not
// let an insert grow without bound.
func TestPartsPassedOverBoundTheInsert(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	total := func(part, parts int, indicator string) stream.Message {
		return totalsMessage(t, event.TotalsBatch{Basis: 1, Part: part, Parts: parts, Period: "2021", Totals: []event.Total{{Indicator: indicator, Value: "1"}}})
	}
	// The first message is no part of the second one's flush.
	messages := []stream.Message{total(1, 1, "alone"), total(2, 2, "rest")}
	const others = 50
	for i := range others {
		messages = append(messages, total(1, 1, fmt.Sprintf("i%02d", i)))
	}
	last := publish(t, log, messages...)
	config := testConfig()
	config.BatchRows = 5
	registry := prometheus.NewRegistry()
	runWorkers(t, log, s, config, WithMetrics(NewMetrics(registry)))
	settle(t, log, s, 0, last)
	if got := query(t, s, "SELECT count() AS n FROM totals_latest"); got != fmt.Sprintf("n\n%d\n", others+2) {
		t.Errorf("totals: %s", got)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "citytally_sink_batch_rows" && m.GetLabel()[0].GetValue() == stream.Totals {
				if inserts := m.GetHistogram().GetSampleCount(); inserts < others/5 {
					t.Errorf("%d totals went in with %d inserts, want at most 5 in each", others+2, inserts)
				}
				return
			}
		}
	}
	t.Error("no insert was counted")
}

func TestStopFinishesWhatIsInHand(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	config := testConfig()
	config.BatchRows = 1 // an insert for each message
	const n = 60
	var messages []stream.Message
	for i := range n {
		messages = append(messages, one(t, fmt.Sprintf("a%02d", i), uint64(i+1)))
	}
	last := publish(t, log, messages...)
	stop := runWorkers(t, log, s, config)
	within(t, "something stored", func() bool { return query(t, s, "SELECT count() > 0 AS some FROM observations") == "some\n1\n" })
	stop()
	// Acknowledged messages are stored; a new worker receives the others at once.
	position, err := log.Position(t.Context(), stream.Accepted, AcceptedConsumer)
	if err != nil {
		t.Fatal(err)
	}
	stored := query(t, s, fmt.Sprintf("SELECT count() >= %d AS kept FROM observations", position.AckFloor))
	if stored != "kept\n1\n" {
		t.Errorf("acknowledged up to %d, stored %s", position.AckFloor, query(t, s, "SELECT count() FROM observations"))
	}
	runWorkers(t, log, s, config)
	settle(t, log, s, last, 0)
	if got := query(t, s, "SELECT count() AS n FROM observations"); got != fmt.Sprintf("n\n%d\n", n) {
		t.Errorf("stored %s", got)
	}
}

// lockedBuffer is a log that a test can read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func TestOutageIsWaitedOut(t *testing.T) {
	t.Parallel()
	server := chdbtest.Start(t)
	log := newLog(t)
	s := openStore(t, server.DSN(chdbtest.User), "")
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lines lockedBuffer
	s.logger = zerolog.New(&lines)
	config := testConfig()
	config.BatchRows = 50
	runWorkers(t, log, s, config)

	const messages = 300
	var last uint64
	for i := range messages {
		last = publish(t, log, one(t, fmt.Sprintf("a%03d", i), uint64(i+1)))
		if i == 100 {
			if err := syscall.Kill(server.PID(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	settle(t, log, s, last, 0)
	within(t, "everything readable", func() bool {
		var n uint64
		err := s.conn.QueryRow(t.Context(), "SELECT count() FROM observations").Scan(&n)
		return err == nil && n == messages
	})
	if dead, err := log.LastSequence(t.Context(), stream.Dead); err != nil || dead != 0 {
		t.Errorf("an outage sent %d messages to DEAD, %v", dead, err)
	}
	if paused, back := lines.count("waiting to try again"), lines.count("recovered"); paused == 0 || back == 0 {
		t.Errorf("%d lines on the outage, %d on its end:\n%s", paused, back, lines.b.String())
	}
}

// When a table was dropped, the sink says so once, and goes on when the table is there
// again.
func TestSetUpErrorPausesWithOneLine(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	if err := s.conn.Exec(t.Context(), "RENAME TABLE observations_data TO gone"); err != nil {
		t.Fatal(err)
	}
	var lines lockedBuffer
	s.logger = zerolog.New(&lines).Level(zerolog.DebugLevel)
	runWorkers(t, log, s, testConfig())
	last := publish(t, log, one(t, "a", 1))
	within(t, "the sink says that it waits", func() bool { return lines.count("waiting to try again") > 0 })
	// There were several attempts, and one line.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := (&Projection{Store: s, Log: log}).Settle(ctx, last, 0); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "up to 0 of 1") {
		t.Errorf("settled with %v", err)
	}
	if n := lines.count("waiting to try again"); n != 1 || lines.count("citytally replay --into clickhouse") != 1 {
		t.Errorf("%d lines:\n%s", n, lines.b.String())
	}
	if err := s.conn.Exec(t.Context(), "RENAME TABLE gone TO observations_data"); err != nil {
		t.Fatal(err)
	}
	settle(t, log, s, last, 0)
	within(t, "one line on the end", func() bool { return lines.count("recovered") == 1 })
}

func TestStopDuringAnOutage(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	if err := s.conn.Exec(t.Context(), "RENAME TABLE observations_data TO gone"); err != nil {
		t.Fatal(err)
	}
	var lines lockedBuffer
	s.logger = zerolog.New(&lines)
	stop := runWorkers(t, log, s, testConfig())
	last := publish(t, log, one(t, "a", 1))
	within(t, "the sink waits", func() bool { return lines.count("waiting to try again") > 0 })
	stop()
	if err := s.conn.Exec(t.Context(), "RENAME TABLE gone TO observations_data"); err != nil {
		t.Fatal(err)
	}
	runWorkers(t, log, s, testConfig())
	settle(t, log, s, last, 0)
	if got := query(t, s, "SELECT area FROM observations"); got != "area\na\n" {
		t.Errorf("stored %s", got)
	}
}
