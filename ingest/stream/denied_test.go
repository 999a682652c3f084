package stream_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

const deniedUsers = `accounts { A { jetstream: enabled, users: [
  {user: all, password: secret}
  {user: reader, password: secret, permissions {publish: {allow: ["$JS.API.>"], deny: ["$JS.API.CONSUMER.CREATE.TOTALS.>", "$JS.API.STREAM.CREATE.>", MORE]}}}
] } }`

func deniedConfig(allow bool) string {
	more := `"other"`
	if allow {
		return strings.Replace(strings.Replace(deniedUsers, "MORE", more, 1), `allow: ["$JS.API.>"]`, `allow: ["$JS.API.>", "submissions.>"]`, 1)
	}
	return strings.Replace(deniedUsers, "MORE", more, 1)
}

// What the broker denies is an error with the missing grant, at once, in the call that it
// concerns, and stands until it is allowed.
func TestDenialIsAnErrorAtOnce(t *testing.T) {
	broker := natsdtest.Start(t, func(c *natsd.Config) { c.Access, c.Account = deniedConfig(false), "A" })
	attach := func(user string) (*nats.Conn, *stream.Log) {
		nc, err := nats.Connect(broker.ClientURL(), nats.UserInfo(user, "secret"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		log, err := stream.Attach(nc, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		return nc, log
	}
	reading, log := attach("reader")
	if _, err := stream.Open(t.Context(), reading, stream.DefaultConfig(), zerolog.Nop()); !denies(err, "$JS.API.STREAM.CREATE.") {
		t.Errorf("open: %v", err)
	}
	all, _ := attach("all")
	if _, err := stream.Open(t.Context(), all, stream.DefaultConfig(), zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	one := stream.Message{Subject: "submissions.a.d"}
	many := make([]stream.Message, 20)
	for i := range many {
		many[i] = one
	}
	for name, call := range map[string]func() error{
		"one":     func() error { _, err := log.Publish(t.Context(), one); return err },
		"a batch": func() error { _, err := log.Publish(t.Context(), one, one); return err },
		"each":    func() error { return log.PublishEach(t.Context(), one, one)[1].Err },
		"many":    func() error { return log.PublishEach(t.Context(), many...)[19].Err },
		"followed": func() error {
			return log.Follow(t.Context(), stream.FollowConfig{Stream: stream.Totals}, nil, func() {})
		},
		"consumed": func() error {
			_, err := log.Consume(t.Context(), stream.ConsumerConfig{Stream: stream.Totals, Name: "x", AckWait: time.Second, MaxPending: 1})
			return err
		},
	} {
		began := time.Now()
		err := call()
		if !denies(err, "submissions.a.d") && !denies(err, "$JS.API.CONSUMER.CREATE.TOTALS.") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: told after %s", name, took)
		}
	}
	if !standing(log, "submissions.a.d") {
		t.Errorf("denied: %v", log.Denied())
	}
	if err := broker.SetAccess(deniedConfig(true)); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Publish(t.Context(), one); err != nil {
		t.Errorf("what was granted since: %v", err)
	}
	if standing(log, "submissions.a.d") {
		t.Errorf("still denied: %v", log.Denied())
	}
}

func denies(err error, subject string) bool {
	denied, ok := errors.AsType[*stream.DeniedError](err)
	return ok && denied.User == "reader" && strings.HasPrefix(denied.Subject, subject) && !errors.Is(err, context.Canceled)
}

func standing(log *stream.Log, subject string) bool {
	for _, denied := range log.Denied() {
		if denied.Subject == subject {
			return true
		}
	}
	return false
}
