package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nkeys"

	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/event"
)

// Key is the public key by which the broker knows a district. The district alone has the seed.
type Key struct {
	Area      string       `json:"area"`
	Key       string       `json:"key"`
	CreatedAt time.Time    `json:"created_at"`
	CreatedBy event.Person `json:"created_by"`
	// RevokedAt is when the key was revoked, by RevokedBy for Reason; the zero time is not.
	RevokedAt time.Time    `json:"revoked_at,omitzero"`
	RevokedBy event.Person `json:"revoked_by,omitzero"`
	Reason    string       `json:"reason,omitempty"`
}

// KeysPath returns the path of the file of a data directory that has every key ever made.
func KeysPath(dir string) string { return filepath.Join(dir, "districts.json") }

// Keys returns every key of a data directory, the oldest first; none where there is no file.
func Keys(dir string) ([]Key, error) {
	text, err := os.ReadFile(KeysPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keys of districts: %w", err)
	}
	return readKeys(text, KeysPath(dir))
}

// readKeys reads the file strictly: a key in it goes into the broker's configuration.
func readKeys(text []byte, path string) (keys []Key, err error) {
	if text == nil {
		return nil, nil
	}
	if err := json.Unmarshal(text, &keys, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read keys of districts: %s: %w", path, err)
	}
	for i := range keys {
		if !nkeys.IsValidPublicUserKey(keys[i].Key) || !event.IsToken(keys[i].Area) {
			return nil, fmt.Errorf("read keys of districts: %s: key %d: want an area and the public key of a user", path, i+1)
		}
	}
	return keys, nil
}

// CreateKey makes a key for an area, and returns it with the seed, which is kept nowhere.
func CreateKey(dir, area string, by event.Person, now time.Time) (seed string, key Key, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", Key{}, fmt.Errorf("make key: %w", err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return "", Key{}, fmt.Errorf("make key: %w", err)
	}
	secret, err := pair.Seed()
	if err != nil {
		return "", Key{}, fmt.Errorf("make key: %w", err)
	}
	key = Key{Area: area, Key: public, CreatedAt: now.UTC().Truncate(time.Second), CreatedBy: by}
	return string(secret), key, changeKeys(dir, func(keys []Key) ([]Key, error) { return append(keys, key), nil })
}

// ErrNoKey is the error of RevokeKeys where nothing is to be revoked.
var ErrNoKey = errors.New("the area has no such key in force; citytally credentials list shows them")

// RevokeKeys ends the keys of an area, or one of them; public "" is all. It returns those that
// it has ended.
func RevokeKeys(dir, area, public, reason string, by event.Person, now time.Time) (revoked []Key, err error) {
	if r, found := event.ControlIn(reason, ""); found {
		return nil, fmt.Errorf("reason: take the control character %U out", r)
	}
	return revoked, changeKeys(dir, func(keys []Key) ([]Key, error) {
		for i := range keys {
			k := &keys[i]
			if k.Area != area || public != "" && k.Key != public || !k.RevokedAt.IsZero() {
				continue
			}
			k.RevokedAt, k.RevokedBy, k.Reason = now.UTC().Truncate(time.Second), by, reason
			revoked = append(revoked, *k)
		}
		if revoked == nil {
			return nil, ErrNoKey
		}
		return keys, nil
	})
}

func changeKeys(dir string, change func([]Key) ([]Key, error)) error {
	path := KeysPath(dir)
	return credentials.Update(path, func(text []byte) ([]byte, error) {
		keys, err := readKeys(text, path)
		if err != nil {
			return nil, err
		}
		if keys, err = change(keys); err != nil {
			return nil, err
		}
		return json.Marshal(keys, jsontext.WithIndent("  "))
	})
}
