package natsd_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/configs/tlsfiles/tlsfilestest"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

func over(t *testing.T, files tlsfiles.Client) nats.Option {
	t.Helper()
	c, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	return nats.Secure(c)
}

// Clients need the authority and, where they are asked, a certificate; this process needs
// neither. Who speaks plain text is told so. A certificate is exchanged without cutting anybody.
func TestTLS(t *testing.T) {
	authority := tlsfilestest.New(t)
	files := authority.Server(t, "first")
	files.ClientCAFile = authority.File
	s := natsdtest.Start(t, access(oneUser), func(c *natsd.Config) { c.TLS = files })
	user, known := nats.UserInfo("city", "secret"), over(t, authority.Client(t, "client"))
	if !strings.HasPrefix(s.ClientURL(), "tls://") {
		t.Errorf("the address is %s", s.ClientURL())
	}
	stays := connect(t, s.ClientURL(), user, known)
	stream(t, stays)
	stream(t, connect(t, "", s.InProcess(), user))
	stranger := tlsfilestest.New(t).Client(t, "stranger")
	stranger.CAFile = authority.File
	for what, options := range map[string][]nats.Option{
		"without the authority":   {user},
		"without a certificate":   {user, over(t, tlsfiles.Client{CAFile: authority.File})},
		"a stranger's":            {user, over(t, stranger)},
		"without a user":          {known},
		"with a wrong password":   {nats.UserInfo("city", "other"), known},
		"plain text, by the port": {user, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12})},
	} {
		if conn, err := nats.Connect(s.ClientURL(), options...); err == nil {
			t.Errorf("%s: let in", what)
			conn.Close()
		}
	}

	_, host, _ := strings.Cut(s.ClientURL(), "://")
	plain, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	info, err := bufio.NewReader(plain).ReadString('\n')
	if err != nil || !strings.Contains(info, `"tls_required":true`) {
		t.Errorf("plain text is greeted by %q, %v", info, err)
	}

	tlsfilestest.Replace(t, files, authority.Server(t, "second"))
	shown := func() string {
		conn, err := nats.Connect(s.ClientURL(), user, known)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		state, err := conn.TLSConnectionState()
		if err != nil {
			t.Fatal(err)
		}
		return state.PeerCertificates[0].Subject.CommonName
	}
	for deadline := time.Now().Add(20 * time.Second); shown() != "second"; {
		if time.Now().After(deadline) {
			t.Fatal("the second certificate is not shown")
		}
	}
	if err := s.SetAccess(twoUsers); err != nil { // a reload of the users keeps the certificate
		t.Fatal(err)
	}
	connect(t, s.ClientURL(), nats.UserInfo("other", "secret"), known)
	if got := shown(); got != "second" {
		t.Errorf("after a reload of the users the %s certificate is shown", got)
	}
	if stays.Stats().Reconnects != 0 || !stays.IsConnected() {
		t.Error("a connection was cut")
	}
}
