package sink

import (
	"context"

	"github.com/citytally/citytally/ingest/stream"
)

// block gathers the rows of one insert.
type block interface {
	// add takes a message's rows. After a *stream.PartlyTaken the good rows are in the
	// block; after any other Permanent error none is. Any other error ends the stage.
	add(*stream.Delivery) error
	// rows returns how many rows the insert has, as a measure of its size.
	rows() int
	// store inserts the rows. It may be called again after an error.
	store(context.Context, *Store) error
	reset()
}

// multipartBlock is a block into which all parts of a flush of totals, each of which is a
// message, have to go together.
type multipartBlock interface {
	// incomplete reports whether the block lacks parts of a flush that it holds in part.
	incomplete() bool
	// missingParts returns the sequences of the missing parts in order, for each flush that
	// the block holds in part.
	missingParts() [][]uint64
	// addPart takes the rows of a missing part.
	addPart(subject string, body []byte, sequence uint64) error
}

// indexesExcept returns the numbers from 0 to n-1 without the given ones, which are sorted.
func indexesExcept(n int, excluded []int) []int {
	rest := make([]int, 0, n-len(excluded))
	for i := range n {
		if len(excluded) > 0 && excluded[0] == i {
			excluded = excluded[1:]
			continue
		}
		rest = append(rest, i)
	}
	return rest
}
