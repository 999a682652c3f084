package chdb_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/configs/tlsfiles/tlsfilestest"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

func over(t *testing.T, files tlsfiles.Client) *tls.Config {
	t.Helper()
	c, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Both protocols speak TLS alone to others, ask for certificates, tell who speaks plain text,
// and take a new certificate while a connection goes on. The child that does so reads no file:
// it is confined as it always is.
func TestTLS(t *testing.T) {
	authority := tlsfilestest.New(t)
	files := authority.Server(t, "first")
	files.ClientCAFile = authority.File
	server := chdbtest.Start(t, func(c *chdb.Config) { c.TLS = files })
	known := over(t, authority.Client(t, "client"))
	password := func() string {
		u, err := url.Parse(server.DSN(chdbtest.User))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := u.User.Password()
		return p
	}()

	native := func(config *tls.Config) (clickhouse.Conn, error) {
		return clickhouse.Open(&clickhouse.Options{
			Addr: []string{server.NativeAddr()}, Auth: clickhouse.Auth{Username: chdbtest.User, Password: password}, TLS: config, MaxOpenConns: 1,
		})
	}
	stays, err := native(known)
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close()
	one := func(conn clickhouse.Conn) error {
		var n uint8
		return conn.QueryRow(t.Context(), "SELECT 1").Scan(&n)
	}
	if err := one(stays); err != nil {
		t.Fatal(err)
	}
	get := func(config *tls.Config) (string, error) {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.HTTPURL()+"/?query=SELECT+41%2B1", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(chdbtest.User, password)
		response, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response.TLS.PeerCertificates[0].Subject.CommonName + " " + strings.TrimSpace(string(body)), err
	}
	if got, err := get(known); got != "first 42" || err != nil {
		t.Errorf("over HTTPS: %q, %v", got, err)
	}
	local, err := clickhouse.ParseDSN(server.DSN(chdbtest.User))
	if err != nil {
		t.Fatal(err)
	}
	if host, _, _ := net.SplitHostPort(local.Addr[0]); local.TLS != nil || host != "127.0.0.1" || local.Addr[0] == server.NativeAddr() {
		t.Errorf("the pipeline connects to %v", local.Addr)
	}
	pipeline, err := clickhouse.Open(local)
	if err != nil {
		t.Fatal(err)
	}
	defer pipeline.Close()
	if err := one(pipeline); err != nil {
		t.Errorf("the pipeline: %v", err)
	}

	stranger := tlsfilestest.New(t).Client(t, "stranger")
	stranger.CAFile = authority.File
	for what, config := range map[string]*tls.Config{"no certificate": over(t, tlsfiles.Client{CAFile: authority.File}), "a stranger's": over(t, stranger)} {
		if got, err := get(config); err == nil {
			t.Errorf("%s, HTTPS: %q", what, got)
		}
		conn, err := native(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := one(conn); err == nil {
			t.Errorf("%s, native protocol: let in", what)
		}
		conn.Close()
	}

	if got := sayPlainly(t, server.HTTPAddr(), []byte("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")); !strings.Contains(got, "HTTPS server") {
		t.Errorf("plain HTTP is answered by %q", got)
	}
	if got := sayPlainly(t, server.NativeAddr(), []byte("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")); !strings.Contains(got, "native protocol") {
		t.Errorf("plain HTTP to the native port is answered by %q", got)
	}
	var hello proto.Buffer
	proto.ClientHello{Name: "plain", ProtocolVersion: 54460, User: chdbtest.User, Password: password}.Encode(&hello)
	if got := sayPlainly(t, server.NativeAddr(), hello.Buf); !strings.Contains(got, "speaks TLS alone") || !strings.Contains(got, "secure=true") {
		t.Errorf("the plain native protocol is answered by %q", got)
	}

	tlsfilestest.Replace(t, files, authority.Server(t, "second"))
	eventually(t, "the second certificate is shown", func() bool { got, err := get(known); return got == "second 42" && err == nil })
	if err := one(stays); err != nil {
		t.Errorf("an open connection after the exchange: %v", err)
	}
	if got := server.Restarts(); got != 0 {
		t.Errorf("the engine was started again %d times", got)
	}
}

// sayPlainly returns all that a port answers to the bytes.
func sayPlainly(t *testing.T, address string, text []byte) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := conn.Write(text); err != nil {
		t.Fatal(err)
	}
	var answer bytes.Buffer
	_, _ = io.Copy(&answer, conn) // the server cuts it off
	return answer.String()
}
