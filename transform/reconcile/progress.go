package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Keys of the bucket SCHEDULES.
const (
	wholeKey    = "recompute.whole"
	progressKey = "recompute.progress"
	stopKey     = "recompute.stop"
)

// soundYear is a year whose totals were as they should be: with the figures up to Basis, and
// what was shown then, as its digest.
type soundYear struct {
	Basis uint64 `json:"basis"`
	Shown uint64 `json:"shown"`
}

// whole is what the last recomputation of everything found, under a catalogue.
type whole struct {
	Run       string            `json:"run"`
	Catalogue string            `json:"catalogue"`
	Sound     map[int]soundYear `json:"sound"`
}

// Progress is how far the recomputation under way, or the last that was broken off, has come.
type Progress struct {
	// Run is the id of its command, and Bounds its bounds.
	Run    string `json:"run"`
	Bounds string `json:"bounds"`
	// Catalogue is the version of that in force.
	Catalogue string `json:"catalogue"`
	// Years is how many years of totals it compares, and Compared how many it has.
	Years    int `json:"years"`
	Compared int `json:"compared"`
	// Sound are the years in which nothing differed.
	Sound map[int]soundYear `json:"sound,omitempty"`
}

// boundsOf writes what a command is about; two commands of the same bounds go on with each
// other's work.
func boundsOf(c *event.Command) string {
	return strings.Join([]string{c.Period, c.Until, c.Indicator, c.Area, c.Catalogue, fmt.Sprint(c.Full, c.Dry)}, " ")
}

// recall reads the value of a key into v, and reports whether there is one that can be read.
func recall(ctx context.Context, log *stream.Log, key string, v any) (bool, error) {
	kv, err := log.Bucket(ctx, stream.SchedulesBucket)
	if err != nil {
		return false, err
	}
	entry, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", key, err)
	}
	return json.Unmarshal(entry.Value(), v) == nil, nil
}

func remember(ctx context.Context, log *stream.Log, key string, v any) error {
	kv, err := log.Bucket(ctx, stream.SchedulesBucket)
	if err != nil {
		return err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	if _, err := kv.Put(ctx, key, body); err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

// ProgressOf returns how far the recomputation with a command's id has come, and whether it
// has begun and is the latest.
func ProgressOf(ctx context.Context, log *stream.Log, run string) (p Progress, ok bool, err error) {
	ok, err = recall(ctx, log, progressKey, &p)
	return p, ok && p.Run == run, err
}

// Stop asks the recomputation with a command's id to end before its next year. It publishes
// nothing then; one with the same bounds goes on where it was.
func Stop(ctx context.Context, log *stream.Log, run string) error {
	return remember(ctx, log, stopKey, run)
}

// isStopped reports whether somebody asked the run to end.
func (r *Recomputer) isStopped(ctx context.Context, run string) (bool, error) {
	var stopped string
	ok, err := recall(ctx, r.log, stopKey, &stopped)
	return ok && stopped == run, err
}
