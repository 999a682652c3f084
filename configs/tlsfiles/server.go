package tlsfiles

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Server names the PEM files of a server. Without CertFile it speaks no TLS.
type Server struct {
	// CertFile holds the server's certificate and those between it and its authority, and
	// KeyFile its key.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// ClientCAFile holds the authorities of the clients' certificates; empty asks clients for none.
	ClientCAFile string `yaml:"client_ca_file"`
}

// IsSet reports whether the server speaks TLS.
func (s Server) IsSet() bool { return s.CertFile != "" }

// Validate returns what cannot work, with the path of the files in the settings.
func (s Server) Validate(path string) error {
	var errs []error
	if (s.CertFile == "") != (s.KeyFile == "") {
		errs = append(errs, fmt.Errorf("%s.cert_file: want %[1]s.cert_file and %[1]s.key_file together, got one of them", path))
	}
	if s.ClientCAFile != "" && s.CertFile == "" {
		errs = append(errs, fmt.Errorf("%s.client_ca_file: want %[1]s.cert_file beside it; clients are asked over TLS only", path))
	}
	return errors.Join(errs...)
}

// Read returns what the files hold now.
func (s Server) Read() (Material, error) {
	var m Material
	var errs []error
	for _, file := range []struct {
		name string
		to   *[]byte
	}{{s.CertFile, &m.Cert}, {s.KeyFile, &m.Key}, {s.ClientCAFile, &m.ClientCA}} {
		if file.name == "" {
			continue
		}
		text, err := os.ReadFile(file.name)
		*file.to, errs = text, append(errs, err)
	}
	return m, errors.Join(errs...)
}

// Material is the content of a server's files, in PEM.
type Material struct {
	Cert     []byte `json:"cert"`
	Key      []byte `json:"key"`
	ClientCA []byte `json:"client_ca,omitempty"`
}

func (m Material) equal(o Material) bool {
	return bytes.Equal(m.Cert, o.Cert) && bytes.Equal(m.Key, o.Key) && bytes.Equal(m.ClientCA, o.ClientCA)
}

// Config returns the configuration of a listener. No error contains any of the key.
func (m Material) Config() (*tls.Config, error) {
	pair, err := tls.X509KeyPair(m.Cert, m.Key)
	if err != nil {
		return nil, fmt.Errorf("use certificate and key: %w", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if len(m.ClientCA) > 0 {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(m.ClientCA) {
			return nil, errors.New("use authorities of clients: the file holds no certificate in PEM")
		}
		// A ticket would let a client in whose authority is trusted no more.
		c.SessionTicketsDisabled = true
	}
	return c, nil
}
