package event

import "time"

// DeadLetter is a message that a stage could not process: JSON on dead.<stage>.
type DeadLetter struct {
	Stage    string    `json:"stage"`
	Stream   string    `json:"stream"`
	Sequence uint64    `json:"sequence"`
	Subject  string    `json:"subject"`
	StoredAt time.Time `json:"stored_at"`
	DiedAt   time.Time `json:"died_at"`
	Error    string    `json:"error"`
	// Body is the message as it was, or the part of it that could not be
	// processed.
	Body []byte `json:"body"`
}
