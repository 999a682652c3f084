package event

import (
	"errors"
	"fmt"
)

// Permanent marks an error that no retry will mend: the message itself is bad.
// Only a Permanent sends a message to DEAD; an outage never does.
type Permanent struct{ Err error }

// Permanentf is fmt.Errorf for a Permanent.
func Permanentf(format string, args ...any) error {
	return &Permanent{Err: fmt.Errorf(format, args...)}
}

// Error returns the cause's text.
func (p *Permanent) Error() string { return p.Err.Error() }

// Unwrap returns the cause.
func (p *Permanent) Unwrap() error { return p.Err }

// IsPermanent reports whether err is marked permanent.
func IsPermanent(err error) bool {
	var p *Permanent
	return errors.As(err, &p)
}

// NewerLayout is the error of a message whose layout a later version of this
// program wrote. It is fatal: the stage that meets one stops, and leaves the
// message as it is.
type NewerLayout struct {
	// Version is the message's layout, Newest the newest that this program reads.
	Version, Newest byte
}

// Error says what to do.
func (e *NewerLayout) Error() string {
	return fmt.Sprintf("decode event: its layout version %d is newer than this program, which reads 1 to %d: upgrade citytally here too, or have the message skipped (citytally skip)", e.Version, e.Newest)
}

// IsNewerLayout reports whether err comes of a message that only a later version
// of this program can read.
func IsNewerLayout(err error) bool {
	var newer *NewerLayout
	return errors.As(err, &newer)
}
