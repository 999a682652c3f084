package sink

import "github.com/citytally/citytally/ingest/event"

// flushes keeps account of the flushes of totals that a block holds in part.
// The parts of a flush lie side by side in TOTALS, so a part's sequence tells
// where the others are.
type flushes struct {
	partial map[flush]map[int]bool // the parts that the block holds
}

// flush is where a flush of totals lies in TOTALS, and its basis.
type flush struct {
	first uint64
	parts int
	basis uint64
}

// A flush of more parts than this was not made by the transform stage.
const maxParts = 100_000

func (f *flushes) note(batch *event.TotalsBatch, sequence uint64) {
	if batch.Parts <= 1 || batch.Parts > maxParts || batch.Part < 1 || batch.Part > batch.Parts || uint64(batch.Part) > sequence {
		return
	}
	of := flush{first: sequence - uint64(batch.Part) + 1, parts: batch.Parts, basis: batch.Basis}
	if f.partial == nil {
		f.partial = map[flush]map[int]bool{}
	}
	there := f.partial[of]
	if there == nil {
		there = map[int]bool{}
		f.partial[of] = there
	}
	if there[batch.Part] = true; len(there) == batch.Parts {
		delete(f.partial, of)
	}
}

// open reports whether the block holds a flush only in part.
func (f *flushes) open() bool { return len(f.partial) > 0 }

// absent returns where the parts lie that the block lacks: for each flush that it holds
// in part, their sequences in order.
func (f *flushes) absent() [][]uint64 {
	var all [][]uint64
	for of, there := range f.partial {
		var absent []uint64
		for part := 1; part <= of.parts; part++ {
			if !there[part] {
				absent = append(absent, of.first+uint64(part)-1)
			}
		}
		all = append(all, absent)
	}
	return all
}
