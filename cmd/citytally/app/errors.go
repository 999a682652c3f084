package app

// UsageError is a mistake in the command line or in the settings: what has to
// change is what was asked for, not the state of the system.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// Usage marks an error as a mistake in the command line or in the settings.
func Usage(err error) error { return &UsageError{Err: err} }
