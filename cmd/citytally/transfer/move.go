package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/backup"
	"github.com/citytally/citytally/ingest/stream"
)

// Move puts the log of one broker into another one whose streams nobody has used, with the places of all
// consumers where both use the same ClickHouse. Nothing may write to the first one meanwhile:
// where something did, the error says so, and what was moved is to be deleted.
func Move(ctx context.Context, from, to *configs.Settings, progress func(backup.Progress), logger zerolog.Logger) (moved *Restored, err error) {
	nc, closeFrom, err := openFrom(ctx, from, logger)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeFrom()) }()
	log, err := stream.Attach(nc, logger)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	if err := os.MkdirAll(from.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("move: %w", err)
	}
	via, err := os.MkdirTemp(from.Dir, "move-")
	if err != nil {
		return nil, fmt.Errorf("move: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(via)) }()
	options := backup.Options{Program: app.Version(), Files: app.BelowDir(from), Progress: progress, Now: time.Now}
	b, err := backup.Take(ctx, js, log, via, options)
	if err != nil {
		return nil, err
	}
	anew := fillers()
	if from.ClickHouse.DSN != "" && from.ClickHouse.DSN == to.ClickHouse.DSN {
		anew = nil
	}
	if to.NATS.URL != "" {
		moved, err = restoreElsewhere(ctx, to, via, b, anew, progress, logger)
	} else {
		moved, err = restoreEmbedded(ctx, to, via, b, anew, progress, logger)
	}
	if err != nil {
		return nil, err
	}
	return moved, checkStill(ctx, js, b)
}

// openFrom connects to the broker that is moved from: the embedded one, which must not run, or
// that of the settings.
func openFrom(ctx context.Context, s *configs.Settings, logger zerolog.Logger) (*nats.Conn, func() error, error) {
	if s.NATS.URL != "" {
		nc, err := connect(s, logger)
		if err != nil {
			return nil, nil, err
		}
		return nc, func() error { nc.Close(); return nil }, nil
	}
	dir := s.EmbeddedNATS().Dir
	if _, err := os.Stat(filepath.Join(dir, "jetstream")); err != nil {
		return nil, nil, app.Usage(fmt.Errorf("there is no log in %s to move; --dir and --config say where it is", dir))
	}
	release, err := app.LockDir(s.Dir)
	if err != nil {
		return nil, nil, app.Usage(err)
	}
	nc, stop, err := app.StartBrokerAlone(ctx, s, dir, logger)
	if err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return nc, func() error { return errors.Join(stop(), release()) }, nil
}

// checkStill returns an error where messages have come to the first broker meanwhile.
func checkStill(ctx context.Context, js jetstream.JetStream, b *backup.Backup) error {
	for i := range b.Streams {
		s, err := js.Stream(ctx, b.Streams[i].Name)
		if err != nil {
			return fmt.Errorf("look at stream %s: %w", b.Streams[i].Name, err)
		}
		if last := s.CachedInfo().State.LastSeq; last != b.Streams[i].Last {
			return fmt.Errorf("%s went on from message %d to %d while it was moved: stop every stage on the first broker, delete what was moved, and move again", b.Streams[i].Name, b.Streams[i].Last, last)
		}
	}
	return nil
}
