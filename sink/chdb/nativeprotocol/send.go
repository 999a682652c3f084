package nativeprotocol

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/frame"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
)

// sendBytes is the size of the buffer in front of the socket.
const sendBytes = 64 << 10

// deadlineWriter gives every write to the socket a deadline of its own.
type deadlineWriter struct {
	socket  net.Conn
	timeout time.Duration
}

// Write implements io.Writer.
func (w *deadlineWriter) Write(p []byte) (int, error) {
	if err := w.socket.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil {
		return 0, err
	}
	return w.socket.Write(p)
}

// packet calls write, which writes one whole packet, while no other goroutine
// writes.
func (c *connection) packet(write func() error) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	if err := write(); err != nil {
		return &clientGone{err}
	}
	return nil
}

// send buffers a packet until the next flush.
func (c *connection) send(p []byte) error {
	return c.packet(func() error { _, err := c.out.Write(p); return err })
}

// sendNow sends a packet and everything buffered before it.
func (c *connection) sendNow(p []byte) error {
	if err := c.send(p); err != nil {
		return err
	}
	return c.flush()
}

func (c *connection) flush() error { return c.packet(c.out.Flush) }

// sendData sends a Data packet: its code and an empty table name, which are never
// compressed, and the block that write writes, which may be.
func (c *connection) sendData(write func(io.Writer) error) error {
	return c.packet(func() error {
		if _, err := c.out.Write([]byte{byte(proto.ServerCodeData), 0}); err != nil {
			return err
		}
		if !c.compressed {
			return write(c.out)
		}
		if err := write(c.compressor); err != nil {
			return err
		}
		return c.compressor.Flush()
	})
}

// sendHeader sends a block of columns without rows.
func (c *connection) sendHeader(columns []nativeformat.Column) error {
	header := nativeformat.HeaderBlock(columns, c.revision)
	return c.sendData(func(w io.Writer) error { _, err := w.Write(header); return err })
}

// sendException sends err as an Exception packet.
func (c *connection) sendException(err error) error {
	failure := exception.Of(err)
	var broken *protocolError
	if errors.As(err, &broken) && failure.Code == proto.ErrUnknownException {
		failure = exception.Newf(proto.ErrIncorrectData, "Cannot read the client's data: %v", broken.cause)
	}
	var b proto.Buffer
	proto.ServerCodeException.Encode(&b)
	packet := proto.Exception{
		Code: failure.Code, Name: "DB::Exception", Message: failure.Message, Stack: failure.Stack}
	packet.EncodeAware(&b, c.revision)
	return c.sendNow(b.Buf)
}

// compression is the method for the answer's blocks: the one in the query's
// settings, otherwise the one of the client's own blocks.
func (c *connection) compression(settings []setting) compress.Method {
	for _, s := range settings {
		if s.name == "network_compression_method" {
			return frame.MethodNamed(s.value)
		}
	}
	return c.frames.Method()
}
