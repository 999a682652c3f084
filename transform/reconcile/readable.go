package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Readable returns why the stages cannot read a message, or nil.
func Readable(name string, sequence uint64, body []byte) (err error) {
	switch name {
	case stream.Accepted:
		var batch *event.AcceptedBatch
		if batch, err = event.DecodeAccepted(body); err != nil {
			return err
		}
		for i := range batch.Decisions {
			if d := &batch.Decisions[i]; d.Kind == event.Adopt {
				_, problem := edition.Read(sequence, d)
				err = errors.Join(err, problem)
			}
		}
	case stream.Submissions:
		_, err = event.DecodeSubmission(body)
	case stream.Totals:
		_, err = event.DecodeTotals(body)
	case stream.Releases:
		_, err = event.DecodeRelease(body)
	}
	return err
}

// Unrestored are the streams of which nothing is brought back: totals are computed anew, what districts
// published is in SUBMISSIONS, and nothing is made from the others.
func Unrestored() []string {
	return slices.DeleteFunc(stream.All(), func(name string) bool { return slices.Contains(KeptWhole(), name) })
}

// KeptWhole are the streams of which nothing is ever taken out but the oldest messages, and of which
// what is lost would not be made anew.
func KeptWhole() []string {
	return []string{stream.Submissions, stream.Accepted, stream.Verdicts, stream.Releases}
}

// Scan reads streams, so that it is known what cannot be read.
func Scan(ctx context.Context, log *stream.Log, names ...string) error {
	for _, name := range names {
		if err := log.Scan(ctx, name); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}
