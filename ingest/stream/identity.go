package stream

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Identity says which log it is.
type Identity struct {
	// ID is made when the log begins, and stays in its backups.
	ID string `json:"id"`
	// Generation begins at 1. It counts how often the log was put back from a backup, or one of
	// its streams was lost and created anew. A copy of the broker's files that is put back has
	// the generation that it had.
	Generation uint64 `json:"generation"`
}

// String returns the id and the generation with a dot between, such as k3w8q1zb6m2ha.1.
func (i Identity) String() string { return i.ID + "." + strconv.FormatUint(i.Generation, 10) }

func parseIdentity(text string) (Identity, bool) {
	id, generation, _ := strings.Cut(text, ".")
	number, err := strconv.ParseUint(generation, 10, 32)
	return Identity{ID: id, Generation: number}, err == nil && id != "" && number > 0
}

// Place is where a message of SUBMISSIONS is, and in which log.
type Place struct {
	Log      Identity
	Sequence uint64
}

// String returns the log's id and generation and the sequence, such as k3w8q1zb6m2ha.1.42.
func (p Place) String() string { return p.Log.String() + "." + strconv.FormatUint(p.Sequence, 10) }

// ParsePlace reads what [Place.String] writes.
func ParsePlace(text string) (Place, error) {
	at := strings.LastIndexByte(text, '.')
	log, ok := parseIdentity(text[:max(at, 0)])
	sequence, err := strconv.ParseUint(text[at+1:], 10, 64)
	if !ok || err != nil || sequence == 0 {
		return Place{}, errors.New("want the log's id, its generation and a sequence, as a receipt has them in place, such as k3w8q1zb6m2ha.1.42")
	}
	return Place{Log: log, Sequence: sequence}, nil
}

// identityKey is the key of the log's identity in the metadata of the streams that bear it: as long
// as one of them is left, the log is known.
const identityKey = "citytally-log"

// createdKey is the key, in the metadata of the streams that bear the identity, of the names of all
// streams that the log has had: one of them that is absent was lost, and any other is new.
const createdKey = "citytally-streams"

func bearers() []string { return []string{Accepted, Submissions, Verdicts} }

// hasHad returns the streams that the log has had.
func (l *Log) hasHad(ctx context.Context) ([]string, error) {
	var names []string
	for _, name := range bearers() {
		s, err := l.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at stream %s: %w", name, err)
		}
		names = append(names, strings.FieldsFunc(s.CachedInfo().Config.Metadata[createdKey], func(r rune) bool { return r == ',' })...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Identity returns which log it is.
func (l *Log) Identity(ctx context.Context) (Identity, error) {
	known, _, err := l.identity(ctx)
	return known, err
}

// identity returns which log it is, and how the streams are kept that bear it. Where none of them says it,
// it follows from when ACCEPTED was created, so that all processes come to the same one; a log without
// ACCEPTED and the others has none.
func (l *Log) identity(ctx context.Context) (known Identity, bearing []jetstream.StreamConfig, err error) {
	var created time.Time
	for _, name := range bearers() {
		s, err := l.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return Identity{}, nil, fmt.Errorf("look at stream %s: %w", name, err)
		}
		info := s.CachedInfo()
		if name == Accepted {
			created = info.Created
		}
		bearing = append(bearing, info.Config)
		if told, ok := parseIdentity(info.Config.Metadata[identityKey]); ok && (known.ID == "" || told.ID == known.ID && told.Generation > known.Generation) {
			known = told
		}
	}
	if known.ID == "" && !created.IsZero() {
		sum := sha256.Sum256([]byte(created.UTC().Format(time.RFC3339Nano)))
		known = Identity{ID: strings.ToLower(base32.StdEncoding.EncodeToString(sum[:8]))[:13], Generation: 1}
	}
	return known, bearing, nil
}

// identify writes the log's identity into the streams that bear it and do not have it yet, and which
// streams the log has had.
func (l *Log) identify(ctx context.Context, names []string) error {
	known, bearing, err := l.identity(ctx)
	if err != nil || known.ID == "" {
		return err
	}
	had, err := l.hasHad(ctx)
	if err != nil {
		return err
	}
	had = append(had, names...)
	slices.Sort(had)
	told := strings.Join(slices.Compact(had), ",")
	for _, config := range bearing {
		_, identified := parseIdentity(config.Metadata[identityKey])
		if identified && config.Metadata[createdKey] == told {
			continue
		}
		config.Metadata = maps.Clone(config.Metadata)
		if config.Metadata == nil {
			config.Metadata = map[string]string{}
		}
		if !identified {
			config.Metadata[identityKey] = known.String()
		}
		config.Metadata[createdKey] = told
		if _, err := l.js.UpdateStream(ctx, config); err != nil {
			return fmt.Errorf("write into stream %s which log it is of: %w", config.Name, err)
		}
	}
	return nil
}

// NextGeneration counts the generation up in the metadata of a stream that is put back from a backup.
// Streams that the backup does not have because they were empty were not lost.
func NextGeneration(metadata map[string]string) {
	delete(metadata, createdKey)
	if told, ok := parseIdentity(metadata[identityKey]); ok {
		told.Generation++
		metadata[identityKey] = told.String()
	}
}
