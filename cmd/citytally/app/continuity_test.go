package app

import (
	"strconv"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// What comes at the start, and when the broker is back, waits for the streams to be compared, and
// nobody has to send it again.
func TestIntakeWaitsForTheComparison(t *testing.T) {
	broker := natsdtest.Start(t)
	back := make(chan struct{}, 1)
	nc, err := nats.Connect(broker.ClientURL(), nats.ReconnectHandler(func(*nats.Conn) { back <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	log.HoldIntake(newContinuity(log, nil, nil, zerolog.Nop()).intakeHeld)
	publishAll := func(when string) {
		t.Helper()
		group, ctx := errgroup.WithContext(t.Context())
		for i := range 8 {
			group.Go(func() error {
				_, err := log.Publish(ctx, stream.Message{Subject: "submissions.320812.sti-annual", ID: when + strconv.Itoa(i), Body: []byte("{}")})
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	publishAll("at the start")
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	<-back
	publishAll("when the broker is back")
}
