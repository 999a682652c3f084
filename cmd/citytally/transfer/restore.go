package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/backup"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
)

// Restored says what a restore has done.
type Restored struct {
	Backup *backup.Backup `json:"backup"`
	// Aside is where the embedded broker's data are that were there before, "" where there were
	// none.
	Aside string `json:"aside,omitempty"`
	Files []File `json:"files"`
	// ClickHouse says what becomes of the embedded ClickHouse, "" where the settings name another.
	ClickHouse string `json:"clickhouse,omitempty"`
}

// File says what became of a file of the backup.
type File struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Done string `json:"done"`
}

// What becomes of a file.
const (
	PutBack   = "put back"
	Same      = "is there already"
	Differs   = "is there and differs; left as it is"
	LeftThere = "left in the backup; put it where your settings say"
)

// What becomes of the embedded ClickHouse.
const (
	Filled = "is filled from the log at the next start"
	Kept   = "is kept as it is; where it shows more than the log has, citytally status says so and what to do"
)

// Restore puts the newest backup of a directory into the broker of the settings.
func Restore(ctx context.Context, s *configs.Settings, from string, progress func(backup.Progress), logger zerolog.Logger) (*Restored, error) {
	m, err := backup.Verify(from, progress)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, app.Usage(err)
	}
	if err != nil {
		return nil, err
	}
	if s.NATS.URL != "" {
		return restoreElsewhere(ctx, s, from, m.Newest(), fillers(), progress, logger)
	}
	return restoreEmbedded(ctx, s, from, m.Newest(), fillers(), progress, logger)
}

// fillers are the consumers that fill ClickHouse.
func fillers() []string {
	return []string{sink.AcceptedConsumer, sink.VerdictsConsumer, sink.TotalsConsumer, sink.ReleasesConsumer}
}

// restoreElsewhere restores into a broker that is not this program's own.
func restoreElsewhere(ctx context.Context, s *configs.Settings, from string, b *backup.Backup, anew []string, progress func(backup.Progress), logger zerolog.Logger) (*Restored, error) {
	files, err := putBack(s, from, b)
	if err != nil {
		return nil, err
	}
	nc, err := connect(s, logger)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	if err := restoreInto(ctx, nc, s, from, anew, progress, logger); err != nil {
		return nil, err
	}
	return &Restored{Backup: b, Files: files}, nil
}

// connect connects to the broker of the settings as its administrator.
func connect(s *configs.Settings, logger zerolog.Logger) (*nats.Conn, error) {
	login, err := app.BrokerLogin(s, s.NATS.URL, access.Admin)
	if err != nil {
		return nil, err
	}
	return app.ConnectBroker(s, s.NATS.URL, logger, login...)
}

// restoreInto restores streams, and creates those that were empty.
func restoreInto(ctx context.Context, nc *nats.Conn, s *configs.Settings, from string, anew []string, progress func(backup.Progress), logger zerolog.Logger) error {
	if _, err := backup.Restore(ctx, nc, from, s.Streams, anew, progress); err != nil {
		if _, exists := errors.AsType[*backup.ExistsError](err); exists {
			return app.Usage(err)
		}
		return err
	}
	_, _, err := stream.Setup(ctx, nc, s.Streams, false, logger)
	return err
}

// restoreEmbedded restores into the embedded broker: into a directory beside its own, which takes
// the place of that once it is whole.
func restoreEmbedded(ctx context.Context, s *configs.Settings, from string, b *backup.Backup, anew []string, progress func(backup.Progress), logger zerolog.Logger) (r *Restored, err error) {
	release, err := app.LockDir(s.Dir)
	if err != nil {
		return nil, app.Usage(err)
	}
	defer func() { err = errors.Join(err, release()) }()
	r = &Restored{Backup: b, ClickHouse: Filled}
	if r.Files, err = putBack(s, from, b); err != nil {
		return nil, err
	}
	dir := s.EmbeddedNATS().Dir
	beside := dir + ".restoring"
	if err := os.RemoveAll(beside); err != nil { // of a restore that was interrupted
		return nil, fmt.Errorf("restore: %w", err)
	}
	nc, stop, err := app.StartBrokerAlone(ctx, s, beside, logger)
	if err != nil {
		return nil, err
	}
	err = restoreInto(ctx, nc, s, from, anew, progress, logger)
	if err := errors.Join(err, stop()); err != nil {
		return nil, err
	}
	if r.Aside, err = exchange(dir, beside, time.Now()); err != nil {
		return nil, err
	}
	if s.ClickHouse.DSN != "" {
		r.ClickHouse = ""
	} else if entries, err := os.ReadDir(s.EmbeddedClickHouse().Dir); err == nil && len(entries) > 0 {
		r.ClickHouse = Kept
	}
	return r, nil
}

// exchange puts a directory in the place of another one, and returns where that is now.
func exchange(dir, by string, now time.Time) (aside string, err error) {
	if _, err := os.Stat(dir); err == nil {
		aside = dir + ".before-" + now.UTC().Format("20060102T150405Z")
		if err := os.Rename(dir, aside); err != nil {
			return "", fmt.Errorf("move the older data aside: %w", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for older data: %w", err)
	}
	if err := os.Rename(by, dir); err != nil {
		return aside, fmt.Errorf("put the restored log in place: %w; it is whole in %s", err, by)
	}
	return aside, nil
}

// putBack writes the files of the backup that the data directory lacks. None is replaced.
func putBack(s *configs.Settings, from string, b *backup.Backup) ([]File, error) {
	var files []File
	for i := range b.Files {
		kept := &b.Files[i]
		below := app.BelowDir(s)
		at := slices.IndexFunc(below, func(path string) bool { return filepath.Base(path) == kept.Name })
		if at < 0 {
			files = append(files, File{Name: kept.Name, Path: filepath.Join(from, filepath.FromSlash(kept.File)), Done: LeftThere})
			continue
		}
		f := File{Name: kept.Name, Path: below[at], Done: PutBack}
		text, err := os.ReadFile(filepath.Join(from, filepath.FromSlash(kept.File)))
		if err != nil {
			return nil, fmt.Errorf("restore %s: %w", kept.Name, err)
		}
		err = credentials.Update(f.Path, func(there []byte) ([]byte, error) {
			switch {
			case there == nil:
				return bytes.TrimSuffix(text, []byte("\n")), nil
			case string(there) == string(text):
				f.Done = Same
			default:
				f.Done = Differs
			}
			return nil, nil
		})
		if err != nil {
			return nil, fmt.Errorf("restore %s: %w", kept.Name, err)
		}
		files = append(files, f)
	}
	return files, nil
}
