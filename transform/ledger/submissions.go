package ledger

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/citytally/citytally/ingest/event"
)

// foldedSubmission is a submission that the ledger has folded in.
type foldedSubmission struct {
	id               event.SubmissionID
	sequence         uint64 // in SUBMISSIONS
	acceptedSequence uint64 // in ACCEPTED
	rows             uint32
	before           uint32 // number of the one before it with the same id, from 1; 0: none
}

// keyHash stands for a sender's key.
type keyHash [16]byte

func hashKey(area, dataset, key string) keyHash {
	sum := sha256.Sum256([]byte(area + " " + dataset + " " + key))
	return keyHash(sum[:16])
}

// foldKey notes the key of the submission with a number.
func (l *Ledger) foldKey(number uint32, s *event.AcceptedSubmission) {
	if l.keyHolders == nil {
		l.keyHolders, l.keyed = map[keyHash]uint32{}, map[event.SubmissionID][]uint32{}
	}
	if hash := hashKey(s.Area, s.Dataset, s.Key); !hasKey(l.keyHolders, hash) {
		l.keyHolders[hash] = number
	}
	if content, err := event.ParseSubmissionID(s.Content); err == nil {
		l.keyed[content] = append(l.keyed[content], number)
	}
}

func hasKey[K comparable, V any](m map[K]V, key K) bool { _, ok := m[key]; return ok }

// Submission says where a submission and its accepted observations are stored.
type Submission struct {
	ID event.SubmissionID
	// Sequence is its place in SUBMISSIONS.
	Sequence uint64
	// AcceptedSequence is the place of its accepted observations in ACCEPTED, and
	// Rows their number.
	AcceptedSequence uint64
	Rows             int
}

// Accepted returns where the accepted observations of a message of SUBMISSIONS are
// stored, by its id and sequence; false when none of its rows has been accepted.
func (l *Ledger) Accepted(submission string, sequence uint64) (Submission, bool) {
	id, err := event.ParseSubmissionID(submission)
	if err != nil {
		return Submission{}, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, ok := l.accepted(id, sequence)
	if !ok {
		return Submission{}, false
	}
	return l.submissions[number].toSubmission(), true
}

// accepted returns the number of the submission with an id and a sequence.
func (l *Ledger) accepted(id event.SubmissionID, sequence uint64) (number uint32, ok bool) {
	for number, ok = l.submissionNumbers[id]; ok; {
		s := &l.submissions[number]
		if s.sequence == sequence {
			return number, true
		}
		if s.before == 0 {
			break
		}
		number = s.before - 1
	}
	return 0, false
}

// AcceptedOfContent returns every submission with the content of an id, with whatever
// key, of which rows were accepted: the newest first.
func (l *Ledger) AcceptedOfContent(content string) []Submission {
	id, err := event.ParseSubmissionID(content)
	if err != nil {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	var all []Submission
	number, ok := l.submissionNumbers[id]
	for ok {
		s := &l.submissions[number]
		all = append(all, s.toSubmission())
		number, ok = s.before-1, s.before > 0
	}
	for _, number := range l.keyed[id] {
		all = append(all, l.submissions[number].toSubmission())
	}
	slices.SortFunc(all, func(a, b Submission) int { return cmp.Compare(b.Sequence, a.Sequence) })
	return all
}

// KeyHolder returns the id of the submission that a sender's key stands for: the first
// of which rows were accepted.
func (l *Ledger) KeyHolder(area, dataset, key string) (id string, used bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, used := l.keyHolders[hashKey(area, dataset, key)]
	if !used {
		return "", false
	}
	return l.submissions[number].id.String(), true
}

// Submissions returns every submission folded in up to a sequence of ACCEPTED,
// inclusive.
func (l *Ledger) Submissions(upTo uint64) []Submission {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]Submission, 0, len(l.submissions))
	for i := range l.submissions {
		if l.submissions[i].acceptedSequence <= upTo {
			all = append(all, l.submissions[i].toSubmission())
		}
	}
	return all
}

func (s *foldedSubmission) toSubmission() Submission {
	return Submission{ID: s.id, Sequence: s.sequence, AcceptedSequence: s.acceptedSequence, Rows: int(s.rows)}
}
