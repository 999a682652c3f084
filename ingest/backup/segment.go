package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats-server/v2/server/archive"
	"github.com/nats-io/nats.go"
)

// message is one message as the stream keeps it.
type message struct {
	subject  string
	header   []byte // as it travels; empty where there is none
	body     []byte
	sequence uint64
	at       time.Time
}

// encodeHeader writes headers as they travel.
func encodeHeader(h nats.Header) []byte {
	if len(h) == 0 {
		return nil
	}
	b := bytes.NewBufferString("NATS/1.0\r\n")
	_ = http.Header(h).Write(b) // a buffer takes everything
	b.WriteString("\r\n")
	return b.Bytes()
}

// write appends a message to an archive.
func (m *message) write(w *archive.Writer) error {
	err := w.WriteHeader(&archive.Header{
		Name: m.subject, Timestamp: m.at.UnixNano(), Sequence: m.sequence, HeaderSize: int64(len(m.header)), PayloadSize: int64(len(m.body)),
	})
	if err != nil {
		return err
	}
	if _, err := w.Write(m.header); err != nil {
		return err
	}
	_, err = w.Write(m.body)
	return err
}

// segmentWriter writes a segment. Until finish it is no part of the backup.
type segmentWriter struct {
	path    string
	file    *os.File
	hash    hash.Hash
	size    countingWriter
	packed  *s2.Writer
	archive *archive.Writer
	segment Segment
}

// countingWriter counts bytes.
type countingWriter int64

func (c *countingWriter) Write(b []byte) (int, error) {
	*c += countingWriter(len(b))
	return len(b), nil
}

// createSegment begins a segment of the messages from one sequence to another.
func createSegment(dir, name string, from, to uint64) (*segmentWriter, error) {
	if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
		return nil, fmt.Errorf("write segment: %w", err)
	}
	w := &segmentWriter{hash: sha256.New(), segment: Segment{File: fmt.Sprintf("%s/%012d-%012d.s2", name, from, to), From: from, To: to}}
	w.path = filepath.Join(dir, w.segment.File)
	var err error
	if w.file, err = os.OpenFile(w.path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("write segment: %w", err)
	}
	w.packed = s2.NewWriter(io.MultiWriter(w.file, w.hash, &w.size))
	w.archive = archive.NewWriter(w.packed)
	return w, nil
}

func (w *segmentWriter) add(m *message) error {
	if err := m.write(w.archive); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	w.segment.Messages++
	sum := sha256.Sum256(m.body)
	w.segment.Newest = Newest{Sequence: m.sequence, At: m.at, SHA256: hex.EncodeToString(sum[:])}
	return nil
}

// finish makes the segment durable; one without messages leaves nothing and is nil.
func (w *segmentWriter) finish() (*Segment, error) {
	err := errors.Join(w.archive.Close(), w.packed.Close(), w.file.Sync(), w.file.Close())
	if err == nil && w.segment.Messages == 0 {
		return nil, os.Remove(w.path + ".part")
	}
	if err == nil {
		err = os.Rename(w.path+".part", w.path)
	}
	if err != nil {
		return nil, fmt.Errorf("write segment: %w", err)
	}
	w.segment.Size, w.segment.SHA256 = int64(w.size), hex.EncodeToString(w.hash.Sum(nil))
	return &w.segment, syncDir(filepath.Dir(w.path))
}

// abandon removes what was written.
func (w *segmentWriter) abandon() {
	_ = w.packed.Close()
	_ = w.file.Close()
	_ = os.Remove(w.path + ".part")
}

// DamagedError says that a file of a backup is not as it was written.
type DamagedError struct {
	File string
	Why  string
}

// Error names the file.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s of the backup is damaged: %s; take the backup into another directory, or restore another copy of it", e.File, e.Why)
}

// read calls f with every message of the segment, in order, and holds the file against its
// digest. The error is a [*DamagedError] where the two differ, or one of f.
func (s *Segment) read(dir string, f func(*message) error) error {
	damaged := func(format string, args ...any) error {
		return &DamagedError{File: s.File, Why: fmt.Sprintf(format, args...)}
	}
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(s.File)))
	if err != nil {
		return damaged("%v", err)
	}
	defer file.Close()
	sum := sha256.New()
	packed := io.TeeReader(file, sum)
	entries := archive.NewReader(s2.NewReader(packed))
	messages, last := uint64(0), s.From-1
	for {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged("after message %d: %v", last, err)
		}
		if h.Sequence <= last || h.Sequence > s.To {
			return damaged("message %d after %d, where %d to %d are expected", h.Sequence, last, s.From, s.To)
		}
		text, err := io.ReadAll(entries)
		if err != nil || int64(len(text)) != h.HeaderSize+h.PayloadSize {
			return damaged("message %d is cut off", h.Sequence)
		}
		m := &message{subject: h.Name, header: text[:h.HeaderSize], body: text[h.HeaderSize:], sequence: h.Sequence, at: time.Unix(0, h.Timestamp).UTC()}
		if err := f(m); err != nil {
			return err
		}
		messages, last = messages+1, h.Sequence
	}
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return damaged("%v", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != s.SHA256 {
		return damaged("its SHA-256 is %s, written was %s", got, s.SHA256)
	}
	if messages != s.Messages {
		return damaged("it has %d messages, written were %d", messages, s.Messages)
	}
	return nil
}
