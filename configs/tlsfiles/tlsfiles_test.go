package tlsfiles_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/configs/tlsfiles/tlsfilestest"
)

// words is a log that a test reads while somebody writes it.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *words) has(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.text.String(), text)
}

// serve answers every connection with one byte until the test ends.
func serve(t *testing.T, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				// A client that is refused gets no byte.
				_, _ = conn.Write([]byte{'!'})
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return l.Addr().String()
}

// name connects and returns whose certificate the server shows.
func name(address string, config *tls.Config) (string, error) {
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err != nil { // with TLS 1.3 a refusal comes after the client's part
		return "", err
	}
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

func client(t *testing.T, files tlsfiles.Client) *tls.Config {
	t.Helper()
	c, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("still waiting: %s", what)
		}
	}
}

// A certificate that is renamed over the one in force is shown to the next client; files that
// cannot be used are told of and change nothing; the listener stays throughout.
func TestCertificatesAreExchanged(t *testing.T) {
	authority := tlsfilestest.New(t)
	files := authority.Server(t, "first")
	log := &words{}
	source, err := tlsfiles.Open(files, zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	changed := make(chan tlsfiles.Material, 1)
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { source.Follow(ctx, func(m tlsfiles.Material) { changed <- m }) })
	defer func() { stop(); following.Wait() }()
	address, c := serve(t, source.Config()), client(t, tlsfiles.Client{CAFile: authority.File})
	if got, err := name(address, c); got != "first" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	if err := os.WriteFile(files.KeyFile, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log tells of the key", func() bool { return log.has("cannot be used") })
	if got, err := name(address, c); got != "first" || err != nil {
		t.Errorf("with a key that cannot be used: %q, %v", got, err)
	}
	if log.has("no key") {
		t.Error("the log shows what stands in the key's file")
	}
	tlsfilestest.Replace(t, files, authority.Server(t, "second"))
	eventually(t, "the second certificate is shown", func() bool { got, err := name(address, c); return got == "second" && err == nil })
	want, err := files.Read()
	if got := <-changed; err != nil || !bytes.Equal(got.Cert, want.Cert) {
		t.Errorf("another certificate is told of: %v", err)
	}
}

func TestClientsAreAsked(t *testing.T) {
	authority, other := tlsfilestest.New(t), tlsfilestest.New(t)
	files := authority.Server(t, "server")
	files.ClientCAFile = authority.File
	source, err := tlsfiles.Open(files, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, source.Config())
	if _, err := name(address, client(t, authority.Client(t, "client"))); err != nil {
		t.Errorf("with a certificate: %v", err)
	}
	strange := other.Client(t, "stranger")
	strange.CAFile = authority.File
	for what, files := range map[string]tlsfiles.Client{"no certificate": {CAFile: authority.File}, "a stranger's": strange} {
		if _, err := name(address, client(t, files)); err == nil {
			t.Errorf("%s: let in", what)
		}
	}
	if _, err := name(address, client(t, other.Client(t, "client"))); err == nil {
		t.Error("a client takes a server that its authority does not know")
	}
	old := client(t, authority.Client(t, "old"))
	old.MaxVersion = tls.VersionTLS11
	if _, err := name(address, old); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// On the machine of a server its own certificate is enough, whoever signed it, and no other is.
func TestPinned(t *testing.T) {
	authority := tlsfilestest.New(t)
	files := authority.Server(t, "server")
	source, err := tlsfiles.Open(files, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, source.Config())
	for _, tt := range []struct {
		file string
		want bool
	}{{files.CertFile, true}, {authority.Server(t, "other").CertFile, false}, {authority.File, false}} {
		c, err := tlsfiles.Client{}.Pinned(tt.file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := name(address, c); (err == nil) != tt.want {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, files := range []tlsfiles.Server{{CertFile: "a"}, {KeyFile: "a"}, {ClientCAFile: "a"}} {
		if err := files.Validate("x.tls"); err == nil || !strings.HasPrefix(err.Error(), "x.tls.") {
			t.Errorf("%+v: %v", files, err)
		}
	}
	if err := (tlsfiles.Client{KeyFile: "a"}).Validate("tls"); err == nil {
		t.Error("a key without a certificate is taken")
	}
	authority := tlsfilestest.New(t)
	files := authority.Server(t, "server")
	for _, bad := range []tlsfiles.Server{{CertFile: files.CertFile, KeyFile: "absent"}, {CertFile: files.KeyFile, KeyFile: files.KeyFile}, {CertFile: files.CertFile, KeyFile: files.KeyFile, ClientCAFile: files.KeyFile}} {
		if _, err := tlsfiles.Open(bad, zerolog.Nop()); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
