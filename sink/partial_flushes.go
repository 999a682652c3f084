package sink

import "github.com/citytally/citytally/ingest/event"

// partialFlushes are the flushes of totals of which a block has some parts and not all. The
// parts of a flush have consecutive sequences in TOTALS, so the sequence of one part gives
// those of the others.
type partialFlushes struct {
	heldParts map[flushPosition]map[int]bool // the numbers of the parts in the block
}

// flushPosition identifies a flush: the sequence of its first part in TOTALS, how many parts
// it has, and its basis.
type flushPosition struct {
	first uint64
	parts int
	basis uint64
}

// maxParts is more parts than any flush of the transform stage has.
const maxParts = 100_000

// add records that the block holds the batch, which is a part of a flush.
func (f *partialFlushes) add(batch *event.TotalsBatch, sequence uint64) {
	if batch.Parts <= 1 || batch.Parts > maxParts || batch.Part < 1 || batch.Part > batch.Parts || uint64(batch.Part) > sequence {
		return
	}
	flush := flushPosition{first: sequence - uint64(batch.Part) + 1, parts: batch.Parts, basis: batch.Basis}
	if f.heldParts == nil {
		f.heldParts = map[flushPosition]map[int]bool{}
	}
	held := f.heldParts[flush]
	if held == nil {
		held = map[int]bool{}
		f.heldParts[flush] = held
	}
	if held[batch.Part] = true; len(held) == batch.Parts {
		delete(f.heldParts, flush)
	}
}

// any reports whether the block holds a flush in part.
func (f *partialFlushes) any() bool { return len(f.heldParts) > 0 }

// missing returns the sequences, in order, of the parts that the block lacks, for each
// flush that it holds in part.
func (f *partialFlushes) missing() [][]uint64 {
	var all [][]uint64
	for flush, held := range f.heldParts {
		var missing []uint64
		for part := 1; part <= flush.parts; part++ {
			if !held[part] {
				missing = append(missing, flush.first+uint64(part)-1)
			}
		}
		all = append(all, missing)
	}
	return all
}
