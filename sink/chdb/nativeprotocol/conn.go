package nativeprotocol

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/frame"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
)

// connection is one client: its socket, its session and the state of its query.
type connection struct {
	server *server
	socket net.Conn
	log    zerolog.Logger

	in       *nativeformat.Reader // packets, and blocks that are not compressed
	frames   *frame.Reader        // on in
	unpacked *nativeformat.Reader // on frames: blocks that are compressed

	sending    sync.Mutex // held while a whole packet is written
	out        *bufio.Writer
	compressor *frame.Writer // on out

	revision         int
	user             engine.User
	leave            func() // of the count of readers; nil for others
	session          *engine.Session
	settings         querySettings
	targets          insertTargets
	compressed       bool // the blocks of the current or last query are
	discardingInsert bool // the client still sends blocks of an insert that has failed

	mu       sync.Mutex
	idle     bool // no query runs
	draining bool
}

func newConnection(s *server, socket net.Conn) *connection {
	c := &connection{server: s, socket: socket, idle: true}
	c.log = s.log.With().Stringer("client", socket.RemoteAddr()).Logger()
	c.in = nativeformat.NewReader(socket)
	c.frames = frame.NewReader(c.in)
	c.unpacked = nativeformat.NewReader(c.frames)
	c.out = bufio.NewWriterSize(&deadlineWriter{socket: socket, timeout: s.limits.SendTimeout}, sendBytes)
	c.compressor = frame.NewWriter(c.out, compress.LZ4)
	return c
}

// serve answers the client's Hello and runs its queries until the client leaves
// or the server stops.
func (c *connection) serve(ctx context.Context) {
	defer func() {
		_ = c.socket.Close() // an error changes nothing: the connection is over
		c.frames.Close()
		if c.leave != nil {
			c.leave()
		}
		if c.session != nil {
			if err := c.session.Close(); err != nil {
				c.log.Error().Err(err).Msg("close session")
			}
		}
	}()
	err := c.handshake(ctx)
	if err == nil {
		err = c.serveRequests(ctx)
	}
	var lost *clientGone
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.As(err, &lost):
		c.log.Debug().AnErr("reason", err).Msg("clickhouse client left")
	default:
		c.log.Debug().Err(err).Msg("clickhouse client turned away")
		if err := c.sendException(err); err != nil {
			c.log.Debug().Err(err).Msg("tell client")
		}
	}
}

// serveRequests carries out the client's requests, one packet after the other.
func (c *connection) serveRequests(ctx context.Context) error {
	for {
		if err := c.awaitPacket(); err != nil {
			return err
		}
		packet, err := c.in.Uvarint()
		if err != nil {
			return &clientGone{err}
		}
		switch packet {
		case uint64(proto.ClientCodePing):
			err = c.sendNow([]byte{byte(proto.ServerCodePong)})
		case uint64(proto.ClientCodeQuery):
			c.discardingInsert = false
			err = c.query(ctx)
		case uint64(proto.ClientCodeData):
			err = c.discardBlock()
		case uint64(proto.ClientCodeCancel), clientKeepAlive:
			// A Cancel can arrive after its query has ended.
		case clientTablesStatus:
			err = c.tablesStatus(ctx)
		default:
			err = exception.Newf(proto.ErrUnknownPacketFromClient, "Unknown packet %d from client", packet)
		}
		if err != nil {
			return err
		}
	}
}

// errStopping ends a connection because the server stops.
var errStopping = errors.New("the server stops")

// awaitPacket waits for the first byte of a packet. Until it comes the connection
// is idle, and drain may close it.
func (c *connection) awaitPacket() error {
	c.mu.Lock()
	if c.draining {
		c.mu.Unlock()
		return &clientGone{errStopping}
	}
	c.idle = true
	c.mu.Unlock()
	err := c.awaitByte()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = false
	if err != nil {
		return &clientGone{err}
	}
	return nil
}

// awaitByte waits for the next byte, for a user who only reads no longer than limits.ReaderIdle.
func (c *connection) awaitByte() error {
	if c.user.ReadOnly {
		if err := c.socket.SetReadDeadline(time.Now().Add(limits.ReaderIdle)); err != nil {
			return err
		}
	}
	if _, err := c.in.Peek(1); err != nil {
		return err
	}
	return c.socket.SetReadDeadline(time.Time{})
}

// drain closes the connection at once if it is idle, otherwise after its query.
func (c *connection) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if c.idle {
		_ = c.socket.Close() // awaitPacket returns the consequence
	}
}

// discardBlock reads a block of an insert that has already failed. A client reads
// the exception only after it has sent its blocks.
func (c *connection) discardBlock() error {
	if !c.discardingInsert {
		return exception.Newf(proto.ErrUnexpectedPacketFromClient, "Unexpected packet Data received from client: no query waits for it")
	}
	columns, _, err := c.readBlock(io.Discard)
	if err != nil {
		return err
	}
	c.discardingInsert = columns != 0
	return nil
}

// readBlock reads a Data packet after its code and copies the block to dst as the
// engine reads it.
func (c *connection) readBlock(dst io.Writer) (columns, rows uint64, err error) {
	if _, err := c.in.String(maxTextBytes); err != nil {
		return 0, 0, &clientGone{err}
	}
	return c.readBlockBody(dst)
}

func (c *connection) readBlockBody(dst io.Writer) (columns, rows uint64, err error) {
	in := c.in
	if c.compressed {
		in = c.unpacked
	}
	columns, rows, err = nativeformat.CopyClientBlock(dst, in, c.revision)
	if err != nil {
		return 0, 0, unreadable(err)
	}
	return columns, rows, nil
}

// watch reads from the socket while a query runs. A Cancel packet, or the end of
// the connection, calls cancel. The caller calls stop once the query has ended;
// it returns an error when the client is gone.
func (c *connection) watch(cancel context.CancelFunc) (stop func() error) {
	over := make(chan error, 1)
	go func() {
		next, err := c.in.Peek(1)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			over <- nil
		case err != nil:
			cancel()
			over <- &clientGone{err}
		default:
			if next[0] == byte(proto.ClientCodeCancel) {
				err = c.in.Skip(1) // cannot fail: the byte is there
				cancel()
			}
			over <- err
		}
	}()
	return func() error {
		if err := c.socket.SetReadDeadline(time.Unix(1, 0)); err != nil {
			return errors.Join(&clientGone{err}, <-over)
		}
		if err := <-over; err != nil {
			return err
		}
		if err := c.socket.SetReadDeadline(time.Time{}); err != nil {
			return &clientGone{err}
		}
		return nil
	}
}
