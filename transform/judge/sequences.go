package judge

import (
	"cmp"
	"slices"
)

// sequences is a set of sequences of a stream. What it takes in memory follows from
// the gaps between them, not from their number.
type sequences []span

// span is the sequences from first to last.
type span struct{ first, last uint64 }

// contains reports whether a sequence is in the set.
func (s sequences) contains(sequence uint64) bool {
	_, found := s.find(sequence)
	return found
}

// find returns the span that holds a sequence, or the place where it would stand.
func (s sequences) find(sequence uint64) (int, bool) {
	return slices.BinarySearchFunc(s, sequence, func(of span, sequence uint64) int {
		if of.first <= sequence && sequence <= of.last {
			return 0
		}
		return cmp.Compare(of.first, sequence)
	})
}

// add puts a sequence into the set.
func (s *sequences) add(sequence uint64) {
	at, found := s.find(sequence)
	if found {
		return
	}
	followsBefore := at > 0 && (*s)[at-1].last+1 == sequence
	beginsAfter := at < len(*s) && (*s)[at].first == sequence+1
	switch {
	case followsBefore && beginsAfter:
		(*s)[at-1].last = (*s)[at].last
		*s = slices.Delete(*s, at, at+1)
	case followsBefore:
		(*s)[at-1].last = sequence
	case beginsAfter:
		(*s)[at].first = sequence
	default:
		*s = slices.Insert(*s, at, span{sequence, sequence})
	}
}
