package event

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// Part says that a submission is a part of one that is larger than a message. The parts of one
// are in the log together or not at all, in the order of their numbers.
type Part struct {
	// Number is from 1 to Of.
	Number int `json:"number"`
	Of     int `json:"of"`
	// Content is a hash of what all parts say, so that a part of other content is another
	// submission.
	Content string `json:"content"`
}

// maxParts is how many parts a submission may have.
const maxParts = 100_000

// checkPart drops what is no part.
func checkPart(s *Submission) {
	p := s.Part
	if p == nil {
		return
	}
	if _, err := ParseSubmissionID(p.Content); err != nil || p.Number < 1 || p.Number > p.Of || p.Of > maxParts {
		s.Part = nil
	}
}

// wholeDigits is how many digits of their ids the parts of one submission have in common.
const wholeDigits = 20

// id returns the id of the part whose rows have an id, with the sender's key: what the parts have
// in common, then what is its own.
func (p *Part) id(rows, key string) string {
	whole := hashOf("parts", strconv.Itoa(p.Of), p.Content, key)
	return whole[:wholeDigits] + hashOf("part", strconv.Itoa(p.Number), rows)[wholeDigits:]
}

// SameWhole reports whether two ids are of parts of one submission, where one of them is that of
// a part.
func SameWhole(id, of string) bool {
	return len(id) > wholeDigits && len(of) > wholeDigits && id[:wholeDigits] == of[:wholeDigits]
}

// WholeID is what the ids of the parts of one submission have in common, and those of no two submissions.
type WholeID [wholeDigits / 2]byte

// Whole returns what the id has in common with those of the other parts, where it is that of a part.
func (id SubmissionID) Whole() WholeID { return WholeID(id[:wholeDigits/2]) }

// hashOf returns 32 hexadecimal digits of a SHA-256 over texts.
func hashOf(texts ...string) string {
	var all []byte
	for _, text := range texts {
		all = appendField(all, text)
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:16])
}

// Rows are observations of one submission, as the elements of a JSON array and the commas
// between them.
type Rows struct {
	Count int
	JSON  []byte
}

// EncodedPart is a part of a submission as a message has it.
type EncodedPart struct {
	ID   string
	Rows int
	Part *Part // nil for a whole submission
	Body []byte
}

// EncodeParts makes the parts of a submission, which is given without its observations. It takes
// the rows away from the list as it goes.
func EncodeParts(s Submission, rows []Rows) ([]EncodedPart, error) {
	contents := make([]string, len(rows))
	s.Observations = nil
	for i := range rows {
		part := Submission{Area: s.Area, Dataset: s.Dataset, Reason: s.Reason}
		body, err := withRows(part, rows[i].JSON)
		if err != nil {
			return nil, err
		}
		if part, err = DecodeSubmission(body); err != nil {
			return nil, fmt.Errorf("read part %d: %w", i+1, err)
		}
		contents[i] = part.ContentID()
	}
	part := Part{Of: len(rows), Content: hashOf(contents...)}
	parts := make([]EncodedPart, len(rows))
	for i := range rows {
		part.Number = i + 1
		parts[i].ID, parts[i].Rows = part.id(contents[i], s.Key), rows[i].Count
		own := part
		s.Part, parts[i].Part = &own, &own
		var err error
		if parts[i].Body, err = withRows(s, rows[i].JSON); err != nil {
			return nil, err
		}
		rows[i].JSON = nil
	}
	return parts, nil
}

// withRows encodes a submission without observations, with rows in their place.
func withRows(s Submission, rows []byte) ([]byte, error) {
	s.Observations = []Observation{}
	head, err := json.Marshal(&s)
	if err != nil {
		return nil, fmt.Errorf("encode submission: %w", err)
	}
	const end = "]}" // the observations are the last field
	body := make([]byte, 0, len(head)+len(rows))
	body = append(append(body, head[:len(head)-len(end)]...), rows...)
	return append(body, end...), nil
}
