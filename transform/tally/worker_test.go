package tally

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// startWorker runs a ledger and a tally worker until stop is called.
func startWorker(t *testing.T, log *stream.Log, c *catalogue.Catalogue) (stop func()) {
	t.Helper()
	l, replayed := ledger.New(c), make(chan struct{})
	stopLedger := fixture.Run(t, func(ctx context.Context) error {
		return l.Follow(ctx, log, fixture.Logger(t), func() { close(replayed) })
	})
	<-replayed
	metrics := NewMetrics(nil)
	worker := NewWorker(log, l, NewPublisher(log, time.Now, metrics), 5*time.Second, fixture.Logger(t), time.Now, metrics, nil)
	stopWorker := fixture.Run(t, worker.Run)
	return func() { stopWorker(); stopLedger() }
}

// While a backlog is worked off, the ledger is far ahead of the tally worker. The totals
// shown after any flush agree with each other all the same, after a restart too: a
// change with its base, a ratio with its parts.
func TestFlushesAgreeWithThemselves(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	var messages []stream.Message
	n := 0
	add := func(count int, year string) {
		for range count {
			n++
			body, err := event.EncodeAccepted(fixture.Accepted(uint64(n), []string{"901", "902", "903", "906"}[n%4],
				fixture.AcceptedFigure("gdp", fixture.Period(year), int64(1000+n*n)), fixture.AcceptedFigure("rd", fixture.Period(year), int64(n))))
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, stream.Message{Subject: "accepted.901.annual", Body: body})
		}
	}
	publishAndTally := func() {
		t.Helper()
		published, err := log.Publish(t.Context(), messages...)
		if err != nil {
			t.Fatal(err)
		}
		defer startWorker(t, log, c)()
		deadline := time.Now().Add(30 * time.Second)
		for {
			position, err := log.Position(t.Context(), stream.Accepted, Consumer) // which the stage creates
			if err == nil && position.AckFloor >= published[len(published)-1].Sequence {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("after 30s the tally is at %+v, %v", position, err)
			}
		}
		messages = nil
	}
	add(4, "2019")
	add(4, "2020")
	publishAndTally()
	// The worker's first batch has no message of 2020, whose totals the ledger changes.
	add(batchMessages+100, "2021")
	add(batchMessages+100, "2020")
	publishAndTally()

	shown, flushes := map[ledger.Cell]event.Total{}, 0
	end := errors.New("end")
	last, err := log.LastSequence(t.Context(), stream.Totals)
	if err != nil {
		t.Fatal(err)
	}
	err = log.Follow(t.Context(), stream.FollowConfig{Stream: stream.Totals}, func(d stream.Delivery) error {
		batch, err := event.DecodeTotals(d.Body)
		if err != nil {
			return err
		}
		for _, total := range batch.Totals {
			shown[ledger.Cell{Indicator: total.Indicator, Period: fixture.Period(batch.Period)}] = total
		}
		if batch.Part == batch.Parts {
			flushes++
			disagreements(t, shown, d.Sequence)
		}
		if d.Sequence == last {
			return end
		}
		return nil
	}, func() {})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
	if gdp := shown[ledger.Cell{Indicator: "gdp", Period: fixture.Period("2020")}]; flushes == 0 || len(gdp.Missing) > 0 || gdp.Change == "" {
		t.Errorf("after %d flushes: %+v", flushes, gdp)
	}
}

// disagreements reports totals that do not follow from the others shown.
func disagreements(t *testing.T, shown map[ledger.Cell]event.Total, sequence uint64) {
	t.Helper()
	number := func(cell ledger.Cell) decimal.Decimal {
		d, err := decimal.NewFromString(shown[cell].Value)
		if err != nil {
			t.Fatalf("after %d: %v has the value %q", sequence, cell, shown[cell].Value)
		}
		return d
	}
	for cell, total := range shown {
		base := ledger.Cell{Indicator: cell.Indicator, Period: fixture.Period(fmt.Sprint(cell.Period.Year - 1))}
		if cell.Indicator == "gdp" && total.ChangeAbsolute != "" && !number(cell).Sub(number(base)).Equal(decimal.RequireFromString(total.ChangeAbsolute)) {
			t.Errorf("after %d: %v is %s and changed by %s, but %v is %s", sequence, cell, total.Value, total.ChangeAbsolute, base, shown[base].Value)
		}
		if cell.Indicator == "rd_intensity" && total.Value != "" {
			want := catalogue.Quotient(number(ledger.Cell{Indicator: "rd", Period: cell.Period}).Shift(2), number(ledger.Cell{Indicator: "gdp", Period: cell.Period}))
			if !want.Equal(number(cell)) {
				t.Errorf("after %d: %v is %s, want %s", sequence, cell, total.Value, want)
			}
		}
	}
}

// Totals of related indicators are published in one flush; flushes and messages are
// bounded otherwise.
func TestFlushesHoldWholeGroups(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	publisher := NewPublisher(log, time.Now, NewMetrics(nil))
	inputs := event.Inputs(strings.Repeat("x", flushBytes/16))
	var totals []PeriodTotal
	for year := int16(2001); year <= 2008; year++ {
		for i := range c.Indicators {
			totals = append(totals, PeriodTotal{catalogue.Period{Year: year, Kind: catalogue.Year}, event.Total{Indicator: c.Indicators[i].ID, Inputs: inputs}})
		}
	}
	if err := publisher.Publish(t.Context(), c, 7, totals, event.ByManual); err != nil {
		t.Fatal(err)
	}
	last, err := log.LastSequence(t.Context(), stream.Totals)
	if err != nil {
		t.Fatal(err)
	}
	// The flush that each indicator is in, by the sequence at which the flush begins.
	at, n, flushes := map[string]uint64{}, 0, map[uint64]bool{}
	for sequence := uint64(1); sequence <= last; sequence++ {
		m, err := log.Get(t.Context(), stream.Totals, sequence)
		if err != nil {
			t.Fatal(err)
		}
		batch, err := event.DecodeTotals(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Totals) > 1 && len(m.Data) > messageBytes {
			t.Errorf("message %d has %d totals in %d bytes", sequence, len(batch.Totals), len(m.Data))
		}
		first := sequence - uint64(batch.Part) + 1
		flushes[first] = true
		for _, total := range batch.Totals {
			n++
			if before, ok := at[total.Indicator]; ok && before != first {
				t.Fatalf("%s is in flush %d and in flush %d", total.Indicator, before, first)
			}
			at[total.Indicator] = first
		}
	}
	if n != len(totals) {
		t.Errorf("%d of %d totals", n, len(totals))
	}
	if at["rd"] != at["rd_intensity"] || at["gdp"] != at["rd_intensity"] {
		t.Errorf("the parts of a ratio are apart: %v", at)
	}
	if len(flushes) < 2 {
		t.Errorf("all in one flush: %v", at)
	}
}

// A broker that refuses the tally a reader, here for want of room for a third consumer, is
// waited out: nothing is acknowledged before its totals are published.
func TestARefusedReaderIsWaitedOut(t *testing.T) {
	broker := natsdtest.Start(t)
	nc, err := nats.Connect("", broker.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "ACCEPTED", Subjects: []string{"accepted.*.*", "accepted.decisions"}, MaxConsumers: 2, DenyDelete: true, DenyPurge: true, AllowAtomicPublish: true, AllowDirect: true}); err != nil {
		t.Fatal(err)
	}
	for name, subjects := range map[string][]string{"TOTALS": {"totals.*", "runs.*"}, "DEAD": {"dead.*"}} {
		if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: subjects, AllowAtomicPublish: true, AllowDirect: true}); err != nil {
			t.Fatal(err)
		}
	}
	log, err := stream.Attach(nc, fixture.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	c := fixture.Catalogue(t)
	var messages []stream.Message
	for n := 1; n <= 20; n++ {
		body, err := event.EncodeAccepted(fixture.Accepted(uint64(n), "901", fixture.AcceptedFigure("gdp", fixture.Period("2021"), int64(1000+n))))
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, stream.Message{Subject: "accepted.901.annual", Body: body})
	}
	if _, err := log.Publish(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
	stop := startWorker(t, log, c)
	defer stop()
	if stuck := fixture.Stuck(t, log, "maximum consumers limit reached"); stuck.Stage != "tally" {
		t.Errorf("stuck: %s", stuck)
	}
	position, err := log.Position(t.Context(), stream.Accepted, Consumer)
	if err != nil || position.AckFloor != 0 {
		t.Errorf("position = %+v, %v; want nothing acknowledged", position, err)
	}
	if letters, err := log.Letters(t.Context()); err != nil || len(letters) != 0 {
		t.Errorf("letters = %+v, %v", letters, err)
	}
}
