package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/stream/linktest"
)

// A connection to the broker that carries nothing any more, though neither side
// was told, is noticed by the pings; what reads, follows and publishes over it
// goes on over a new one.
func TestHalfOpenConnectionToTheBroker(t *testing.T) {
	t.Parallel() // most of it is waiting
	broker := natsdtest.Start(t)
	link := linktest.Start(t, strings.TrimPrefix(broker.ClientURL(), "nats://"))
	nc, err := ConnectBroker(&configs.Settings{}, "nats://"+link.Addr(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	publish := func(body string) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := log.Publish(ctx, stream.Message{Subject: "submissions.320812.sti-annual", ID: body, Body: []byte(body)})
		return err
	}
	if err := publish("before"); err != nil {
		t.Fatal(err)
	}
	consumer, err := log.Consume(t.Context(), stream.ConsumerConfig{Stream: stream.Submissions, Name: "reader", AckWait: time.Second, MaxPending: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Stop()
	read := func(want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for {
			batch, err := consumer.Batch(ctx, 1)
			if err != nil {
				t.Fatalf("%s is not delivered: %v", want, err)
			}
			if err := stream.AckAll(batch); err != nil {
				t.Fatal(err)
			}
			if string(batch[0].Body) == want {
				return
			}
		}
	}
	read("before")
	end := errors.New("end")
	followed := make(chan error, 1)
	go func() {
		followed <- log.Follow(t.Context(), stream.FollowConfig{Stream: stream.Submissions}, func(d stream.Delivery) error {
			if string(d.Body) == "after" {
				return end
			}
			return nil
		}, func() {})
	}()
	if link.Blackhole() == 0 {
		t.Fatal("no connection was lost")
	}
	began := time.Now()
	for publish("after") != nil {
		if time.Since(began) > time.Minute {
			t.Fatal("publishing does not go on")
		}
	}
	read("after")
	if err := <-followed; !errors.Is(err, end) {
		t.Errorf("follow: %v", err)
	}
	took := time.Since(began)
	if longest := (BrokerPings + 2) * BrokerPingInterval; took > longest {
		t.Errorf("noticed after %s, want within %s", took, longest)
	}
	t.Logf("noticed after %s", took.Round(time.Millisecond))
}
