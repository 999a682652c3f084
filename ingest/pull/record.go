package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
)

// Record is what is known of a source. It stands in the bucket SOURCES under the source's name.
type Record struct {
	// Slot is the last slot that a run was begun for.
	Slot time.Time `json:"slot"`
	// Asked is when a person asked for a run, the last time.
	Asked time.Time `json:"asked,omitzero"`
	// Running is the run under way, nil where there is none.
	Running *Running `json:"running,omitempty"`
	// ETag and LastModified are those of the last answer whose file went to the gateway, and Files
	// the SHA-256 of each file that did, by name.
	ETag         string            `json:"etag,omitempty"`
	LastModified string            `json:"last_modified,omitempty"`
	Files        map[string]string `json:"files,omitempty"`
	// Runs are the last ones, the oldest first.
	Runs []Run `json:"runs,omitempty"`
}

// Running is a run that was begun.
type Running struct {
	ID string `json:"id"`
	// By names the instance.
	By      string    `json:"by"`
	Started time.Time `json:"started"`
	Slot    time.Time `json:"slot,omitzero"`
	Asked   time.Time `json:"asked,omitzero"`
	// Since is the place in SUBMISSIONS from which on what it sent is to be found.
	Since uint64 `json:"since"`
}

// Outcome is what a run came to.
type Outcome string

// The outcomes of a run.
const (
	Unchanged Outcome = "unchanged" // nothing was new, so nothing was sent
	Sent      Outcome = "sent"      // everything new has a receipt, and no row was refused
	Refused   Outcome = "refused"   // something of what was new was not accepted
	Failed    Outcome = "failed"    // something could not be fetched or sent; it is tried at the next slot
)

// Run is one run of a source.
type Run struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Slot is the slot that it was for, or Asked when a person asked for it.
	Slot    time.Time `json:"slot,omitzero"`
	Asked   time.Time `json:"asked,omitzero"`
	Outcome Outcome   `json:"outcome"`
	// Files are those that were new.
	Files []FileResult `json:"files,omitempty"`
	// Why says what failed.
	Why string `json:"why,omitempty"`
}

// FileResult is what became of one file of a run.
type FileResult struct {
	Name string `json:"name"`
	// Bytes and SHA256 are those of the content.
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Submissions are the ids, and Status the receipts' status, the worst of several; "" where the
	// file was refused, and Why says why.
	Submissions []string `json:"submissions,omitempty"`
	Status      string   `json:"status,omitempty"`
	Why         string   `json:"why,omitempty"`
}

// maxRuns is how many runs a record keeps.
const maxRuns = 50

// errTaken is the error of a change to a record that somebody else changed first.
var errTaken = errors.New("the record was changed by another process")

// read returns a source's record and its revision, 0 where there is none yet.
func read(ctx context.Context, kv jetstream.KeyValue, name string) (r Record, revision uint64, err error) {
	entry, err := kv.Get(ctx, name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Record{}, 0, nil
	}
	if err != nil {
		return Record{}, 0, fmt.Errorf("read record of source %s: %w", name, err)
	}
	if err := json.Unmarshal(entry.Value(), &r); err != nil {
		return Record{}, 0, fmt.Errorf("read record of source %s: %w", name, err)
	}
	return r, entry.Revision(), nil
}

// write stores a record where it is still at a revision, else the error is errTaken.
func write(ctx context.Context, kv jetstream.KeyValue, name string, r Record, revision uint64) (uint64, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return 0, err
	}
	if revision == 0 {
		revision, err = kv.Create(ctx, name, text)
	} else {
		revision, err = kv.Update(ctx, name, text, revision)
	}
	var api *jetstream.APIError
	if errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return 0, errTaken
	}
	return revision, err
}

// change reads a record, changes it and stores it, until nobody else does so meanwhile.
func change(ctx context.Context, kv jetstream.KeyValue, name string, change func(*Record) error) error {
	for {
		r, revision, err := read(ctx, kv, name)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		if _, err = write(ctx, kv, name, r, revision); !errors.Is(err, errTaken) {
			return err
		}
	}
}

// Look returns a source's record; the zero Record where it was never looked at.
func Look(ctx context.Context, log *stream.Log, name string) (Record, error) {
	kv, err := log.Bucket(ctx, stream.SourcesBucket)
	if err != nil {
		return Record{}, err
	}
	r, _, err := read(ctx, kv, name)
	return r, err
}

// Ask has a source fetched now, by the process that comes first, and returns what names the run:
// its Asked.
func Ask(ctx context.Context, log *stream.Log, name string, now time.Time) (asked time.Time, err error) {
	kv, err := log.Bucket(ctx, stream.SourcesBucket)
	if err != nil {
		return time.Time{}, err
	}
	asked = now.UTC()
	return asked, change(ctx, kv, name, func(r *Record) error { r.Asked = asked; return nil })
}

// RunAsked returns the run that was asked for at a time, nil while it has not ended.
func (r *Record) RunAsked(asked time.Time) *Run {
	for i := range r.Runs {
		if r.Runs[i].Asked.Equal(asked) {
			return &r.Runs[i]
		}
	}
	return nil
}
