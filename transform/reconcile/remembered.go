package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
)

// Remembered is what the projection knows of the log beside its rows: which log it is, and up to where
// those streams went of which it has no rows. A stream that was put back older is told by it.
type Remembered struct {
	Log  stream.Identity // no id where nothing is remembered
	Ends map[string]SeenEnd
}

// SeenEnd is the sequence of a stream's newest message, and when it was seen.
type SeenEnd struct {
	Last uint64
	At   time.Time
}

// remembered are the streams whose ends are remembered: no other stream is made from all of their
// messages, and no row.
func remembered() []string {
	return slices.DeleteFunc(Unrestored(), func(name string) bool { return name == stream.Totals })
}

// checkRemembered compares the log with what the projection remembers of it. shows says that the
// projection has rows, which are then of the log that it remembers.
func checkRemembered(ctx context.Context, log *stream.Log, projection Projection, shows bool) ([]Divergence, error) {
	known, err := projection.Remembered(ctx)
	if err != nil || known.Log.ID == "" {
		return nil, err
	}
	identity, err := log.Identity(ctx)
	if err != nil {
		return nil, err
	}
	if identity.ID != known.Log.ID || identity.Generation < known.Log.Generation {
		if !shows || identity.ID == "" {
			return nil, nil
		}
		return []Divergence{{Kind: OtherLog, Stream: stream.Accepted, Holder: ClickHouse, Detail: fmt.Sprintf("%s / %s", identity, known.Log)}}, nil
	}
	var found []Divergence
	for _, name := range slices.Sorted(maps.Keys(known.Ends)) {
		extent, err := log.Extent(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) || err == nil && extent.Anew {
			continue // which is told as that
		}
		if err != nil {
			return nil, err
		}
		if seen := known.Ends[name]; seen.lostIn(&extent) {
			found = append(found, Divergence{Kind: TailLost, Stream: name, Last: extent.Last, Holder: ClickHouse, Known: seen.Last})
		}
	}
	return found, nil
}

// lostIn reports whether a stream has lost the message, and nobody has accepted that since.
func (s SeenEnd) lostIn(extent *stream.Extent) bool {
	return s.Last > extent.Last && s.At.Truncate(time.Second).After(extent.AcceptedAt)
}

// Remember has the projection remember which log it is, and up to where its streams go, as far as that
// has changed. It is called while nothing diverges.
func Remember(ctx context.Context, log *stream.Log, projection Projection, now time.Time) error {
	known, err := projection.Remembered(ctx)
	if err != nil {
		return err
	}
	next := Remembered{Ends: map[string]SeenEnd{}}
	if next.Log, err = log.Identity(ctx); err != nil || next.Log.ID == "" {
		return err
	}
	for _, name := range remembered() {
		extent, err := log.Extent(ctx, name)
		if err != nil {
			return err
		}
		seen, is := known.Ends[name]
		if next.Log == known.Log && (is && seen.Last == extent.Last || seen.lostIn(&extent)) {
			continue
		}
		next.Ends[name] = SeenEnd{Last: extent.Last, At: now}
	}
	if len(next.Ends) == 0 {
		return nil
	}
	return projection.Remember(ctx, next)
}
