package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
)

// layout numbers how a directory is written. A program reads every layout up to its own.
const layout = 1

// manifestName is the file that says what a directory holds. It is written last.
const manifestName = "backup.json"

// Manifest says what a directory holds.
type Manifest struct {
	Layout int `json:"layout"`
	// Backups are those that were taken into the directory, the oldest first. Each goes on
	// where the one before ended.
	Backups []Backup `json:"backups"`
}

// Backup is one place in the log.
type Backup struct {
	// At is when the places were fixed, and Program the version that took the backup.
	At      time.Time `json:"at"`
	Program string    `json:"program"`
	Streams []Stream  `json:"streams"` // in the order in which their places were fixed
	Files   []File    `json:"files,omitempty"`
}

// Stream is one stream at that place.
type Stream struct {
	Name string `json:"name"`
	// Last is the sequence of the newest message; First is that of the oldest one that the
	// stream then had, Last+1 where it had none.
	First    uint64 `json:"first"`
	Last     uint64 `json:"last"`
	Messages uint64 `json:"messages"` // that the stream then had
	// Whole says that the segment has every message, and those of earlier backups do not count.
	Whole bool `json:"whole,omitempty"`
	// Segment has the messages since the backup before; nil where there were none.
	Segment   *Segment          `json:"segment,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Consumers []Consumer        `json:"consumers,omitempty"`
}

// Segment is a file of messages.
type Segment struct {
	File     string `json:"file"` // below the directory
	From     uint64 `json:"from"` // first and last sequence that it covers
	To       uint64 `json:"to"`
	Messages uint64 `json:"messages"`
	Size     int64  `json:"size"`   // of the file, in bytes
	SHA256   string `json:"sha256"` // of the file
	Newest   Newest `json:"newest"`
}

// Newest is the last message of a segment, by which a log is known again.
type Newest struct {
	Sequence uint64    `json:"sequence"`
	At       time.Time `json:"at"`
	SHA256   string    `json:"sha256"` // of the body
}

// Consumer is a durable consumer and up to where its messages had been worked on.
type Consumer struct {
	Config   jetstream.ConsumerConfig `json:"config"`
	AckFloor jetstream.SequenceInfo   `json:"ack_floor"`
}

// File is a file beside the log, such as credentials.
type File struct {
	Name   string `json:"name"` // what it is called where it belongs
	Path   string `json:"path"` // where it was
	File   string `json:"file"` // below the directory
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Read reads what a directory holds. The error wraps [fs.ErrNotExist] where that is no backup.
func Read(dir string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no backup: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read backup: %w", err)
	}
	m := &Manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read backup: %s: %w", filepath.Join(dir, manifestName), err)
	}
	if m.Layout > layout {
		return nil, fmt.Errorf("read backup: %s has layout %d, this program knows layouts up to %d: use the version that took it, or a later one", dir, m.Layout, layout)
	}
	if len(m.Backups) == 0 {
		return nil, fmt.Errorf("read backup: %s lists none", filepath.Join(dir, manifestName))
	}
	return m, nil
}

// Newest returns the newest backup.
func (m *Manifest) Newest() *Backup { return &m.Backups[len(m.Backups)-1] }

// Stream returns a stream of the backup, nil where it has none of the name.
func (b *Backup) Stream(name string) *Stream {
	for i := range b.Streams {
		if b.Streams[i].Name == name {
			return &b.Streams[i]
		}
	}
	return nil
}

// segments returns the segments that make up a stream of the newest backup, the oldest first.
func (m *Manifest) segments(name string) []*Segment {
	var all []*Segment
	for i := range m.Backups {
		s := m.Backups[i].Stream(name)
		if s == nil {
			continue
		}
		if s.Whole {
			all = nil
		}
		if s.Segment != nil {
			all = append(all, s.Segment)
		}
	}
	return all
}

// write writes the manifest, whole or not at all.
func (m *Manifest) write(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return writeFile(filepath.Join(dir, manifestName), append(text, '\n'))
}

// writeFile writes a file that its owner alone can read, whole or not at all.
func writeFile(path string, text []byte) error {
	file, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// order returns the streams in the order in which their places are fixed: what refers to others
// comes before what it refers to. Buckets come first, because they say how far work has come; but
// for tokens, of which nothing is said elsewhere.
func order() []string {
	flow := []string{
		stream.Dead, stream.Commands, stream.Releases, stream.Totals, stream.Verdicts, stream.Accepted, stream.Submissions, stream.Direct, stream.Originals, stream.Tokens,
	}
	buckets := slices.DeleteFunc(stream.All(), func(name string) bool { return slices.Contains(flow, name) })
	return append(buckets, flow...)
}

// isWhole reports whether single messages are taken out of a stream, so that it is copied whole.
func isWhole(name string) bool {
	return name == stream.Dead || name == stream.Commands || strings.HasPrefix(name, "KV_") || name == stream.Originals
}
