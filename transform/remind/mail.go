package remind

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// letter returns a digest as a letter to a recipient. Its id is that of the digest.
func (t *telling) letter(to *Recipient, d *Digest) (*mail.Msg, error) {
	from, err := netmail.ParseAddress(t.config.Mail.From)
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.FromFormat(from.Name, from.Address); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if err := m.To(to.Addresses...); err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	var subjects, letters []string
	for _, language := range to.languages() {
		sentence, text := t.source.Tell(t.catalogue, d, language)
		subjects, letters = append(subjects, oneLine(sentence)), append(letters, text)
	}
	m.Subject(strings.Join(subjects, " / "))
	m.SetBodyString(mail.TypeTextPlain, strings.Join(letters, "\n\n"))
	_, domain, _ := strings.Cut(from.Address, "@")
	m.SetMessageIDWithValue(d.ID + "@" + domain)
	m.SetDateWithValue(t.now())
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader(headerDelivery, d.ID)
	return m, nil
}

// oneLine returns a text without what could end a line of a header.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }), " ")
}

// sendMail sends a digest to a recipient. What the server answers with 500 and above, it
// refuses for ever.
func (t *telling) sendMail(ctx context.Context, to *Recipient, d *Digest) error {
	letter, err := t.letter(to, d)
	if err != nil {
		return &refusal{err}
	}
	client, err := t.mailClient()
	if err != nil {
		return &refusal{err}
	}
	err = client.DialAndSendWithContext(ctx, letter)
	if sent, ok := errors.AsType[*mail.SendError](err); ok && !sent.IsTemp() && sent.ErrorCode() >= 500 {
		return &refusal{fmt.Errorf("send mail: %w", err)}
	}
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

// mailClient returns the client of the settings' server.
func (t *telling) mailClient() (*mail.Client, error) {
	m := &t.config.Mail
	host, text, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	known := t.source.TLS.Clone()
	if known == nil {
		known = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	known.ServerName = host
	options := []mail.Option{mail.WithPort(port), mail.WithTimeout(t.config.Timeout), mail.WithTLSConfig(known), mail.WithoutNoop()}
	switch m.Security {
	case tlsAtOnce:
		options = append(options, mail.WithSSL())
	case startTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.User), mail.WithPassword(m.Password))
	}
	return mail.NewClient(host, options...)
}
