package natsd

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"
)

// repairMetadata completes what a kill left half written. JetStream describes
// every stream and every consumer in two files, one after the other: the
// description and its checksum. Without the second one the server leaves the
// stream out at every later start, and with it the end of an atomic batch that
// the next kill interrupts; it never writes that file again by itself.
//
// The description is written whole or not at all, so its checksum can be made
// from it. One that does not read as JSON is left alone, for the server to
// report. The caller holds the lock on dir.
func repairMetadata(dir string, log zerolog.Logger) error {
	accounts := filepath.Join(dir, server.JetStreamStoreDir)
	for _, account := range entries(accounts) {
		streams := filepath.Join(accounts, account, "streams")
		for _, stream := range entries(streams) {
			if err := repairChecksum(filepath.Join(streams, stream), stream, log); err != nil {
				return err
			}
			consumers := filepath.Join(streams, stream, "obs")
			for _, consumer := range entries(consumers) {
				if err := repairChecksum(filepath.Join(consumers, consumer), stream+"/"+consumer, log); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// entries are the names in a directory, none where it cannot be read: the
// server says so better.
func entries(dir string) []string {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	names := make([]string, len(found))
	for i, entry := range found {
		names[i] = entry.Name()
	}
	return names
}

// repairChecksum writes the checksum of the description in dir where it is absent
// or of another description. The name is what JetStream seeds the hash with.
func repairChecksum(dir, name string, log zerolog.Logger) error {
	description, err := os.ReadFile(filepath.Join(dir, server.JetStreamMetaFile))
	if err != nil || !json.Valid(description) {
		return nil // nothing begun, or nothing to go by
	}
	want, err := checksum(name, description)
	if err != nil {
		return fmt.Errorf("make checksum of %s: %w", name, err)
	}
	path := filepath.Join(dir, server.JetStreamMetaFileSum)
	if got, err := os.ReadFile(path); err == nil && string(got) == want {
		return nil
	}
	if err := os.WriteFile(path+".new", []byte(want), 0o600); err != nil {
		return fmt.Errorf("write checksum of %s: %w", name, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write checksum of %s: %w", name, err)
	}
	log.Info().Str("of", name).Msg("completed metadata that an interrupted write had left without its checksum")
	return nil
}

func checksum(name string, description []byte) (string, error) {
	key := sha256.Sum256([]byte(name))
	hash, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		return "", err
	}
	if _, err := hash.Write(description); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
