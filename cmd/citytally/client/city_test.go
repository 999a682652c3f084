package client

import (
	"context"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// city is the log of a drawn city, on a broker of its own.
type city struct {
	replayer
	since   time.Time // when the catalogue in force came into force
	history *ledger.History
	inputs  map[ledger.Cell][]event.Input // of the totals that were released
}

func startCity(t *rapid.T) *city {
	dir, err := os.MkdirTemp("", "agreement-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := natsd.Start(t.Context(), natsd.Config{Dir: dir, Port: -1, SyncInterval: natsd.SyncInterval(time.Minute)}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	nc, err := nats.Connect("", server.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	return &city{replayer: replayer{log: log, location: time.UTC}, inputs: map[ledger.Cell][]event.Input{}}
}

// open reads the city's catalogues.
func (r *city) open(t *rapid.T) {
	var err error
	if r.editions, err = edition.History(t.Context(), r.log); err != nil {
		t.Fatal(err)
	}
}

// adopt puts a catalogue in force.
func (r *city) adopt(t *rapid.T, c *catalogue.Catalogue) {
	r.open(t)
	_, err := r.editions.Adopt(t.Context(), r.log, c, "drawn", event.Person{Name: "tester"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r.since = time.Now()
}

// accept publishes messages as the validator and the stage that decides about held figures do.
func (r *city) accept(t *rapid.T, batches []event.AcceptedBatch) {
	if len(batches) == 0 {
		return
	}
	messages := make([]stream.Message, len(batches))
	for i := range batches {
		body, err := event.EncodeAccepted(&batches[i])
		if err != nil {
			t.Fatal(err)
		}
		messages[i] = stream.Message{Subject: edition.Subject, Body: body}
		if len(batches[i].Decisions) == 0 {
			s := &batches[i].Submissions[0]
			messages[i].Subject = "accepted." + s.Area + "." + s.Dataset
		}
	}
	if _, err := r.log.Publish(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
}

// tally runs the stage that publishes totals until it has published those of the whole log.
// The first catalogue is that of the log's beginning.
func (r *city) tally(t *rapid.T, first *catalogue.Catalogue) {
	l, replayed := ledger.New(first), make(chan struct{})
	stop := run(t, func(ctx context.Context) error {
		return l.Follow(ctx, r.log, zerolog.Nop(), func() { close(replayed) })
	})
	defer stop()
	<-replayed
	metrics := tally.NewMetrics(nil)
	worker := tally.NewWorker(r.log, l, tally.NewPublisher(r.log, time.Now, metrics), 5*time.Second, zerolog.Nop(), time.Now, metrics, nil)
	defer run(t, worker.Run)()
	r.await(t, stream.Accepted, tally.Consumer)
}

// release makes a release of each period that has totals.
func (r *city) release(t *rapid.T) {
	var err error
	r.history, err = r.begin(t.Context(), ledger.Moment{}, ledger.Moment{}, func(*event.AcceptedSubmission, ledger.Cell) bool { return true }, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := r.history.Ledger.Catalogue()
	var ofStocks []string
	for _, year := range []string{"2014", "2015", "2016", "2017"} {
		ofStocks = append(ofStocks, year+"-S2", year+"-Q4", year+"-12", year+"-YTD12")
	}
	for _, code := range periods(ofStocks) {
		totals := tally.OfPeriod(c, r.history.Ledger, period(t, code))
		if len(totals) == 0 {
			continue
		}
		request := answer.ReleaseRequest{Name: releaseName(code), Period: period(t, code), Force: true}
		for _, u := range unreported(c, request.Period, totals) {
			request.Absent = append(request.Absent, u.Indicator)
		}
		release, _, err := answer.CreateRelease(t.Context(), r.log, c, r.history, request, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for i := range release.Totals {
			if r.inputs[ledger.Cell{Indicator: release.Totals[i].Indicator, Period: request.Period}], err = release.Totals[i].Inputs.All(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// empty has a store show nothing.
func empty(t *rapid.T, store *sink.Store) {
	for _, table := range rowsOf(t, store, "SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_data')", false) {
		rowsOf(t, store, "TRUNCATE TABLE "+table, true)
	}
}

// show has a store show what has been added to the city's log.
func (r *city) show(t *rapid.T, store *sink.Store, config sink.Config, c *catalogue.Catalogue) {
	if err := store.SyncCatalogue(t.Context(), c, r.since); err != nil {
		t.Fatal(err)
	}
	workers, err := sink.NewWorkers(r.log, store, config, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, workers.Run)()
	r.await(t, stream.Accepted, sink.AcceptedConsumer)
	r.await(t, stream.Totals, sink.TotalsConsumer)
	r.await(t, stream.Releases, sink.ReleasesConsumer)
}

// await returns when a durable consumer, which its worker creates, has done with a stream.
func (r *city) await(t *rapid.T, name, consumer string) {
	last, err := r.log.LastSequence(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		position, err := r.log.Position(t.Context(), name, consumer)
		if err == nil && position.AckFloor >= last {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute %s has done %+v of %d, %v", consumer, position, last, err)
		}
	}
}

// run runs a worker until the returned function is called.
func run(t *rapid.T, worker func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
