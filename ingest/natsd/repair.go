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

// repairMetadata writes the checksums of metadata that a kill left without one. For every
// stream and consumer JetStream writes two files, first the description and then its
// checksum. Without the checksum the server leaves the stream out at every later start, and
// never writes the file again.
//
// The description is written whole or not at all, so that its checksum can be computed from
// it. A description that is no JSON is left for the server to report. The caller holds the
// lock on dir.
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

// entries returns the names in a directory, and none where the directory cannot be read,
// which the server then reports.
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

// repairChecksum writes the checksum of the description in dir where the checksum is absent
// or belongs to another description. JetStream takes the name as the key of the hash.
func repairChecksum(dir, name string, log zerolog.Logger) error {
	description, err := os.ReadFile(filepath.Join(dir, server.JetStreamMetaFile))
	if err != nil || !json.Valid(description) {
		return nil // no stream was begun, or the description is damaged
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
