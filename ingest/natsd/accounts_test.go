package natsd_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

const (
	oneUser  = `accounts { CITY { jetstream: enabled, users: [{user: city, password: secret}] } }`
	twoUsers = `accounts { CITY { jetstream: enabled, users: [{user: city, password: secret}, {user: other, password: secret}] } }`
)

func access(text string) natsdtest.Option {
	return func(c *natsd.Config) { c.Access, c.Account = text, "CITY" }
}

// Nobody gets in without credentials, over TCP or in this process.
func TestAccess(t *testing.T) {
	s := natsdtest.Start(t, access(oneUser))
	var asking sync.WaitGroup // a server in this process is slow to refuse
	for i, option := range []nats.Option{nats.UserInfo("city", "other"), nats.UserInfo("other", "secret"), nats.Token("secret"), nats.UserInfo("", "")} {
		asking.Go(func() {
			conn, err := nats.Connect(s.ClientURL(), option)
			if !errors.Is(err, nats.ErrAuthorization) {
				t.Errorf("wrong credentials %d: got %v, want %v", i, err, nats.ErrAuthorization)
			}
			if err == nil {
				conn.Close()
			}
			if conn, err := nats.Connect("", s.InProcess(), option, nats.Timeout(time.Second)); err == nil {
				t.Errorf("wrong credentials %d: connected in this process", i)
				conn.Close()
			}
		})
	}
	asking.Wait()
	stream(t, connect(t, s.ClientURL(), nats.UserInfo("city", "secret")))
	stream(t, connect(t, "", s.InProcess(), nats.UserInfo("city", "secret")))
}

func TestNobodyBeyondThisMachineGetsInUnasked(t *testing.T) {
	_, err := natsd.Start(t.Context(), natsd.Config{Dir: t.TempDir(), Host: "0.0.0.0"}, zerolog.Nop())
	if err == nil || !strings.Contains(err.Error(), "natsd.host: want a loopback address") {
		t.Errorf("listens for everybody: %v", err)
	}
	natsdtest.Start(t, access(oneUser), func(c *natsd.Config) { c.Host = "0.0.0.0" })
}

func TestSetAccess(t *testing.T) {
	s := natsdtest.Start(t, access(oneUser))
	stays := connect(t, s.ClientURL(), nats.UserInfo("city", "secret"))
	if err := s.SetAccess(twoUsers); err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	connect(t, s.ClientURL(), nats.UserInfo("other", "secret"), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err := s.SetAccess("accounts {"); err == nil {
		t.Error("took a text that is none")
	}
	if err := s.SetAccess(oneUser); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection of a user who is gone was not cut")
	}
	if conn, err := nats.Connect(s.ClientURL(), nats.UserInfo("other", "secret")); err == nil {
		t.Error("a user who is gone gets in")
		conn.Close()
	}
	stream(t, stays)
}

// A server that gets accounts has the streams from before.
func TestAccountTakesOverStreams(t *testing.T) {
	dir := t.TempDir()
	publish := func(conn *nats.Conn) uint64 {
		log := stream(t, conn)
		if _, err := conn.Request("log.1", nil, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		info, err := log.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return info.State.LastSeq
	}
	start := func(options ...natsdtest.Option) *natsd.Server {
		return natsdtest.Start(t, append(options, natsdtest.Dir(dir))...)
	}
	before := start()
	last := publish(connect(t, before.ClientURL()))
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s := start(access(oneUser))
		if got := publish(connect(t, s.ClientURL(), nats.UserInfo("city", "secret"))); got != last+1 {
			t.Errorf("published as message %d, want %d", got, last+1)
		}
		last++
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
