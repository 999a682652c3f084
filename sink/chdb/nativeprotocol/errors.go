package nativeprotocol

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// clientGone is the end of a connection: an exception can no longer reach the
// client, or would be taken for a part of what was sent before.
type clientGone struct{ cause error }

func (e *clientGone) Error() string { return fmt.Sprintf("client lost: %v", e.cause) }
func (e *clientGone) Unwrap() error { return e.cause }

// protocolError is a packet that cannot be read. The client is told why and the
// connection ends, because the start of the next packet is unknown.
type protocolError struct{ cause error }

func (e *protocolError) Error() string { return fmt.Sprintf("read packet: %v", e.cause) }
func (e *protocolError) Unwrap() error { return e.cause }

// unreadable classifies an error of reading a packet: the client has left, or has
// sent something that cannot be read.
func unreadable(err error) error {
	if isDisconnect(err) {
		return &clientGone{err}
	}
	return &protocolError{err}
}

// isDisconnect says whether err means that the connection has ended, rather than
// that the client has sent something wrong.
func isDisconnect(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network)
}
