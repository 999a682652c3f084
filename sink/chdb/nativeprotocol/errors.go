package nativeprotocol

import (
	"fmt"
)

// clientGone is the end of a connection: no answer can reach the client any
// more, or none that it could tell from what was already sent.
type clientGone struct{ cause error }

func (e *clientGone) Error() string { return fmt.Sprintf("client lost: %v", e.cause) }
func (e *clientGone) Unwrap() error { return e.cause }

// protocolError is a packet that cannot be read: the client is told why, and
// since nobody knows where the next packet would begin, the connection ends.
type protocolError struct{ cause error }

func (e *protocolError) Error() string { return fmt.Sprintf("read packet: %v", e.cause) }
func (e *protocolError) Unwrap() error { return e.cause }
