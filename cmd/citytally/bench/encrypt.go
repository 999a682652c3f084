package bench

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/configs/tlsfiles"
)

// encrypt makes a certificate for this machine, which is its own authority, has every server use it
// and the clients of this process know it.
func (b *benchmark) encrypt() error {
	files := tlsfiles.Server{CertFile: filepath.Join(b.dir, "certificate.pem"), KeyFile: filepath.Join(b.dir, "key.pem")}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	for path, block := range map[string]pem.Block{files.CertFile: {Type: "CERTIFICATE", Bytes: certificate}, files.KeyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(&block), 0o600); err != nil {
			return err
		}
	}
	s := &b.settings
	s.Ingest.TLS, s.Operations.TLS, s.NATS.Embedded.TLS, s.ClickHouse.Embedded.TLS = files, files, files, files
	s.TLS = tlsfiles.Client{CAFile: files.CertFile}
	if b.secure, err = s.TLS.Config(); err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = b.secure
	b.uploader = &http.Client{Transport: transport}
	return nil
}

// overTLS has a client of ClickHouse connect from outside of the pipeline's process, over TLS.
func (b *benchmark) overTLS(s *session, options *clickhouse.Options) {
	if b.secure != nil {
		options.Addr, options.TLS = []string{s.Engine.NativeAddr()}, b.secure
	}
}
