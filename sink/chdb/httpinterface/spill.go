package httpinterface

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// spill is the room on disk for answers that are held back until they are whole.
type spill struct {
	dir  string
	most int64

	mu   sync.Mutex
	used int64
}

func newSpill(dir string, most int64) *spill { return &spill{dir: dir, most: most} }

// reserve takes room, or returns NOT_ENOUGH_SPACE (243) where all answers together have too much.
func (s *spill) reserve(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used+n > s.most {
		return exception.Newf(proto.ErrNotEnoughSpace,
			"The answers that are held back at present would have more than %d bytes: leave wait_end_of_query out, or ask for less", s.most)
	}
	s.used += n
	return nil
}

func (s *spill) free(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= n
}

// spillFile is a file without a name, which is gone when the process is.
type spillFile struct {
	room *spill
	file *os.File
	size int64
}

// create makes a file. The confined engine's process may do so in its data directory alone.
func (s *spill) create() (*spillFile, error) {
	file, err := os.CreateTemp(s.dir, "answer-*")
	if err != nil {
		return nil, fmt.Errorf("hold back answer: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("hold back answer: %w", err), file.Close())
	}
	return &spillFile{room: s, file: file}, nil
}

// Write adds to the file.
func (f *spillFile) Write(p []byte) (int, error) {
	if err := f.room.reserve(int64(len(p))); err != nil {
		return 0, err
	}
	f.size += int64(len(p))
	return f.file.Write(p)
}

// copyTo writes all of the file.
func (f *spillFile) copyTo(w io.Writer) error {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read held back answer: %w", err)
	}
	_, err := io.Copy(w, f.file)
	return err
}

// close gives the room back.
func (f *spillFile) close() {
	_ = f.file.Close() // the content is no longer needed
	f.room.free(f.size)
}
