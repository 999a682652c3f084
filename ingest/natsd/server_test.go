package natsd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

func connect(t testing.TB, url string, options ...nats.Option) *nats.Conn {
	t.Helper()
	conn, err := nats.Connect(url, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func stream(t testing.TB, conn *nats.Conn) jetstream.Stream {
	t.Helper()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "LOG", Subjects: []string{"log.>"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPublishedSurvivesReopen(t *testing.T) {
	dir := t.TempDir()
	const count = 20
	publish := func() {
		s := natsdtest.Start(t, natsdtest.Dir(dir))
		defer s.Close()
		conn := connect(t, s.ClientURL())
		stream(t, conn)
		js, err := jetstream.New(conn)
		if err != nil {
			t.Fatal(err)
		}
		for i := range count {
			if _, err := js.Publish(t.Context(), "log.entry", fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	publish()

	s := natsdtest.Start(t, natsdtest.Dir(dir))
	log := stream(t, connect(t, "", s.InProcess()))
	for i := range count {
		msg, err := log.GetMsg(t.Context(), uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(msg.Data), fmt.Sprint(i); got != want {
			t.Errorf("message %d is %q, want %q", i+1, got, want)
		}
	}
}

func TestSecondOpenerIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := natsdtest.Start(t, natsdtest.Dir(dir))

	_, err := natsd.Start(t.Context(), natsd.Config{Dir: dir}, zerolog.Nop())
	if !errors.Is(err, natsd.ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
	for _, want := range []string{dir, fmt.Sprintf("process %d", os.Getpid()), "natsd.dir"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not mention %q", err, want)
		}
	}
	// The refused start must not have affected the running server.
	stream(t, connect(t, first.ClientURL()))
}

func TestInProcessOnly(t *testing.T) {
	s := natsdtest.Start(t, func(c *natsd.Config) { c.Port = natsd.NoPort })
	if url := s.ClientURL(); url != "" {
		t.Errorf("listens on %s", url)
	}
	stream(t, connect(t, "", s.InProcess()))
}

func TestPayloadLimit(t *testing.T) {
	s := natsdtest.Start(t, func(c *natsd.Config) { c.MaxPayload = 1000 })
	conn := connect(t, s.ClientURL())
	if got := conn.MaxPayload(); got != 1000 {
		t.Errorf("server announces %d bytes, want 1000", got)
	}
}

func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	for _, tt := range []struct {
		name string
		ctx  context.Context
		cfg  natsd.Config
		want string
	}{
		{"port taken", t.Context(), natsd.Config{Dir: t.TempDir(), Port: taken.Addr().(*net.TCPAddr).Port}, "address already in use"},
		{"directory is a file", t.Context(), natsd.Config{Dir: file}, "not a directory"},
		{"invalid", t.Context(), natsd.Config{}, "natsd.dir: want"},
		{"cancelled", cancelled, natsd.Config{Dir: t.TempDir()}, "context canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := natsd.Start(tt.ctx, tt.cfg, zerolog.Nop())
			if err == nil {
				s.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to say %q", err, tt.want)
			}
			if tt.name == "port taken" || tt.name == "cancelled" {
				natsdtest.Start(t, natsdtest.Dir(tt.cfg.Dir)) // the directory is unlocked
			}
		})
	}
}

func TestCloseTwice(t *testing.T) {
	s := natsdtest.Start(t)
	conn := connect(t, s.ClientURL(), nats.NoReconnect())
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := nats.Connect(s.ClientURL()); err == nil {
		t.Error("a closed server accepts connections")
	}
	if _, err := conn.Request("log.entry", nil, 1e9); err == nil {
		t.Error("a closed server answers")
	}
}

// buffer is a bytes.Buffer that is safe for concurrent use.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// The password is in plain text in the configuration, so the server's warning about plain
// passwords is of no use.
func TestPasswordIsNoWarning(t *testing.T) {
	var out buffer
	s, err := natsd.Start(t.Context(), natsd.Config{Dir: t.TempDir(), Access: oneUser}, zerolog.New(&out).Level(zerolog.WarnLevel))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if text := out.text.String(); text != "" {
		t.Errorf("the server warns: %s", text)
	}
}

func TestLogGoesToZerolog(t *testing.T) {
	var out buffer
	s, err := natsd.Start(t.Context(), natsd.Config{Dir: t.TempDir(), Access: oneUser}, zerolog.New(&out).Level(zerolog.DebugLevel))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nats.Connect(s.ClientURL(), nats.UserInfo("city", "other")); err == nil {
		t.Error("connected with a wrong password")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"level":"info","url":"` + s.ClientURL() + `"`, `"message":"NATS server ready"`, `"message":"NATS server stopped"`,
		`"level":"debug","message":"Listening for client connections`, `authentication error`,
	} {
		if !strings.Contains(out.text.String(), want) {
			t.Errorf("log lacks %s", want)
		}
	}
	if strings.Contains(out.text.String(), "secret") {
		t.Error("log shows the password")
	}
	if t.Failed() {
		t.Log(out.text.String())
	}
}
