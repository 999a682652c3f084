package sink

// poison is what of a message cannot be stored; the rest of it has been taken.
type poison struct {
	// body is a message of the same kind with the bad rows alone.
	body  []byte
	cause error
}

func (p *poison) Error() string { return p.cause.Error() }
func (p *poison) Unwrap() error { return p.cause }
