// Package tlsfilestest makes certificate authorities for tests, and the files of servers and
// clients that they vouch for.
package tlsfilestest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/tlsfiles"
)

// Authority is a certificate authority whose files stand in a directory.
type Authority struct {
	// File holds its certificate.
	File string

	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority with a directory of its own.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{dir: t.TempDir()}
	a.File = filepath.Join(a.dir, "ca.pem")
	a.key = makeKey(t)
	a.cert = a.sign(t, a.File, &x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true}, a.key)
	return a
}

// Server makes the files of a server on this machine, called name.
func (a *Authority) Server(t testing.TB, name string) tlsfiles.Server {
	t.Helper()
	cert, key := a.leaf(t, name)
	return tlsfiles.Server{CertFile: cert, KeyFile: key}
}

// Client makes the files of a client, which trusts the authority.
func (a *Authority) Client(t testing.TB, name string) tlsfiles.Client {
	t.Helper()
	cert, key := a.leaf(t, name)
	return tlsfiles.Client{CAFile: a.File, CertFile: cert, KeyFile: key}
}

// Replace renames the files of another server over those of one, certificate first.
func Replace(t testing.TB, files, by tlsfiles.Server) {
	t.Helper()
	for from, to := range map[string]string{by.CertFile: files.CertFile, by.KeyFile: files.KeyFile} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
}

func (a *Authority) leaf(t testing.TB, name string) (certFile, keyFile string) {
	t.Helper()
	key := makeKey(t)
	certFile, keyFile = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key.pem")
	a.sign(t, certFile, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, keyFile, "PRIVATE KEY", der)
	return certFile, keyFile
}

// sign writes a certificate for a key by the authority, and returns it.
func (a *Authority) sign(t testing.TB, file string, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := a.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "CERTIFICATE", der)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func makeKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
