package event

import (
	"errors"
	"fmt"
)

// Permanent marks an error that no retry changes: the message itself is bad, or the
// broker will always refuse what follows from it. Only a Permanent sends a message to
// DEAD; an outage never does.
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

// NewerLayout is the error of a message that a later version of this program wrote, in a
// layout unknown to this one. It is fatal: the stage that reads the message stops, and
// leaves it as it is.
type NewerLayout struct {
	// Version is the message's layout version, Newest the newest that this program reads.
	Version, Newest byte
	// Content is why this program cannot read what the message has in a layout that it
	// knows; nil where the layout is the reason.
	Content error
}

// Error says which version the message has and what to do.
func (e *NewerLayout) Error() string {
	if e.Content != nil {
		return fmt.Sprintf("%v: another version of citytally wrote it; use that one here too, or have the message skipped (citytally skip)", e.Content)
	}
	return fmt.Sprintf("decode event: its layout version %d is newer than this program, which reads 1 to %d: upgrade citytally here too, or have the message skipped (citytally skip)", e.Version, e.Newest)
}

// IsNewerLayout reports whether err is a [NewerLayout] or wraps one.
func IsNewerLayout(err error) bool {
	var newer *NewerLayout
	return errors.As(err, &newer)
}
