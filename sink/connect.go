package sink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ParseDSN reads the address of a ClickHouse server, such as
// clickhouse://user:password@host:9000/citytally or https://…, with the options of
// clickhouse-go. Its errors show no password.
func ParseDSN(dsn string) (*clickhouse.Options, error) {
	const want = "want an address such as clickhouse://user:password@host:9000/citytally"
	scheme, _, _ := strings.Cut(dsn, "://")
	if !slices.Contains([]string{"clickhouse", "tcp", "http", "https"}, scheme) {
		return nil, errors.New(want + ", or http:// or https://; got another, which is not shown because it may hold a password")
	}
	if severalHosts(dsn) {
		// The driver would spread statements over servers that need not hold the same rows, and
		// what was read after a write might lack it.
		return nil, errors.New(want + " with one host, got several: name one, or a balancer in front of a cluster that keeps a client on one server")
	}
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		// The driver masks credentials in its errors.
		return nil, fmt.Errorf("%s, got: %w", want, err)
	}
	return options, nil
}

// severalHosts says whether a DSN names more than one host.
func severalHosts(dsn string) bool {
	_, rest, _ := strings.Cut(dsn, "://")
	authority, _, _ := strings.Cut(rest, "/")
	authority, _, _ = strings.Cut(authority, "?")
	return strings.Contains(authority[strings.LastIndexByte(authority, '@')+1:], ",")
}

// dialNative returns how the driver connects over the native protocol. The driver
// waits for the server's greeting although nobody waits for the connection any more;
// here the end of ctx ends that too. A server that accepts connections and is silent
// is the embedded one while it is started again, or one that hangs.
func dialNative(options *clickhouse.Options) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		plain, ok := conn.(*net.TCPConn)
		if !ok {
			return nil, fmt.Errorf("dial %s: got a %T, want a TCP connection", address, conn)
		}
		silent := &silentConn{TCPConn: plain, spoke: context.AfterFunc(ctx, func() { _ = plain.Close() })}
		if options.TLS == nil {
			return silent, nil
		}
		config := options.TLS.Clone()
		if config.ServerName == "" {
			if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
				return nil, err
			}
		}
		return tls.Client(silent, config), nil
	}
}

// silentConn is a connection to a server that has said nothing yet.
type silentConn struct {
	*net.TCPConn
	spoke func() bool // keeps the connection when its first caller has gone
}

func (c *silentConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 {
		c.spoke()
	}
	return n, err
}
