package remind

import (
	"crypto/tls"
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/tlsfiles/tlsfilestest"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// mailbox is an SMTP server that wants STARTTLS and a password.
type mailbox struct {
	mu      sync.Mutex
	answer  error // to every letter; nil takes it
	letters []string
	to      []string
}

type mailSession struct {
	*mailbox
	in bool
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &mailSession{mailbox: m}, nil }

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.in = user == "tally" && password == key; !s.in {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }
func (s *mailSession) Mail(string, *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		return err
	}
	if s.answer == nil {
		s.letters = append(s.letters, string(text))
	}
	return s.answer
}

func (m *mailbox) answers(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = err
}

// startMail returns a mailbox, its address, and how it is known.
func startMail(t *testing.T) (*mailbox, string, *tls.Config) {
	t.Helper()
	authority := tlsfilestest.New(t)
	files := authority.Server(t, "smtp")
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	known, err := authority.Client(t, "client").Config()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{}
	server := smtp.NewServer(m)
	server.Domain, server.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.ErrorLog = quiet{}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() { server.Close(); serving.Wait() })
	return m, listener.Addr().String(), known
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// A server that hangs, is busy or refuses, and then takes letters: each gets there once, in both
// languages, with headers that no name can add to.
func TestMailHostileThenGood(t *testing.T) {
	box, address, known := startMail(t)
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	config := DefaultConfig()
	config.Attempts = 1
	config.Mail = Mail{Server: address, Security: startTLS, User: "tally", Password: key, From: "统计局 <tally@example.org>", To: []Recipient{
		{Area: "100002", Addresses: []string{"a@example.org", "b@example.org"}}, {Area: "100071", Addresses: []string{"c@example.org"}, Language: "en"},
	}}
	w := newWorld(t, fixture.Log(t), config)
	w.source.TLS = known
	w.source.Tell = func(c *catalogue.Catalogue, d *Digest, language string) (sentence, letter string) {
		sentence, letter = tell(c, d, language)
		return sentence + "\r\nBcc: everybody@example.org\u2028", letter + "\n.\n结束\n"
	}
	w.config.Timeout = 5 * time.Second
	step := func(what string, outcome Outcome) {
		t.Helper()
		run := w.run(t.Context())
		if got := w.outcomes("100002")["a@example.org, b@example.org"]; got != outcome || (run.Problem == "") != (outcome == Told) {
			t.Errorf("%s: %s, want %s; %s", what, got, outcome, run.Problem)
		}
		if strings.Contains(run.Problem, key) {
			t.Errorf("%s: the run tells the password: %s", what, run.Problem)
		}
	}
	w.config.Mail.Server, w.config.Timeout = hanging.Addr().String(), 100*time.Millisecond
	step("a server that hangs", Waiting)
	w.config.Mail.Server, w.config.Timeout = address, 5*time.Second
	w.config.Mail.Password = "a wrong password!"
	step("a wrong password", Waiting)
	w.config.Mail.Password = key
	w.source.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	step("a server that nobody vouches for", Waiting)
	w.source.TLS = known
	box.answers(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "busy"})
	step("a busy server", Waiting)
	box.answers(nil)
	step("a good server", Told)
	step("once more", Told)
	if len(box.letters) != 2 || len(box.to) < 3 {
		t.Fatalf("letters: %q to %v", box.letters, box.to)
	}
	letter, err := netmail.ReadMessage(strings.NewReader(box.letters[0]))
	if err != nil {
		t.Fatal(err)
	}
	record := w.records("100002")[0]
	if h := letter.Header; h.Get("Bcc") != "" || h.Get("Message-ID") != "<"+record.ID+"@example.org>" || h.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers: %v", h)
	}
	box.answers(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no"})
	w.clock = at(t, "2022-01-30 09:00")
	w.run(t.Context())
	if d := w.records("100071")[1].Deliveries; d[len(d)-1].Outcome != Refused {
		t.Errorf("a server that refuses: %+v", d)
	}
}
