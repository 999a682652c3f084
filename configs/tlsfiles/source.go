package tlsfiles

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Held is the configuration of a listener that can be exchanged while it listens.
type Held struct{ now atomic.Pointer[tls.Config] }

// Put makes the material the one of every connection from now on.
func (h *Held) Put(m Material) error {
	c, err := m.Config()
	if err == nil {
		h.now.Store(c)
	}
	return err
}

// Config returns the configuration that a listener keeps.
func (h *Held) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return h.now.Load(), nil },
	}
}

// checkInterval is the least time between two looks at the files.
const checkInterval = 250 * time.Millisecond

// Source is a server's files, read again when they change: written anew, renamed over, or led
// elsewhere by a link.
type Source struct {
	files  Server
	logger zerolog.Logger
	held   Held

	mu     sync.Mutex
	last   Material
	looked time.Time
	told   string // the error that was told last
}

// Open reads the files, which have to be usable.
func Open(files Server, logger zerolog.Logger) (*Source, error) {
	s := &Source{files: files, logger: logger}
	var err error
	if s.last, err = files.Read(); err == nil {
		err = s.held.Put(s.last)
	}
	if err != nil {
		return nil, fmt.Errorf("TLS of %s: %w", files.CertFile, err)
	}
	return s, nil
}

// Config returns the configuration of a listener. It looks at the files when clients connect.
func (s *Source) Config() *tls.Config {
	c := s.held.Config()
	current := c.GetConfigForClient
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		s.look(time.Now())
		return current(hello)
	}
	return c
}

// Material returns what is in force.
func (s *Source) Material() Material {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Follow calls changed with what comes into force, until ctx ends.
func (s *Source) Follow(ctx context.Context, changed func(Material)) {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for last := s.Material(); ; {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.look(now)
		}
		if m := s.Material(); !m.equal(last) {
			last = m
			changed(m)
		}
	}
}

// look puts in force what the files hold, where that can be used. While they are exchanged one
// after the other it cannot, for a moment.
func (s *Source) look(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.looked) < checkInterval {
		return
	}
	s.looked = now
	m, err := s.files.Read()
	if err == nil && m.equal(s.last) {
		s.told = ""
		return
	}
	if err == nil {
		err = s.held.Put(m)
	}
	switch {
	case err == nil:
		s.last, s.told = m, ""
		s.logger.Info().Str("cert_file", s.files.CertFile).Msg("TLS certificate read again")
	case err.Error() != s.told:
		s.told = err.Error()
		s.logger.Error().Err(err).Str("cert_file", s.files.CertFile).Msg("TLS files cannot be used; the certificate in force stays")
	}
}
