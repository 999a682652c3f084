package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Range is the sequences of a stream from one to another, both included.
type Range struct{ From, To uint64 }

// Holes are sequences between the first message of a stream and its end at which nothing can be
// read, of which nobody has accepted the loss (see [Log.AcceptLoss]). Both lists are in order.
type Holes struct {
	// Unreadable are messages that the broker counts among those it has and does not deliver:
	// what it has stored of them is damaged. They are known once a reader of this program has
	// come past them.
	Unreadable []Range
	// Empty are sequences of which the broker says that it has no message: after a crash they
	// may never have had one of which anybody had a receipt, after damage they had.
	Empty []Range
}

// Holes returns the holes of a stream.
func (l *Log) Holes(ctx context.Context, stream string) (Holes, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return Holes{}, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	missed := l.health.missedIn(stream)
	if len(missed) == 0 && s.CachedInfo().State.NumDeleted == 0 {
		return Holes{}, nil
	}
	info, err := s.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return Holes{}, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	known := parseRanges(info.Config.Metadata[acceptedHolesKey])
	empty := RangesOf(info.State.Deleted)
	held := []Range{{missing(&info.State) + 1, info.State.LastSeq}}
	return Holes{
		Unreadable: Subtract(Subtract(Intersect(missed, held), empty), known),
		Empty:      Subtract(Intersect(empty, held), known),
	}, nil
}

// Lacking returns, in order, the sequences up to the end of a stream at which nothing can be read, and of
// which nobody has accepted the loss: those before its first message, and its holes.
func (l *Log) Lacking(ctx context.Context, stream string) ([]Range, error) {
	extent, err := l.Extent(ctx, stream)
	if err != nil {
		return nil, err
	}
	holes, err := l.Holes(ctx, stream)
	if err != nil {
		return nil, err
	}
	lacking := union(holes.Unreadable, holes.Empty)
	if extent.Missing > 0 {
		lacking = union(lacking, []Range{{extent.First - extent.Missing, extent.First - 1}})
	}
	return lacking, nil
}

// LacksBeginning reports whether a stream has lost its first message, and nobody has accepted
// that: the stream begins later, the message cannot be read, or the stream is empty and another
// one was made from it.
func (l *Log) LacksBeginning(ctx context.Context, stream string) (bool, error) {
	extent, err := l.Extent(ctx, stream)
	if err != nil || extent.Missing > 0 {
		return err == nil, err
	}
	if extent.Messages > 0 {
		_, err := l.Get(ctx, stream, extent.First)
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return false, err
		}
		l.health.miss(stream, Range{extent.First, extent.First})
		holes, err := l.Holes(ctx, stream)
		return len(holes.Unreadable) > 0, err
	}
	for _, r := range References() {
		if r.To != stream {
			continue
		}
		if known, err := l.Refers(ctx, r); err != nil || known > extent.Last {
			return err == nil, err
		}
	}
	return false, nil
}

// Scan reads the headers of a stream up to its present end, so that [Log.Holes] knows every
// message that cannot be read.
func (l *Log) Scan(ctx context.Context, stream string) error {
	extent, err := l.Extent(ctx, stream)
	if err != nil || extent.Messages == 0 {
		return err
	}
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	read := uint64(0)
	err = l.Follow(reading, FollowConfig{Stream: stream, HeadersOnly: true}, func(d Delivery) error {
		if read = d.Sequence; read >= extent.Last {
			caughtUp()
		}
		return nil
	}, caughtUp)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil && read < extent.Last {
		l.Miss(stream, Range{read + 1, extent.Last})
	}
	return err
}

// Miss notes sequences of a stream at which a reader got no message, although it had come to
// them.
func (l *Log) Miss(stream string, r Range) { l.health.miss(stream, r) }

// Missed has a value when a reader of this program has come past sequences without a message
// since the last value was taken.
func (l *Log) Missed() <-chan struct{} { return l.health.newlyMissed }

// miss notes sequences of a stream at which a reader got no message.
func (h *health) miss(stream string, r Range) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(Subtract([]Range{r}, h.missed[stream])) == 0 {
		return
	}
	h.missed[stream] = union(h.missed[stream], []Range{r})
	select {
	case h.newlyMissed <- struct{}{}:
	default:
	}
}

func (h *health) missedIn(stream string) []Range {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.missed[stream]
}

// Count returns how many sequences the ranges have.
func Count(ranges []Range) (n uint64) {
	for _, r := range ranges {
		n += r.To - r.From + 1
	}
	return n
}

// FormatRanges writes ranges as 3,5-9.
func FormatRanges(ranges []Range) string {
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = strconv.FormatUint(r.From, 10)
		if r.To > r.From {
			texts[i] += "-" + strconv.FormatUint(r.To, 10)
		}
	}
	return strings.Join(texts, ",")
}

// parseRanges reads what FormatRanges writes, and leaves out what it cannot read.
func parseRanges(text string) (ranges []Range) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 64)
		to, err2 := strconv.ParseUint(last, 10, 64)
		if err == nil && err2 == nil && from <= to {
			ranges = append(ranges, Range{from, to})
		}
	}
	return ranges
}

// RangesOf returns sequences, which are in order, as ranges.
func RangesOf(sequences []uint64) (ranges []Range) {
	for _, s := range sequences {
		if n := len(ranges); n > 0 && ranges[n-1].To+1 == s {
			ranges[n-1].To = s
		} else {
			ranges = append(ranges, Range{s, s})
		}
	}
	return ranges
}

// union returns what is in a or b, in order.
func union(a, b []Range) (joined []Range) {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b Range) int { return cmp.Compare(a.From, b.From) })
	for _, r := range all {
		if n := len(joined); n > 0 && r.From <= joined[n-1].To+1 {
			joined[n-1].To = max(joined[n-1].To, r.To)
		} else {
			joined = append(joined, r)
		}
	}
	return joined
}

// Subtract returns what is in a and not in b. Both are in order.
func Subtract(a, b []Range) (left []Range) {
	for _, r := range a {
		for _, s := range b {
			if s.To < r.From || s.From > r.To {
				continue
			}
			if s.From > r.From {
				left = append(left, Range{r.From, s.From - 1})
			}
			r.From = s.To + 1
		}
		if r.From <= r.To {
			left = append(left, r)
		}
	}
	return left
}

// Intersect returns what is in a and in b. Both are in order.
func Intersect(a, b []Range) (both []Range) { return Subtract(a, Subtract(a, b)) }
