package nativeprotocol

import (
	"fmt"
)

// lostClient is the end of a connection: no answer can reach the client any
// more, or none that it could tell from what was already sent.
type lostClient struct{ cause error }

func (e *lostClient) Error() string { return fmt.Sprintf("client lost: %v", e.cause) }
func (e *lostClient) Unwrap() error { return e.cause }

// brokenProtocol is a packet that cannot be read: the client is told why, and
// since nobody knows where the next packet would begin, the connection ends.
type brokenProtocol struct{ cause error }

func (e *brokenProtocol) Error() string { return fmt.Sprintf("read packet: %v", e.cause) }
func (e *brokenProtocol) Unwrap() error { return e.cause }
