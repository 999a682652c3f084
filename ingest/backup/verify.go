package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/citytally/citytally/ingest/stream"
)

// Verify reads everything that a directory holds and holds it against its digests, and the
// streams against each other. The error names every file that is damaged, as a [*DamagedError].
func Verify(dir string, progress func(Progress)) (*Manifest, error) {
	m, err := Read(dir)
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	refers := map[string]stream.Reference{}
	for _, r := range stream.References() {
		refers[r.From] = r
	}
	var errs []error
	newest := m.Newest()
	for i := range newest.Streams {
		s := &newest.Streams[i]
		known, err := m.verifyStream(dir, s, refers[s.Name], progress)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if to := newest.Stream(refers[s.Name].To); to != nil && known > to.Last {
			errs = append(errs, fmt.Errorf("%s of the backup has a message made from message %d of %s, which the backup has up to message %d: it was taken of a log that had lost its end",
				s.Name, known, to.Name, to.Last))
		}
	}
	for i := range newest.Files {
		f := &newest.Files[i]
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.File)))
		if err != nil {
			errs = append(errs, &DamagedError{File: f.File, Why: err.Error()})
			continue
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f.SHA256 {
			errs = append(errs, &DamagedError{File: f.File, Why: "its SHA-256 is another one than was written"})
		}
	}
	return m, errors.Join(errs...)
}

// verifyStream reads a stream and returns the newest message of another stream that its messages
// name, 0 where they name none.
func (m *Manifest) verifyStream(dir string, s *Stream, r stream.Reference, progress func(Progress)) (known uint64, err error) {
	next, done := uint64(1), uint64(0)
	for i, segment := range m.segments(s.Name) {
		if i > 0 && segment.From < next || segment.To > s.Last {
			return 0, &DamagedError{File: segment.File, Why: fmt.Sprintf("it covers %d to %d, where %d to %d is expected", segment.From, segment.To, next, s.Last)}
		}
		err := segment.read(dir, func(msg *message) error {
			if done++; done%progressEvery == 0 {
				progress(Progress{Stream: s.Name, Messages: done, Of: s.Messages})
			}
			if r.From != "" && stream.Matches(stream.RowsSubject(r.From), msg.subject) {
				known = max(known, r.Newest(msg.body))
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		next = segment.To + 1
	}
	progress(Progress{Stream: s.Name, Messages: done, Of: done})
	return known, nil
}
