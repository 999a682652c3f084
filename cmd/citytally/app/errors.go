package app

// UsageError is a mistake in the command line or in the settings. Asking again in
// the same words gives the same error.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// Usage marks an error as a mistake in the command line or in the settings.
func Usage(err error) error { return &UsageError{Err: err} }
