package event

import (
	"encoding/hex"
	"fmt"
)

// SubmissionID identifies a submission by its content; see [Submission.ID].
type SubmissionID [16]byte

// ParseSubmissionID reads an id of 32 hexadecimal digits.
func ParseSubmissionID(text string) (id SubmissionID, err error) {
	if len(text) == hex.EncodedLen(len(id)) {
		if _, err := hex.Decode(id[:], []byte(text)); err == nil {
			return id, nil
		}
	}
	return SubmissionID{}, fmt.Errorf("submission id %q: want %d hexadecimal digits", text, hex.EncodedLen(len(id)))
}

// String returns the id as 32 hexadecimal digits.
func (id SubmissionID) String() string { return hex.EncodeToString(id[:]) }
