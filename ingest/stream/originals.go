package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// OriginalsBucket is the object store of the files that were uploaded, each under its SHA-256, and
// Originals the stream behind it.
const (
	OriginalsBucket = "ORIGINALS"
	Originals       = "OBJ_" + OriginalsBucket
)

// ErrNoOriginal is the error of a file that is not kept, or not any more.
var ErrNoOriginal = errors.New("the file is not kept, or not any more")

// KeepOriginal makes a file durable as it is, unless it is kept already, and returns its SHA-256
// in hexadecimal digits, by which [Log.Original] finds it.
func (l *Log) KeepOriginal(ctx context.Context, content []byte) (hash string, err error) {
	sum := sha256.Sum256(content)
	hash = hex.EncodeToString(sum[:])
	ctx, cancel := context.WithTimeout(ctx, timeoutFor(len(content)))
	defer cancel()
	ctx, done := l.Deniable(ctx, "$O.", api)
	return hash, done(l.keepOriginal(ctx, hash, content))
}

func (l *Log) keepOriginal(ctx context.Context, hash string, content []byte) error {
	store, err := l.js.ObjectStore(ctx, OriginalsBucket)
	if err != nil {
		return fmt.Errorf("open the store of originals: %w", err)
	}
	_, err = store.GetInfo(ctx, hash)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		_, err = store.PutBytes(ctx, hash, content)
	}
	if err != nil {
		return fmt.Errorf("keep the original: %w", err)
	}
	return nil
}

// Original returns a file by its SHA-256. The error is ErrNoOriginal where it is not there whole.
func (l *Log) Original(ctx context.Context, hash string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	ctx, done := l.Deniable(ctx, "$JS.FC.", api)
	content, err := l.original(ctx, hash)
	return content, done(err)
}

func (l *Log) original(ctx context.Context, hash string) ([]byte, error) {
	store, err := l.js.ObjectStore(ctx, OriginalsBucket)
	if err != nil {
		return nil, fmt.Errorf("open the store of originals: %w", err)
	}
	content, err := store.GetBytes(ctx, hash)
	switch sum := sha256.Sum256(content); {
	case errors.Is(err, jetstream.ErrObjectNotFound), errors.Is(err, jetstream.ErrDigestMismatch):
		return nil, ErrNoOriginal
	case err != nil:
		return nil, fmt.Errorf("read the original: %w", err)
	case hex.EncodeToString(sum[:]) != hash:
		return nil, ErrNoOriginal
	}
	return content, nil
}

// originals is the stream of the object store, as the client library has it, but that the oldest
// files make room for new ones.
func (c Config) originals() jetstream.StreamConfig {
	most := c.OriginalsMax
	if most == 0 {
		most = -1
	}
	return jetstream.StreamConfig{
		Name: Originals, Description: "the files that were uploaded, as they came", Subjects: []string{"$O." + OriginalsBucket + ".C.>", "$O." + OriginalsBucket + ".M.>"},
		MaxAge: c.OriginalsFor, MaxBytes: most, Replicas: c.Replicas, Storage: jetstream.FileStorage, Duplicates: c.DeduplicateFor,
		Discard: jetstream.DiscardOld, AllowDirect: true, AllowRollup: true,
	}
}
