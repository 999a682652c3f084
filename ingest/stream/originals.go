package stream

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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

const (
	originalChunks = "$O." + OriginalsBucket + ".C."
	originalInfos  = "$O." + OriginalsBucket + ".M."
	// originalChunk is the size of a file's parts, as the client library has it.
	originalChunk = 128 << 10
)

// keepOriginal writes an object as ADR-20 of NATS describes it, first its chunks and then what it is, so that an object
// which is there is whole. ObjectStore.Put of nats.go 1.55 is not used: it makes a subscription and a buffer of 128 KiB for
// each file, and leaves a goroutine behind.
func (l *Log) keepOriginal(ctx context.Context, hash string, content []byte) error {
	infoSubject := originalSubject(hash)
	if is, err := l.isKept(ctx, infoSubject); is || err != nil {
		return err
	}
	info := jetstream.ObjectInfo{Bucket: OriginalsBucket, NUID: rand.Text(), Size: uint64(len(content))}
	info.Name, info.Opts = hash, &jetstream.ObjectMetaOptions{ChunkSize: originalChunk}
	digest := sha256.New()
	digest.Write(content)
	info.Digest = jetstream.GetObjectDigestValue(digest)
	var chunks []Message
	for chunk := range slices.Chunk(content, originalChunk) {
		chunks = append(chunks, Message{Subject: originalChunks + info.NUID, Body: chunk})
	}
	info.Chunks = uint32(len(chunks))
	for together := range slices.Chunk(chunks, maxAsync) {
		for _, result := range l.publishAsync(ctx, together) {
			if result.Err != nil {
				return fmt.Errorf("keep the original: %w", result.Err)
			}
		}
	}
	told, err := json.Marshal(&info)
	if err != nil {
		return fmt.Errorf("encode what the original is: %w", err)
	}
	rollup := map[string]string{jetstream.MsgRollup: jetstream.MsgRollupSubject}
	if _, err := l.publishSingly(ctx, []Message{{Subject: infoSubject, Header: rollup, Body: told}}); err != nil {
		return fmt.Errorf("keep the original: %w", classify(err))
	}
	return nil
}

// originalSubject is the subject of what an object is.
func originalSubject(hash string) string {
	return originalInfos + base64.URLEncoding.EncodeToString([]byte(hash))
}

// isKept reports whether the store has an object, by the subject of what it is.
func (l *Log) isKept(ctx context.Context, infoSubject string) (bool, error) {
	last, err := l.GetLast(ctx, Originals, infoSubject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var info jetstream.ObjectInfo
	if err := json.Unmarshal(last.Data, &info); err != nil {
		return false, fmt.Errorf("read what the original is: %w", err)
	}
	return !info.Deleted, nil
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
