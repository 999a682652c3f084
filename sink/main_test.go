package sink

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

func TestMain(m *testing.M) {
	chdbtest.BecomeChild()
	chdbtest.RunAtOnce(4)
	goleak.VerifyTestMain(closing{m})
}

// closing closes the shared engine when all tests have run, before leaks are looked for.
type closing struct{ m *testing.M }

func (c closing) Run() int {
	code := c.m.Run()
	if err := engine.close(); err != nil {
		fmt.Fprintln(os.Stderr, "close the engine:", err)
		code = 1
	}
	return code
}

// engine is the ClickHouse that all tests share which do not kill it. Each test has its own
// database.
var engine sharedEngine

type sharedEngine struct {
	once      sync.Once
	server    *chdb.Server
	dir       string
	err       error
	databases atomic.Int64
}

func (e *sharedEngine) start(t testing.TB) *chdb.Server {
	t.Helper()
	e.once.Do(func() {
		if e.dir, e.err = os.MkdirTemp("", "sink-test-"); e.err != nil {
			return
		}
		config := chdbtest.Config(t, chdbtest.Dir(e.dir))
		config.Logger = zerolog.New(os.Stderr).Level(zerolog.ErrorLevel)
		e.server, e.err = chdb.Start(context.Background(), config)
	})
	if e.err != nil {
		t.Fatal(e.err)
	}
	return e.server
}

func (e *sharedEngine) close() error {
	if e.server == nil {
		return nil
	}
	if err := e.server.Close(); err != nil {
		return err
	}
	return os.RemoveAll(e.dir)
}

func testConfig() Config {
	config := DefaultConfig()
	config.RetryFrom, config.RetryTo = 5*time.Millisecond, 50*time.Millisecond
	return config
}

func testLogger(t testing.TB) zerolog.Logger {
	return zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
}

// openStore opens a database that may not exist yet.
func openStore(t testing.TB, dsn, database string) *Store {
	t.Helper()
	config := testConfig()
	config.Database = database
	s, err := Open(t.Context(), dsn, config, testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func freshDatabase() string { return fmt.Sprintf("test_%d", engine.databases.Add(1)) }

// newStore opens a migrated database that only the test uses.
func newStore(t testing.TB) *Store {
	t.Helper()
	s := openStore(t, engine.start(t).DSN(chdbtest.User), freshDatabase())
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func newLog(t testing.TB) *stream.Log {
	t.Helper()
	log, _ := newBroker(t)
	return log
}

// newBroker starts a broker, and returns its log and the connection of that.
func newBroker(t testing.TB) (*stream.Log, *nats.Conn) {
	t.Helper()
	server := natsdtest.Start(t)
	nc, err := nats.Connect("", server.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	return log, nc
}

// runWorkers runs workers until the returned function is called, or the test
// ends.
func runWorkers(t testing.TB, log *stream.Log, s *Store, config Config, options ...Option) (stop func()) {
	t.Helper()
	workers, err := NewWorkers(log, s, config, s.logger, options...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- workers.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error("workers:", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func publish(t testing.TB, log *stream.Log, messages ...stream.Message) uint64 {
	t.Helper()
	published, err := log.Publish(t.Context(), messages...)
	if err != nil {
		t.Fatal(err)
	}
	return published[len(published)-1].Sequence
}

func settle(t testing.TB, log *stream.Log, s *Store, accepted, totals uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := (&Projection{Store: s, Log: log}).Settle(ctx, accepted, totals); err != nil {
		t.Fatal(err)
	}
}

// query returns a query's answer as CSV.
func query(t testing.TB, s *Store, sql string) string {
	t.Helper()
	var b strings.Builder
	if err := s.Query(t.Context(), sql, false, &b, "csv"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var receivedAt = time.Date(2022, 1, 15, 8, 30, 0, 123e6, time.UTC)

func value(t testing.TB, text string) catalogue.Value {
	t.Helper()
	reading, err := catalogue.ParseValue(text)
	if err != nil {
		t.Fatal(err)
	}
	return reading.Value
}

func period(t testing.TB, text string) catalogue.Period {
	t.Helper()
	p, err := catalogue.ParsePeriod(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func submission(area string, sequence uint64, rows ...event.AcceptedObservation) event.AcceptedSubmission {
	s := event.AcceptedSubmission{
		ID: fmt.Sprintf("%032x", sequence), Area: area, Dataset: "sti-annual", Sequence: sequence,
		ReceivedAt: receivedAt.UnixMilli(), Via: "http", By: "district " + area, File: "表.csv",
	}
	for _, row := range rows {
		s.Add(row)
	}
	return s
}

func acceptedMessage(t testing.TB, submissions ...event.AcceptedSubmission) stream.Message {
	t.Helper()
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: submissions})
	if err != nil {
		t.Fatal(err)
	}
	return stream.Message{Subject: "accepted.320812.sti-annual", Body: body}
}

func totalsMessage(t testing.TB, batch event.TotalsBatch) stream.Message {
	t.Helper()
	batch.ComputedAt = receivedAt.UnixMilli()
	if batch.Parts == 0 {
		batch.Part, batch.Parts = 1, 1
	}
	body, err := event.EncodeTotals(&batch)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Message{Subject: "totals." + batch.Period, Body: body}
}

// put stores messages as one block, as a worker would, numbered from sequence.
func put(t testing.TB, s *Store, b block, sequence uint64, messages ...stream.Message) {
	t.Helper()
	for i, m := range messages {
		if err := b.add(&stream.Delivery{Subject: m.Subject, Body: m.Body, Sequence: sequence + uint64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.store(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}
