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
