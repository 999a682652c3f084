package app

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/hostport"
	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/ingest/natsd"
)

// listening is a server of this program by its settings.
type listening struct {
	what, host, key string
	secure          tlsfiles.Server
}

// listeners returns the servers of this process.
func (p *Pipeline) listeners() []listening {
	s := p.settings
	var all []listening
	address := func(what, address, key string, secure tlsfiles.Server) {
		host, _, err := net.SplitHostPort(address)
		if err == nil { // else it does not listen
			all = append(all, listening{what, host, key, secure})
		}
	}
	if p.has(StageIngest) {
		address("gateway", s.Ingest.Address, "ingest.tls", s.Ingest.TLS)
	}
	address("operations", s.Operations.Address, "operations.tls", s.Operations.TLS)
	if c := s.EmbeddedNATS(); p.embedsBroker() && c.Port != natsd.NoPort {
		all = append(all, listening{"NATS", c.Host, "nats.embedded.tls", c.TLS})
	}
	if c := s.EmbeddedClickHouse(); p.embedsEngine() {
		all = append(all, listening{"ClickHouse", c.Host, "clickhouse.embedded.tls", c.TLS})
	}
	return all
}

// recordListeners notes in the instance by which certificates its servers are known, and warns
// of those that other machines can reach without TLS.
func (p *Pipeline) recordListeners() error {
	for _, l := range p.listeners() {
		switch {
		case l.secure.IsSet():
			file, err := filepath.Abs(l.secure.CertFile)
			if err != nil {
				return fmt.Errorf("record instance: %w", err)
			}
			p.Instance.Certificates = append(p.Instance.Certificates, file)
		case !hostport.IsLoopback(l.host):
			exposed := fmt.Sprintf("%s on %s (%s)", l.what, l.host, l.key)
			p.Instance.Exposed = append(p.Instance.Exposed, exposed)
			p.options.Logger.Warn().Str("server", l.what).Str("address", l.host).Str("setting", l.key).
				Msg("other machines can reach a server that speaks plain text: who is on the way reads passwords and figures, and can change them")
		}
	}
	slices.Sort(p.Instance.Certificates)
	p.Instance.Certificates = slices.Compact(p.Instance.Certificates)
	return nil
}

// HTTPClient returns a client for the instance's own HTTP servers, which have to prove
// themselves by its own certificates where they speak TLS.
func (i *Instance) HTTPClient(s *configs.Settings) (*http.Client, error) {
	if len(i.Certificates) == 0 {
		return http.DefaultClient, nil
	}
	secure, err := s.TLS.Pinned(i.Certificates...)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: secure, Proxy: http.ProxyFromEnvironment}}, nil
}
