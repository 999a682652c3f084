package pull

import (
	"context"

	"github.com/citytally/citytally/ingest/stream"
)

// Begin notes a run as begun, as a process does that is killed then.
func Begin(ctx context.Context, log *stream.Log, name string, running Running) error {
	kv, err := log.Bucket(ctx, stream.SourcesBucket)
	if err != nil {
		return err
	}
	return change(ctx, kv, name, func(r *Record) error { r.Slot, r.Running = running.Slot, &running; return nil })
}
