package nativeprotocol

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/configs/connections"
	"github.com/citytally/citytally/sink/chdb/exception"
)

// handshake reads the client's Hello, authenticates the user and answers with the
// server's Hello.
func (c *connection) handshake(ctx context.Context) error {
	if err := c.socket.SetReadDeadline(time.Now().Add(c.server.limits.HandshakeTimeout)); err != nil {
		return &clientGone{err}
	}
	if err := c.encrypt(ctx); err != nil {
		return err
	}
	packet, err := c.in.Uvarint()
	if err != nil {
		return &clientGone{err}
	}
	switch packet {
	case uint64(proto.ClientCodeHello):
	case 'G', 'P', 'H':
		return c.refuseHTTP()
	default:
		return exception.Newf(proto.ErrUnexpectedPacketFromClient, "Unexpected packet %d from client, expected Hello", packet)
	}
	hello, err := readGreeting(c.in)
	if err != nil {
		return &clientGone{err}
	}
	if hello.revision < oldestRevision {
		return exception.Newf(proto.ErrServerRevisionIsTooOld,
			"The client speaks revision %d of the protocol; %d (ClickHouse 18.12) is the oldest that is answered", hello.revision, oldestRevision)
	}
	c.revision = hello.revision
	if c.user, err = c.server.engine.Authenticate(hello.user, hello.password); err != nil {
		c.server.logins.Failed(ctx, hello.user, c.socket.RemoteAddr().String())
		return err
	}
	if c.user.ReadOnly {
		if c.leave, err = c.server.readers.Enter(); err != nil {
			return err
		}
	}
	if known, is := connections.Of(c.socket); is {
		known.Know(true)
	}
	if c.session, err = c.server.engine.Session(ctx, c.user, hello.database); err != nil {
		return err
	}
	if err := c.sendHello(); err != nil {
		return err
	}
	if proto.FeatureAddendum.In(c.revision) {
		if _, err := c.in.String(maxGreetingBytes); err != nil { // quota key
			return &clientGone{err}
		}
	}
	if err := c.socket.SetReadDeadline(time.Time{}); err != nil {
		return &clientGone{err}
	}
	return nil
}

// encrypt agrees on TLS with the client where the port speaks it. A client that does not is
// answered in plain text.
func (c *connection) encrypt(ctx context.Context) error {
	conn, is := c.socket.(*tls.Conn)
	if !is {
		return nil
	}
	err := conn.HandshakeContext(ctx)
	if err == nil {
		return nil
	}
	plain, is := errors.AsType[tls.RecordHeaderError](err)
	if !is || plain.Conn == nil {
		return &clientGone{err}
	}
	c.out.Reset(&deadlineWriter{socket: plain.Conn, timeout: c.server.limits.SendTimeout})
	switch plain.RecordHeader[0] {
	case 'G', 'P', 'H':
		return c.refuseHTTP()
	}
	return exception.Newf(proto.ErrNetworkError, "This port speaks TLS alone: connect with secure=true in the address, or with --secure")
}

// refuseHTTP answers an HTTP client, which has the wrong port, as ClickHouse does.
func (c *connection) refuseHTTP() error {
	const text = "HTTP/1.0 400 Bad Request\r\n\r\n" +
		"This port speaks ClickHouse's native protocol, for clickhouse-client and drivers.\r\n" +
		"Use the HTTP port for HTTP requests.\r\n"
	if _, err := io.WriteString(c.out, text); err != nil {
		return &clientGone{err}
	}
	if err := c.out.Flush(); err != nil {
		return &clientGone{err}
	}
	return &clientGone{errors.New("it speaks HTTP")}
}

func (c *connection) sendHello() error {
	version := [3]int{}
	for i, part := range strings.SplitN(c.server.engine.Version(), ".", 4) {
		if i < len(version) {
			version[i], _ = strconv.Atoi(part) // a part that is no number is 0
		}
	}
	hello := proto.ServerHello{
		Name: "ClickHouse", Major: version[0], Minor: version[1], Patch: version[2], Revision: serverRevision,
		Timezone: c.server.engine.Timezone(), DisplayName: c.server.name,
	}
	var b proto.Buffer
	hello.EncodeAware(&b, c.revision)
	return c.sendNow(b.Buf)
}
