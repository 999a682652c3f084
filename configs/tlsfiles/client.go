package tlsfiles

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Client names the PEM files of connections to servers.
type Client struct {
	// CAFile holds the certificate authorities of the server; empty is those of the machine.
	CAFile string `yaml:"ca_file"`
	// CertFile and KeyFile are the client's certificate and key, for servers that require
	// them.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// IsSet reports whether any file is named.
func (c Client) IsSet() bool { return c != Client{} }

// Validate returns what cannot work, with the path of the files in the settings.
func (c Client) Validate(path string) error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return fmt.Errorf("%s.cert_file: want %[1]s.cert_file and %[1]s.key_file together, got one of them", path)
	}
	return nil
}

// Config returns the configuration of a connection to any server that an authority vouches for.
func (c Client) Config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetClientCertificate: c.certificate}
	if c.CAFile != "" {
		text, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read certificate authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("read certificate authorities: %s holds no certificate in PEM", c.CAFile)
		}
	}
	if _, err := c.certificate(nil); err != nil {
		return nil, err
	}
	return config, nil
}

// certificate returns the client's certificate as it stands in the files; an empty one where
// there is none.
func (c Client) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	if c.CertFile == "" {
		return &tls.Certificate{}, nil
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("use the client's certificate and key: %w", err)
	}
	return &pair, nil
}

// Pinned returns the configuration of a connection to a server of this machine, whose own
// certificate files are known: it has to prove itself by the first certificate in one of them,
// whatever name or authority that has.
func (c Client) Pinned(certFiles ...string) (*tls.Config, error) {
	config, err := c.Config()
	if err != nil {
		return nil, err
	}
	// The certificate is compared below, instead of its authority and name.
	config.InsecureSkipVerify = true //nolint:gosec // see VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		known := slices.ContainsFunc(certFiles, func(name string) bool {
			text, err := os.ReadFile(name)
			block, _ := pem.Decode(text)
			return err == nil && block != nil && len(state.PeerCertificates) > 0 && bytes.Equal(block.Bytes, state.PeerCertificates[0].Raw)
		})
		if !known {
			return errors.New("the server does not prove itself by the certificate of the instance on this machine")
		}
		return nil
	}
	return config, nil
}
