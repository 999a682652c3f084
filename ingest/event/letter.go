package event

import (
	"encoding/json"
	"time"
)

// DeadLetter is the record of a message that a stage could not process: JSON on
// dead.<stage>. It refers to the message, which stays in its stream.
type DeadLetter struct {
	Stage    string    `json:"stage"`
	Stream   string    `json:"stream"`
	Sequence uint64    `json:"sequence"`
	Subject  string    `json:"subject"`
	StoredAt time.Time `json:"stored_at"`
	// DiedAt is when the letter was written.
	DiedAt time.Time `json:"died_at"`
	Error  string    `json:"error"`
	// Hash is the SHA-256 of the message's body in hexadecimal digits, and Size the body's
	// length in bytes. Letters of earlier versions have neither.
	Hash string `json:"hash,omitempty"`
	Size int    `json:"size,omitempty"`
	// Body is the message's body where its stream does not keep it, cut off after
	// 64 KiB. Letters of earlier versions always have one.
	Body []byte `json:"body,omitempty"`
	// Person is who had the message skipped, in a letter that says so.
	Person Person `json:"person,omitzero"`
}

// Bounds, in bytes, of the texts in a letter, so that the broker always takes it.
const (
	maxLetterBody = 64 << 10
	maxLetterText = 4 << 10
)

// Encode returns the letter as a message body, with texts and Body cut to their bounds.
func (l DeadLetter) Encode() ([]byte, error) {
	l.Subject = Excerpt(l.Subject, maxLetterText)
	l.Error = Excerpt(l.Error, maxLetterText)
	l.Body = l.Body[:min(len(l.Body), maxLetterBody)]
	body, err := json.Marshal(l)
	if err != nil {
		return nil, Permanentf("encode dead letter: %w", err)
	}
	return body, nil
}
