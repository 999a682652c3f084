package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// Store is the snapshots of one data directory. One process writes to it, others may read.
type Store struct {
	dir     string
	secret  []byte
	program string
	// MinRows is how many accepted rows more than the newest snapshot has are worth one at a start
	// and at a stop; while the ledger is followed it is twenty times as many, and five
	// minutes.
	MinRows uint64
}

// minRows are replayed in well under a second.
const minRows = 50_000

// Open returns the snapshots below a directory, which need not exist. The secret proves that
// a file was written by who knows it. The error is one of reading the program's own file.
func Open(dir string, secret []byte) (*Store, error) {
	program, err := thisProgram()
	if err != nil {
		return nil, fmt.Errorf("tell which program this is: %w", err)
	}
	return &Store{dir: dir, secret: secret, program: program, MinRows: minRows}, nil
}

// suffix ends the names of snapshots, which begin with their basis; partSuffix those of files
// that are being written.
const suffix, partSuffix = ".ledger", ".part"

func (s *Store) path(basis uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%020d%s", basis, suffix))
}

// bases returns the places in ACCEPTED of which there are snapshots, the newest first.
func (s *Store) bases() ([]uint64, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list snapshots of the ledger: %w", err)
	}
	var bases []uint64
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if basis, err := strconv.ParseUint(name, 10, 64); ok && err == nil && s.path(basis) == filepath.Join(s.dir, e.Name()) {
			bases = append(bases, basis)
		}
	}
	slices.SortFunc(bases, func(a, b uint64) int { return cmp.Compare(b, a) })
	return bases, nil
}

// Load restores the newest snapshot that can be believed and in which nothing is beyond the
// moment into an empty ledger, and returns how far that then goes; nothing where there is
// none. What it passes over is logged. An error means that the log cannot be asked now, and the
// ledger is empty.
func (s *Store) Load(ctx context.Context, log *stream.Log, l *ledger.Ledger, moment ledger.Moment, logger zerolog.Logger) (ledger.Extent, error) {
	bases, err := s.bases()
	if err != nil {
		logger.Warn().Err(err).Msg("the ledger is read from the log")
	}
	if len(bases) == 0 {
		return ledger.Extent{}, nil
	}
	present, err := log.Extent(ctx, stream.Accepted)
	if err != nil {
		return ledger.Extent{}, err
	}
	for _, basis := range bases {
		began := time.Now()
		extent, err := s.load(ctx, log, l, moment, basis, &present)
		switch refused := (*refusedError)(nil); {
		case errors.As(err, &refused):
			logger.Warn().Uint64("sequence", basis).Str("why", refused.why).Msg("a snapshot of the ledger is not used; the ledger is read from the log")
		case err != nil:
			return ledger.Extent{}, err
		case extent.Basis > 0:
			logger.Info().Uint64("sequence", basis).Uint64("rows", extent.Rows).TimeDiff("took", time.Now(), began).Msg("ledger taken from a snapshot")
			return extent, nil
		}
	}
	return ledger.Extent{}, nil
}

// load restores one snapshot. It returns no extent where that goes beyond the moment.
func (s *Store) load(ctx context.Context, log *stream.Log, l *ledger.Ledger, moment ledger.Moment, basis uint64, present *stream.Extent) (ledger.Extent, error) {
	file, err := os.Open(s.path(basis))
	if err != nil {
		return ledger.Extent{}, &refusedError{why: err.Error()}
	}
	defer file.Close()
	sealed, err := s.unseal(file)
	if err != nil {
		return ledger.Extent{}, err
	}
	if !sealed.Within(moment) {
		return ledger.Extent{}, nil
	}
	if err := s.checkStamp(ctx, log, l, &sealed.stamp, basis, present); err != nil {
		return ledger.Extent{}, err
	}
	if err := l.Restore(sealed.image); err != nil {
		return ledger.Extent{}, &refusedError{why: err.Error()}
	}
	return sealed.Extent, nil
}

// Write writes a snapshot of the ledger, and returns how far that goes; nothing where the
// ledger is empty, or the log does not have the message at its basis.
func (s *Store) Write(ctx context.Context, log *stream.Log, l *ledger.Ledger) (extent ledger.Extent, err error) {
	image := l.Image()
	defer image.Close()
	of, ok, err := s.newStamp(ctx, log, l, image.Extent)
	if err != nil || !ok {
		return ledger.Extent{}, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return ledger.Extent{}, fmt.Errorf("write a snapshot of the ledger: %w", err)
	}
	part := s.path(image.Basis) + partSuffix
	defer func() { _ = os.Remove(part) }() // it is gone when it has succeeded
	if err := s.writePart(part, of, image); err != nil {
		return ledger.Extent{}, fmt.Errorf("write a snapshot of the ledger: %w", err)
	}
	if err := os.Rename(part, s.path(image.Basis)); err != nil {
		return ledger.Extent{}, fmt.Errorf("write a snapshot of the ledger: %w", err)
	}
	return image.Extent, s.thin()
}

func (s *Store) writePart(path string, of *stamp, image *ledger.Image) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := s.seal(file, of, func(w io.Writer) error { return image.Write(w) }); err != nil {
		return err
	}
	return file.Sync()
}

// kept is how many of the newest snapshots are kept whatever they hold.
const kept = 2

// thin removes snapshots until, beside the newest, each holds at most half of what the one
// after the next does: so that together they take about three times the room of the newest, and none of
// the past is further from one than half of the log. The sizes of the files tell how much each holds.
func (s *Store) thin() error {
	bases, err := s.bases()
	if err != nil {
		return err
	}
	size := func(i int) int64 {
		info, err := os.Stat(s.path(bases[i]))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	for i := kept; i < len(bases); {
		if 2*size(i) <= size(i-2) {
			i++
			continue
		}
		if err := os.Remove(s.path(bases[i])); err != nil {
			return fmt.Errorf("remove a snapshot of the ledger: %w", err)
		}
		bases = slices.Delete(bases, i, i+1)
	}
	return nil
}
